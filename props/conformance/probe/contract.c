/* The contract of C: malloc, calloc, realloc, free and aligned_alloc. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "props/conformance/probe/probe.h"

static void malloc_of_zero(void) {
    void *a = malloc(opaque(0)), *b = malloc(opaque(0));
    answer("%s", a && b && a != b ? "unique" : a ? "the same" : "NULL");
    free(a);
    free(b);
}

static void calloc_of_zero(void) {
    void *a = calloc(opaque(0), 8), *b = calloc(8, opaque(0));
    answer("%s", a && b && a != b ? "unique" : a ? "the same" : "NULL");
}

static void free_of_null(void) {
    errno_mark();
    free(hide(NULL));
    answer("nothing, errno %s", error_name(errno));
}

static void realloc_of_null(void) {
    char *p = realloc(hide(NULL), 100);
    memset(p, 1, 100);
    answer_block(p);
    free(p);
}

static void realloc_to_zero(void) {
    void *p = hide(malloc(100));
    errno_mark();
    p = realloc(p, opaque(0));
    answer_block(p);
}

static void malloc_of_most(void) {
    errno = 0;
    answer_block(malloc(opaque(PTRDIFF_MAX)));
}

static void malloc_of_more(void) {
    errno = 0;
    answer_block(malloc(opaque((size_t)PTRDIFF_MAX + 1)));
}

static void malloc_of_all(void) {
    errno = 0;
    answer_block(malloc(opaque(SIZE_MAX)));
}

static void calloc_of_all(void) {
    errno = 0;
    answer_block(calloc(opaque(SIZE_MAX), 2));
}

/* 2^32 * (2^32 + 1) is 2^32 where it wraps. */
static void calloc_that_wraps(void) {
    errno = 0;
    answer_block(calloc(opaque((size_t)1 << 32), ((size_t)1 << 32) + 1));
}

static void calloc_that_wraps_to_zero(void) {
    errno = 0;
    answer_block(calloc(opaque((size_t)1 << 33), (size_t)1 << 31));
}

static void calloc_of_used_memory(void) {
    bool zero = true;
    for (size_t size = 1; size < 200000; size += size / 3 + 1) {
        char *p = malloc(size);
        memset(p, 0xa5, size);
        free(hide(p));
        char *q = calloc(1, size);
        zero = zero && all_are(q, 0, size);
        free(q);
    }
    answer("%s", zero ? "zero" : "not zero");
}

static void realloc_that_is_refused(size_t size) {
    char *p = malloc(1000);
    memset(p, 7, 1000);
    errno = 0;
    void *q = realloc(hide(p), opaque(size));
    answer_block(q);
    answer(", the block is %s", all_are(p, 7, 1000) ? "as it was" : "damaged");
    free(p);
}

static void realloc_to_all(void) {
    realloc_that_is_refused(SIZE_MAX);
}

static void realloc_to_more(void) {
    realloc_that_is_refused((size_t)PTRDIFF_MAX + 1);
}

static void realloc_keeps(void) {
    size_t size = 1;
    unsigned char *p = malloc(size);
    bool kept = true;
    p[0] = 1;
    for (unsigned i = 0; i < 300; i++) {
        size_t next = 1 + size * 7919 % 500009, least = next < size ? next : size;
        p = realloc(p, next);
        kept = kept && all_are(p, 1 + (int)i % 255, least);
        memset(p, 1 + (int)(i + 1) % 255, next);
        size = next;
    }
    answer("%s", kept ? "kept" : "lost");
}

static void free_errno(size_t size) {
    void *p = malloc(size);
    errno_mark();
    free(hide(p));
    answer("errno %s", error_name(errno));
}

static void free_errno_small(void) {
    free_errno(100);
}

static void free_errno_mapped(void) {
    free_errno(10000000);
}

static void alignment_of_malloc(void) {
    unsigned wrong = 0;
    for (size_t size = 0; size <= 5000; size++)
        wrong += is_misaligned(malloc(size), 16);
    answer("%u of 5001 are not at a multiple of 16", wrong);
}

static void alignment_of_one_byte(void) {
    answer("%s", is_misaligned(malloc(1), 16) ? "less than 16" : "16");
}

static void alignment_of_realloc(void) {
    unsigned wrong = 0;
    void *p = NULL;
    for (size_t size = 1; size <= 300000; size += size / 50 + 1) {
        p = realloc(p, size);
        wrong += is_misaligned(p, 16);
    }
    answer("%u are not at a multiple of 16", wrong);
}

static void aligned_alloc_of_powers(void) {
    unsigned wrong = 0;
    for (size_t alignment = 1; alignment <= (size_t)1 << 22; alignment *= 2) {
        char *p = aligned_alloc(alignment, 100);
        wrong += is_misaligned(p, alignment);
        memset(p, 1, 100);
        free(p);
    }
    answer("%u wrong", wrong);
}

static void aligned_alloc_odd(size_t alignment, size_t size) {
    errno = 0;
    answer_block(aligned_alloc(opaque(alignment), size));
}

static void aligned_alloc_of_three(void) {
    aligned_alloc_odd(3, 99);
}

static void aligned_alloc_of_nothing(void) {
    aligned_alloc_odd(0, 100);
}

static void aligned_alloc_at_most(void) {
    errno = 0;
    void *p = aligned_alloc(opaque((size_t)1 << 63), 1);
    answer("%s", p ? "a block" : errno ? "NULL and errno" : "NULL without errno");
}

static void aligned_alloc_of_all(void) {
    aligned_alloc_odd(4096, opaque(SIZE_MAX));
}

static void every_byte_is_mine(void) {
    enum {
        BLOCKS = 3000
    };
    static unsigned char *block[BLOCKS];
    static size_t size[BLOCKS];
    bool sound = true;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            size[i] = i * 7919 % 4001;
            block[i] = malloc(size[i]);
            memset(block[i], (int)i % 251, size[i]);
        }
        for (size_t i = 0; i < BLOCKS; i++) {
            sound = sound && all_are(block[i], (int)i % 251, size[i]);
            free(block[i]);
        }
    }
    answer("%s", sound ? "yes" : "no");
}

static void large_blocks_are_zero_again(void) {
    bool zero = true;
    for (int i = 0; i < 5; i++) {
        char *p = calloc(1, 3000000);
        zero = zero && all_are(p, 0, 3000000);
        memset(p, 0xff, 3000000);
        free(hide(p));
    }
    answer("%s", zero ? "yes" : "no");
}

const struct question questions_of_c[] = {
    {.text = "malloc(0)", .ask = malloc_of_zero},
    {.text = "calloc(0, 8) and calloc(8, 0)", .ask = calloc_of_zero},
    {.text = "free(NULL)", .ask = free_of_null},
    {.text = "realloc(NULL, 100)", .ask = realloc_of_null},
    {.text = "realloc(p, 0)", .ask = realloc_to_zero},
    {.text = "malloc(PTRDIFF_MAX)", .ask = malloc_of_most},
    {.text = "malloc(PTRDIFF_MAX + 1)", .ask = malloc_of_more},
    {.text = "malloc(SIZE_MAX)", .ask = malloc_of_all},
    {.text = "calloc(SIZE_MAX, 2)", .ask = calloc_of_all},
    {.text = "calloc(2^32, 2^32 + 1)", .ask = calloc_that_wraps},
    {.text = "calloc(2^33, 2^31)", .ask = calloc_that_wraps_to_zero},
    {.text = "calloc of memory that was used", .ask = calloc_of_used_memory},
    {.text = "calloc of mappings that were used", .ask = large_blocks_are_zero_again},
    {.text = "realloc(p, SIZE_MAX)", .ask = realloc_to_all},
    {.text = "realloc(p, PTRDIFF_MAX + 1)", .ask = realloc_to_more},
    {.text = "realloc 300 times keeps the bytes", .ask = realloc_keeps},
    {.text = "free of a small block", .ask = free_errno_small},
    {.text = "free of a mapping", .ask = free_errno_mapped},
    {.text = "alignment of malloc(0) to malloc(5000)", .ask = alignment_of_malloc},
    {.text = "alignment of malloc(1)", .ask = alignment_of_one_byte},
    {.text = "alignment of realloc", .ask = alignment_of_realloc},
    {.text = "aligned_alloc from 1 to 4 MiB", .ask = aligned_alloc_of_powers},
    {.text = "aligned_alloc(3, 99)", .ask = aligned_alloc_of_three},
    {.text = "aligned_alloc(0, 100)", .ask = aligned_alloc_of_nothing},
    {.text = "aligned_alloc(2^63, 1)", .ask = aligned_alloc_at_most},
    {.text = "aligned_alloc(4096, SIZE_MAX)", .ask = aligned_alloc_of_all},
    {.text = "every byte of 3000 blocks is the program's", .ask = every_byte_is_mine},
    {.text = NULL},
};
