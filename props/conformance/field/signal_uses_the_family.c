/*
 * A program with threads; a timer's handler calls every function of the family, with small and large
 * sizes, and takes over blocks that the program has, while the program does the same. Nothing is lost.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
    SLOTS = 64,
    THREADS = 2,
    HITS = 300,
};
static volatile int hits;
static void *slot[SLOTS]; /* a block belongs to who takes it out */

static void fill(void *block, size_t size) {
    if (block)
        memset(block, 7, size);
}

static void work(unsigned n) {
    size_t size = 16 + n * 37 % 900 + (n % 50 == 0 ? 300000 : 0);
    void *old = __atomic_exchange_n(&slot[n % SLOTS], NULL, __ATOMIC_ACQ_REL), *block;
    if (n % 3 == 0)
        block = realloc(old, size);
    else {
        free(old);
        block = n % 3 == 1 ? calloc(1, size) : memalign(64, size);
    }
    fill(block, size);
    if (malloc_usable_size(block) < size)
        abort();
    free(__atomic_exchange_n(&slot[n % SLOTS], block, __ATOMIC_ACQ_REL));
}

static void handler(int number) {
    (void)number;
    int hit = __atomic_fetch_add(&hits, 1, __ATOMIC_RELAXED);
    if (hit >= HITS) { /* where it takes longer than the timer it would go on for ever */
        setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, 0);
        return;
    }
    for (unsigned i = 0; i < 4; i++)
        work((unsigned)hit * 5 + i);
}

static void *run(void *unused) {
    for (unsigned i = 0; hits < HITS; i++)
        work(i);
    return unused;
}

int main(void) {
    if (!getenv("LIB"))
        return 0; /* what the C library makes of it is its own matter */
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval every = {{0, 300}, {0, 300}};
    pthread_t thread[THREADS];
    sigaction(SIGALRM, &action, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], 0, run, 0);
    setitimer(ITIMER_REAL, &every, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], 0);
    return 0;
}
