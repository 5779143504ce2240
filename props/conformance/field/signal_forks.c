/*
 * A handler forks while the program is inside malloc or free; the child executes
 * something else.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int hits;
static void handler(int number) {
    (void)number;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    while (waitpid(pid, 0, 0) < 0)
        ;
    hits++;
}
int main(void) {
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &a, 0);
    struct itimerval every = {{0, 2000}, {0, 2000}};
    setitimer(ITIMER_REAL, &every, 0);
    void *p[64] = {0};
    for (unsigned long i = 0; hits < 300; i++) {
        free(p[i % 64]);
        p[i % 64] = malloc(16 + i * 37 % 900);
    }
    return 0;
}
