/*
 * A single-threaded program; a timer's handler allocates and frees while the program
 * does. Not promised by POSIX, but programs do it, and it must not deadlock or lose
 * memory.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
static volatile int hits;
static void handler(int number) {
    (void)number;
    void *p[4];
    for (int i = 0; i < 4; i++) {
        p[i] = malloc(24 + 40 * i);
        memset(p[i], 7, 24 + 40 * i);
    }
    for (int i = 0; i < 4; i++)
        free(p[i]);
    hits++;
}
int main(void) {
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &a, 0);
    struct itimerval every = {{0, 500}, {0, 500}};
    setitimer(ITIMER_REAL, &every, 0);
    void *p[64] = {0};
    for (unsigned long i = 0; hits < 1000; i++) {
        free(p[i % 64]);
        p[i % 64] = malloc(16 + i * 37 % 900);
        if (i % 16 == 0)
            p[i % 64] = realloc(p[i % 64], 2000);
    }
    return 0;
}
