/* Threads, their exits, and forks among them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "props/conformance/probe/probe.h"

enum {
    THREADS_MOST = 40,
};

/* Starts and joins `count` threads; returns how many returned non-NULL. */
static unsigned run_threads(unsigned count, void *(*run)(void *), size_t stack) {
    pthread_t thread[THREADS_MOST];
    pthread_attr_t attributes;
    unsigned wrong = 0;
    pthread_attr_init(&attributes);
    if (stack)
        pthread_attr_setstacksize(&attributes, stack);
    for (uintptr_t i = 0; i < count; i++)
        if (pthread_create(&thread[i], &attributes, run, (void *)i))
            answer("no thread: ");
    for (unsigned i = 0; i < count; i++) {
        void *result;
        pthread_join(thread[i], &result);
        wrong += result != NULL;
    }
    return wrong;
}

/* Allocates, writes and frees blocks; whether one was damaged. */
static bool churn(uint64_t random, unsigned rounds) {
    enum {
        SLOTS = 64
    };
    unsigned char *slot[SLOTS] = {0};
    size_t size[SLOTS];
    bool damaged = false;
    for (unsigned i = 0; i < rounds; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned at = random >> 58;
        if (slot[at])
            damaged |= !all_are(slot[at], (int)at, size[at]);
        if (random >> 30 & 1) {
            free(slot[at]);
            slot[at] = NULL;
            continue;
        }
        size[at] = 1 + (random >> 33) % 500;
        slot[at] = realloc(slot[at], size[at]);
        memset(slot[at], (int)at, size[at]);
    }
    for (unsigned at = 0; at < SLOTS; at++)
        free(slot[at]);
    return damaged;
}

static void *churn_much(void *number) {
    return churn((uintptr_t)number, 100000) ? number + 1 : NULL;
}

static void eight_threads(void) {
    answer("%u saw damage", run_threads(8, churn_much, 0));
}

static void *churn_on_small_stack(void *number) {
    void *large = calloc(1, 3000000);
    large = realloc(large, 6000000);
    void *aligned = aligned_alloc(65536, 100);
    bool damaged = churn((uintptr_t)number, 2000);
    free(large);
    free(aligned);
    return damaged ? number + 1 : NULL;
}

static void stacks_of_16_kib(void) {
    answer("%u saw damage", run_threads(20, churn_on_small_stack, PTHREAD_STACK_MIN));
}

static void *short_life(void *number) {
    free(malloc(100 + (uintptr_t)number));
    hide(malloc(10)); /* leaked */
    return NULL;
}

static void many_short_lives(void) {
    unsigned wrong = 0;
    for (int i = 0; i < 50; i++)
        wrong += run_threads(THREADS_MOST, short_life, 0);
    answer("%u wrong", wrong);
}

/* ---- blocks that another thread frees ---- */

static _Atomic(unsigned char *) handed[64];

static void *exchange_blocks(void *number) {
    bool damaged = false;
    for (uint64_t i = 0, random = (uintptr_t)number + 1; i < 100000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned at = random >> 58;
        size_t size = 2 + (random >> 33) % 100;
        unsigned char *mine = malloc(size);
        mine[0] = (unsigned char)size;
        memset(mine + 1, (int)size, size - 1);
        unsigned char *theirs = atomic_exchange(&handed[at], mine);
        damaged |= theirs && !all_are(theirs, theirs[0], theirs[0]);
        free(theirs);
    }
    return damaged ? number + 1 : NULL;
}

static void freed_by_others(void) {
    answer("%u saw damage", run_threads(4, exchange_blocks, 0));
}

/* ---- forks ---- */

static atomic_bool enough;

static void *churn_until(void *number) {
    while (!enough)
        churn((uintptr_t)number, 1000);
    return NULL;
}

static unsigned fork_often(unsigned times) {
    pthread_t thread[3];
    unsigned wrong = 0;
    for (uintptr_t i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, churn_until, (void *)i);
    for (unsigned i = 0; i < times; i++) {
        int status = 1;
        pid_t child = fork();
        if (child == 0) {
            alarm(10); /* a child that hangs fails */
            bool damaged = churn(i, 100);
            free(malloc(500000));
            _exit(damaged);
        }
        waitpid(child, &status, 0);
        wrong += status != 0;
        if (wrong > 1)
            break;
    }
    enough = true;
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    return wrong;
}

static void a_thousand_forks(void) {
    answer("%u children fail", fork_often(1000));
}

static void allocate(void) {
    free(malloc(1000));
    free(malloc(300000));
}

static void forks_with_handlers(void) {
    pthread_atfork(allocate, allocate, allocate);
    answer("%u children fail", fork_often(50));
}

/* The child starts threads, which allocate too. */
static void threads_after_fork(void) {
    pid_t child = fork();
    int status;
    if (child == 0)
        _exit((int)run_threads(4, churn_much, 0));
    waitpid(child, &status, 0);
    answer("%s", status ? "wrong" : "works");
}

static void spawn(void) {
    extern char **environ;
    char *arguments[] = {"true", NULL};
    int status = 1;
    pid_t child;
    if (posix_spawnp(&child, "true", NULL, NULL, arguments, environ) == 0)
        waitpid(child, &status, 0);
    child = vfork();
    if (child == 0)
        _exit(7);
    int second;
    waitpid(child, &second, 0);
    answer("%d and %d", status, WEXITSTATUS(second));
}

/* ---- thread-local data ---- */

static pthread_key_t keys[4];
static atomic_uint destroyed;

static void destroy(void *block) {
    free(block);
    free(malloc(5000));
    if (atomic_fetch_add(&destroyed, 1) % 2 == 0)
        pthread_setspecific(keys[0],
                            malloc(100)); /* causes another round of destructors */
}

static void *set_specific(void *number) {
    (void)number;
    for (int i = 0; i < 4; i++)
        pthread_setspecific(keys[i], malloc(100));
    return NULL;
}

static void destructors_allocate(void) {
    for (int i = 0; i < 4; i++)
        pthread_key_create(&keys[i], destroy);
    run_threads(20, set_specific, 0);
    answer("%s", destroyed >= 80 ? "all ran" : "some did not run");
}

static pthread_barrier_t opened, all_here;
static int *(*tls_of[2])(void);

static void *touch_tls(void *number) {
    pthread_barrier_wait(&all_here);
    pthread_barrier_wait(&opened);
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 1000; k++)
            if (tls_of[i]()[k] != (k == 0 ? 4711 : 0))
                return number + 1;
    return NULL;
}

static void *open_tls(void *number) {
    if (number)
        return touch_tls(number);
    pthread_barrier_wait(&all_here);
    for (int i = 0; i < 2; i++) {
        void *library =
            dlopen(path_of(i ? "probe_tls_b.so" : "probe_tls_a.so"), RTLD_NOW);
        tls_of[i] = library ? (int *(*)(void))dlsym(library, "probe_tls") : NULL;
        if (!tls_of[i]) {
            answer("%s: ", dlerror());
            _exit(1);
        }
    }
    pthread_barrier_wait(&opened);
    return NULL;
}

static void tls_opened_late(void) {
    pthread_barrier_init(&all_here, NULL, THREADS_MOST);
    pthread_barrier_init(&opened, NULL, THREADS_MOST);
    answer("%u see other values", run_threads(THREADS_MOST, open_tls, 0));
}

const struct question questions_of_threads[] = {
    {.text = "eight threads", .ask = eight_threads},
    {.text = "threads with stacks of 16 KiB", .ask = stacks_of_16_kib},
    {.text = "2000 threads of short life", .ask = many_short_lives},
    {.text = "blocks that another thread frees", .ask = freed_by_others},
    {.text = "1000 forks while others allocate", .ask = a_thousand_forks},
    {.text = "fork handlers that allocate", .ask = forks_with_handlers},
    {.text = "fork handlers from before all constructors",
     .program = "started",
     .argument = "fork"},
    {.text = "threads of a forked child", .ask = threads_after_fork},
    {.text = "posix_spawn and vfork", .ask = spawn},
    {.text = "destructors of thread data that allocate", .ask = destructors_allocate},
    {.text = "libraries with thread data, opened while 40 threads live",
     .ask = tls_opened_late},
    {.text = NULL},
};
