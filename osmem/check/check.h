/*
 * check: every invariant of a heap, by its number; the first breach wins.
 *
 * Reads, and never writes. The caller holds the heap by heap_lock: then blocks in use and busy ones
 * change their state only. A busy one is in use, but its bytes are its owner's.
 */
#ifndef OSMEM_CHECK_CHECK_H
#define OSMEM_CHECK_CHECK_H

#include "osmem/alloc/heap.h"

enum os_invariant {
    INVARIANT_NONE,
#define INVARIANT(number, rule) INVARIANT_##number,
#include "osmem/check/invariant.def"
#undef INVARIANT
    INVARIANT_COUNT
};

enum check_depth {
    CHECK_QUICK, /* a bounded number of tags for each block, no user memory but links and
                  * canaries */
    CHECK_FULL,  /* every tag of every block, Q1, Z1 and Z2 */
};

/* Where a heap is broken, and by which rule;
 * `invariant` is INVARIANT_NONE if it is sound. */
struct check_breach {
    enum os_invariant invariant;
    const void *where; /* the block, or NULL where it is about none */
};

struct check_breach check_heap(const struct os_heap *heap, enum check_depth depth);

const char *check_name(enum os_invariant invariant);
const char *check_rule(enum os_invariant invariant);

/* H1, a module of its own: `free_blocks` is how many there are by their tags. */
struct check_breach check_bins(const struct os_heap *heap, size_t free_blocks);

#endif
