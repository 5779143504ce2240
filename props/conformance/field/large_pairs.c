/*
 * Pairs of malloc and free of large blocks of which two pages are touched. What is freed serves the
 * next request: no pair costs a mapping, and no pages anew. Each would be a page fault.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    PAIRS = 3000,
};

static long faults(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

static int check(size_t size) {
    long before = faults();
    for (int i = 0; i < PAIRS; i++) {
        char *block = malloc(size);
        block[0] = block[size / 2] = 1;
        free(block);
    }
    long cost = faults() - before;
    if (cost > PAIRS / 3)
        printf("%zu KB: %ld page faults in %d pairs\n", size >> 10, cost, PAIRS);
    return cost > PAIRS / 3;
}

/* Sizes that come in turn are no different. */
static int check_mixed(void) {
    static const size_t size[] = {200000, 1000000, 300000, 150000, 4000000};
    long before = faults();
    for (int i = 0; i < PAIRS; i++) {
        char *a = malloc(size[i % 5]), *b = malloc(size[(i + 2) % 5]);
        a[0] = b[100000] = 1;
        free(i % 2 ? a : b);
        free(i % 2 ? b : a);
    }
    long cost = faults() - before;
    if (cost > PAIRS)
        printf("mixed: %ld page faults in %d pairs\n", cost, 2 * PAIRS);
    return cost > PAIRS;
}

/* A calloc is all zero, whatever the block before it had; with one fault for what is touched again. */
static int check_zero(void) {
    for (size_t i = 0; i < 300; i++) {
        unsigned char *block = calloc(1, 300000);
        if (block[0] || memcmp(block, block + 1, 299999) != 0) {
            printf("calloc: not zero\n");
            return 1;
        }
        memset(block + i * 997, 0xff, 1000);
        free(block);
    }
    return 0;
}

int main(void) {
    static const size_t size[] = {200 << 10, 1 << 20, 4 << 20};
    int bad = 0;
    for (int i = 0; i < 3; i++)
        bad |= check(size[i]);
    return bad | check_mixed() | check_zero();
}
