/* Under limits, and when memory runs out. */
#define _GNU_SOURCE /* sbrk */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "props/conformance/probe/probe.h"

static void limit(int resource, size_t mebibytes) {
    struct rlimit limits = {(rlim_t)mebibytes << 20, (rlim_t)mebibytes << 20};
    setrlimit(resource, &limits);
}

static void start_under_address_space(void) {
    limit(RLIMIT_AS, 256);
    exec_program("started", "little");
}

static void start_under_data(void) {
    limit(RLIMIT_DATA, 16);
    exec_program("started", "little");
}

/* A list through the blocks themselves: nothing else is allocated. */
static void *take_all(size_t size, size_t *taken) {
    void **list = NULL;
    *taken = 0;
    errno = 0;
    for (void **block; (block = malloc(size)); ++*taken) {
        *block = list;
        list = block;
    }
    return list;
}

static void give_all(void *list) {
    while (list) {
        void *next = *(void **)list;
        free(list);
        list = next;
    }
}

/* Allocates all memory twice: the second time there must be about as much. */
static void exhaust(size_t size) {
    size_t first, second;
    void *list = take_all(size, &first);
    int error = errno;
    give_all(list);
    malloc_trim(0);
    give_all(take_all(size, &second));
    answer("errno %s, then %s", error_name(error),
           second >= first / 10 * 9 ? "all of it again" : "less");
}

static void run_out_of_small(void) {
    limit(RLIMIT_AS, 256);
    exhaust(1000);
}

static void run_out_of_large(void) {
    limit(RLIMIT_AS, 512);
    exhaust(1000000);
}

static void run_out_of_data(void) {
    limit(RLIMIT_DATA, 64);
    exhaust(5000);
}

static void address_space_limited_later(void) {
    give_all(malloc(10) ? calloc(1, 10000000) : NULL);
    limit(RLIMIT_AS, 512);
    char *p = malloc(100000);
    errno = 0;
    void *q = malloc((size_t)1 << 30);
    answer_block(q);
    answer(", %s", p ? "small ones go on" : "small ones too");
}

static void nothing_is_left(void) {
    size_t taken;
    limit(RLIMIT_AS, 256);
    char *p = malloc(1000);
    memset(p, 5, 1000);
    void *small = take_all(100000, &taken);
    void *smaller = take_all(1000, &taken);
    void *smallest = take_all(8, &taken), *aligned = &taken;
    errno = 0;
    answer("calloc ");
    answer_block(calloc(1000, 1000));
    errno = 0;
    answer(", realloc ");
    answer_block(realloc(hide(p), 1000000));
    answer(" and the block %s", all_are(p, 5, 1000) ? "as it was" : "damaged");
    answer(", posix_memalign %s", error_name(posix_memalign(&aligned, 4096, 1000000)));
    answer(", usable %s", malloc_usable_size(p) >= 1000 ? "kept" : "lost");
    free(hide(p));
    give_all(small);
    give_all(smaller);
    give_all(smallest);
    p = malloc(1000000);
    answer(", then %s", p ? "a block" : "NULL");
}

/* Resident bytes of this process. */
static size_t resident(void) {
    char text[128] = "";
    size_t pages = 0;
    int statm = open("/proc/self/statm", O_RDONLY);
    if (statm < 0 || read(statm, text, sizeof text - 1) <= 0 ||
        sscanf(text, "%*u %zu", &pages) != 1)
        answer("no /proc/self/statm: ");
    close(statm);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void calloc_touches_nothing(void) {
    size_t before = resident();
    char *p = calloc(1, (size_t)256 << 20);
    size_t after = resident();
    answer("%s, %s", after - before < (size_t)16 << 20 ? "nothing" : "16 MiB or more",
           all_are(p, 0, 1 << 20) ? "zero" : "not zero");
}

static void callocs_touch_nothing(void) {
    size_t before = resident();
    for (int i = 0; i < 1000; i++)
        hide(calloc(1, 200000));
    answer("%s", resident() - before < (size_t)20 << 20 ? "little" : "20 MiB or more");
}

/* Memory that the program gets by sbrk is untouched by malloc, which grows in between. */
static void own_sbrk(void) {
    enum {
        STEPS = 50
    };
    static char *mine[STEPS];
    static char *theirs[STEPS];
    unsigned wrong = 0;
    for (int i = 0; i < STEPS; i++) {
        mine[i] = sbrk(1000 + i);
        memset(mine[i], 0x11, 1000);
        theirs[i] = malloc(60000);
        memset(theirs[i], 0x22, 60000);
    }
    for (int i = 0; i < STEPS; i++) {
        wrong += !all_are(mine[i], 0x11, 1000) + !all_are(theirs[i], 0x22, 60000);
        free(theirs[i]);
    }
    for (int i = 0; i < STEPS; i++)
        wrong += !all_are(mine[i], 0x11, 1000);
    answer("%u are damaged", wrong);
}

const struct question questions_of_limits[] = {
    {.text = "starting under ulimit -v 256M", .ask = start_under_address_space},
    {.text = "starting under RLIMIT_DATA of 16M", .ask = start_under_data},
    {.text = "running out of address space by small blocks, and again",
     .ask = run_out_of_small},
    {.text = "running out of address space by large blocks, and again",
     .ask = run_out_of_large},
    {.text = "running out of RLIMIT_DATA, and again", .ask = run_out_of_data},
    {.text = "RLIMIT_AS set later", .ask = address_space_limited_later},
    {.text = "when nothing is left", .ask = nothing_is_left},
    {.text = "calloc of 256 MiB touches", .ask = calloc_touches_nothing},
    {.text = "1000 callocs of 200 KB touch", .ask = callocs_touch_nothing},
    {.text = "a program's own sbrk between growths", .ask = own_sbrk},
    {.text = NULL},
};
