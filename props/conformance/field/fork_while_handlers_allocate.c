/*
 * A thread forks while timers' handlers interrupt the calls of other threads and allocate. The fork waits
 * for what these threads hold, and they for nothing that it has: neither may hang.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    THREADS = 3,
    FORKS = 300,
};
static volatile int stop;

static void handler(int number) {
    (void)number;
    free(malloc(100));
}

static void *run(void *unused) {
    for (unsigned i = 0; !stop; i++)
        free(malloc(16 + i * 37 % 900));
    return unused;
}

int main(void) {
    if (!getenv("LIB"))
        return 0; /* what the C library makes of it is its own matter */
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval every = {{0, 500}, {0, 500}}, none = {{0, 0}, {0, 0}};
    sigset_t timer;
    pthread_t thread[THREADS];
    sigaction(SIGALRM, &action, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], 0, run, 0);
    sigemptyset(&timer);
    sigaddset(&timer, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &timer, 0); /* the others get it */
    setitimer(ITIMER_REAL, &every, 0);
    for (int i = 0; i < FORKS; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            free(malloc(1000));
            _exit(0);
        }
        if (waitpid(pid, &status, 0) < 0 || status)
            return 1;
    }
    setitimer(ITIMER_REAL, &none, 0);
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], 0);
    return 0;
}
