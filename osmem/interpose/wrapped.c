/*
 * A program that counts allocations and frees, as a tracing tool does, under the names of the
 * family that a function is made of; with ALL under every name. Each function of the family must
 * be seen once. With NONE under no name; with an argument a block is freed with another size.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

void cfree(void *block);
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);

static volatile long taken, given; /* volatile: some are declared leaf */

#define NEXT(name)                 \
    static __typeof__(name) *next; \
    if (!next)                     \
    next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#ifndef NONE
void *malloc(size_t size) {
    NEXT(malloc);
    taken++;
    return next(size);
}

void *realloc(void *block, size_t size) {
    NEXT(realloc);
    taken += block == NULL;
    return next(block, size);
}

void *memalign(size_t alignment, size_t size) {
    NEXT(memalign);
    taken++;
    return next(alignment, size);
}

void free(void *block) {
    NEXT(free);
    given += block != NULL;
    next(block);
}
#endif

#ifdef ALL
void *valloc(size_t size) {
    NEXT(valloc);
    taken++;
    return next(size);
}

void *pvalloc(size_t size) {
    NEXT(pvalloc);
    taken++;
    return next(size);
}

void cfree(void *block) {
    NEXT(cfree);
    given++;
    next(block);
}

void free_sized(void *block, size_t size) {
    NEXT(free_sized);
    given++;
    next(block, size);
}

void free_aligned_sized(void *block, size_t alignment, size_t size) {
    NEXT(free_aligned_sized);
    given++;
    next(block, alignment, size);
}
#endif

/* The block was counted when it was taken, and is when it is given to each free in turn. */
static int is_counted(void *block) {
    static long turn;
    if (taken != turn + 1)
        return 0;
    switch (turn++ % 4) {
    case 0:
        free(block);
        break;
    case 1:
        cfree(block);
        break;
    case 2:
        free_sized(block, 100);
        break;
    default:
        free_aligned_sized(block, 16, 100);
    }
    return given == turn;
}

int main(int argc, char **argv) {
    int right = 0;
    (void)argv;
    if (argc > 1)
        free_sized(malloc(100), 1000);
    taken = given = 0;
    for (int i = 0; i < 4; i++) {
        right += is_counted(reallocarray(NULL, 10, 10));
        right += is_counted(valloc(100));
        right += is_counted(malloc(100));
    }
    void *pages = pvalloc(1);
    right += taken == 13;
    free(pages);
    puts(right == 13 ? "osmem" : "another");
    return 0;
}
