/*
 * OSMEM_OPTIONS of more than a kilobyte is honoured, or the program hears of it; it is
 * never dropped in silence.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
    (void)argv;
    if (!getenv("OSMEM_OPTIONS"))
        return 0;
    if (argc > 1) {
        char *p = malloc(24);
        p[24] = 1;
        free(p);
        return 0;
    }
    char options[4096] = "tier=light";
    while (strlen(options) < 2000)
        strcat(options, ":tier=light");
    strcat(options, ":tier=full");
    setenv("OSMEM_OPTIONS", options, 1);
    int out[2];
    pipe(out);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], 2);
        close(out[0]);
        close(out[1]);
        execl("/proc/self/exe", "long_options", "x", (char *)0);
        _exit(9);
    }
    close(out[1]);
    char text[4096];
    size_t n = 0;
    for (ssize_t k;
         n < sizeof text - 1 && (k = read(out[0], text + n, sizeof text - 1 - n)) > 0;)
        n += (size_t)k;
    int status;
    waitpid(pid, &status, 0);
    return !(
        n > 0 ||
        WIFSIGNALED(status)); /* a report of the overflow, or a line about the options */
}
