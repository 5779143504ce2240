/*
 * pairs: frees a block and allocates another, PAIRS times, among LIVE live blocks.
 *
 *     pairs ALLOCATOR LIVE PAIRS    ALLOCATOR is osmem, classic, libc or none (only the
 *                                  loop)
 *
 * Prints the nanoseconds of CPU time of the pairs. Sizes are distributed as in real
 * programs: half of all requests from a handful of small sizes, few above 1 KiB. The same
 * arguments give the same requests, so that instructions can be counted as a difference
 * of two runs.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "osmem/base/random.h"
#include "osmem/classic/classic.h"
#include "osmem/osmem.h"

struct allocator {
    const char *name;
    void *(*allocate)(size_t size);
    void (*release)(void *block);
};

static void *allocate_nothing(size_t size) {
    return (void *)(uintptr_t)size;
}

static void release_nothing(void *block) {
    (void)block;
}

static struct classic textbook;

static void *allocate_classic(size_t size) {
    static struct os_kernel kernel;
    if (!textbook.kernel) {
        sys_real_kernel(&kernel);
        classic_init(&textbook, &kernel, false);
    }
    return classic_malloc(&textbook, size);
}

static void release_classic(void *block) {
    classic_free(&textbook, block);
}

static const struct allocator allocators[] = {
    {"osmem", os_malloc, os_free},
    {"classic", allocate_classic, release_classic},
    {"libc", malloc, free},
    {"none", allocate_nothing, release_nothing},
};

static struct random random_state = {1};

static size_t next_size(void) {
    static const uint16_t frequent[] = {16, 24, 32, 48, 64, 32, 56, 72};
    uint64_t random = random_next(&random_state);
    uint64_t kind = random & 63;
    size_t fine = random >> 6;
    if (kind < 32)
        return frequent[kind & 7];
    if (kind < 56)
        return 8 + fine % 120;
    return kind < 63 ? 128 + fine % 896 : 1024 + fine % 7168;
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int usage(void) {
    fputs("usage: pairs osmem|classic|libc|none LIVE PAIRS\n", stderr);
    return 2;
}

int main(int argc, char **argv) {
    const struct allocator *allocator = NULL;
    if (argc != 4)
        return usage();
    for (size_t i = 0; i < sizeof allocators / sizeof allocators[0]; i++)
        if (strcmp(argv[1], allocators[i].name) == 0)
            allocator = &allocators[i];
    size_t live = strtoul(argv[2], NULL, 10), pairs = strtoul(argv[3], NULL, 10);
    if (!allocator || live == 0 || live > 100000000)
        return usage();
    void **slot = calloc(live, sizeof *slot);
    if (!slot)
        return 1;
    for (size_t i = 0; i < live; i++)
        slot[i] = allocator->allocate(next_size());
    /* A warm-up of as many pairs as there are blocks fragments the heap. */
    for (size_t i = 0; i < live + pairs; i++) {
        static uint64_t start;
        if (i == live)
            start = now();
        size_t at = random_below(&random_state, live);
        allocator->release(slot[at]);
        slot[at] = allocator->allocate(next_size());
        if (i + 1 == live + pairs)
            printf("%llu\n", (unsigned long long)(now() - start));
    }
    return 0;
}
