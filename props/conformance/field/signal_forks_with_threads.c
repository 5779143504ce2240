/*
 * Threads allocate, small and large; a handler in one of them forks, and the child allocates, frees and
 * goes on with what was interrupted. Neither process may hang or find its heap damaged.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    THREADS = 3,
    FORKS = 60,
};
static volatile int hits, failed;
static int forks; /* one thread at a time */
static __thread int in_child;

static void handler(int number) {
    (void)number;
    if (in_child || failed || hits >= FORKS ||
        __atomic_exchange_n(&forks, 1, __ATOMIC_ACQUIRE))
        return;
    pid_t pid = fork();
    if (pid == 0) {
        in_child = 1;
        for (int i = 1; i < 50; i++)
            free(malloc((size_t)i * 5000));
        return; /* into the interrupted call */
    }
    int status = 1;
    while (waitpid(pid, &status, 0) < 0)
        ;
    if (status)
        failed = status;
    __atomic_fetch_add(&hits, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&forks, 0, __ATOMIC_RELEASE);
}

static void *run(void *unused) {
    void *p[64] = {0};
    for (unsigned i = 0; in_child || (hits < FORKS && !failed); i++) {
        size_t size = 16 + i * 37 % 900 + (i % 8 == 0 ? 200000 : 0);
        free(p[i % 64]);
        p[i % 64] = malloc(size);
        if (!p[i % 64])
            _exit(3);
        memset(p[i % 64], 1, size < 4096 ? size : 4096);
        if (in_child && ++in_child > 100)
            _exit(0); /* the others are not in this process */
    }
    return unused;
}

int main(void) {
    if (!getenv("LIB"))
        return 0; /* what the C library makes of it is its own matter */
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval every = {{0, 3000}, {0, 3000}};
    pthread_t thread[THREADS];
    sigaction(SIGALRM, &action, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], 0, run, 0);
    setitimer(ITIMER_REAL, &every, 0);
    run(0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], 0);
    return failed != 0;
}
