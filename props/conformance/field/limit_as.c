/*
 * ulimit -v 60 MB above what the process has: 40 MB in 64 KB pieces must be had, and
 * with 30 MB more limit at least 20 MB more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
    if (argc == 2) {
        size_t got = 0;
        while (got < ((size_t)atoi(argv[1]) << 20)) {
            char *p = malloc(65536);
            if (!p)
                return 1;
            memset(p, 1, 65536);
            got += 65536;
        }
        return 0;
    }
    if (argc ==
        1) { /* plain usage without the allocator's reservations: measured with the C library */
        const char *limits[][2] = {
            {"64", "40"}, {"96", "64"}, {"160", "120"}, {"400", "330"}};
        for (int i = 0; i < 4; i++) {
            pid_t pid = fork();
            if (pid == 0) {
                struct rlimit r = {(size_t)(atoi(limits[i][0]) + 8) << 20,
                                   (size_t)(atoi(limits[i][0]) + 8) << 20};
                setrlimit(RLIMIT_AS, &r);
                execl("/proc/self/exe", "limit_as", limits[i][1], (char *)0);
                _exit(9);
            }
            int status;
            waitpid(pid, &status, 0);
            if (status) {
                printf("with %s MB of address space %s MB cannot be had: %d\n",
                       limits[i][0], limits[i][1], status);
                return 1;
            }
        }
    }
    return 0;
}
