/* check_testing: a heap with blocks of every kind, for the tests of the checker and the walk. */
#ifndef OSMEM_CHECK_CHECK_TESTING_H
#define OSMEM_CHECK_CHECK_TESTING_H

#include "fuzz/machine/machine.h"
#include "osmem/alloc/heap_state.h"
#include "osmem/check/check.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct os_heap heap;

/* In use and free blocks of every kind: small, with links in tags, in the trie, large. */
static struct os_block small, lone, medium, big, large, other_large;

static inline void open_heap(void) {
    struct os_block barrier;
    ck_assert(machine_open(&machine));
    heap_init(&heap, &machine.kernel);
    heap_take(&heap, 48, GRANULE, &small);
    heap_take(&heap, 16, GRANULE, &barrier);
    heap_take(&heap, 16, GRANULE, &lone);
    heap_take(&heap, 16, GRANULE, &barrier);
    heap_take(&heap, 480, GRANULE, &medium);
    heap_take(&heap, 16, GRANULE, &barrier);
    heap_take(&heap, 4000, GRANULE, &big);
    heap_take(&heap, 16, GRANULE, &barrier);
    heap_take(&heap, 200000, GRANULE, &large);
    heap_take(&heap, 200000, GRANULE, &other_large);
    heap_give(&heap, &small);
    heap_give(&heap, &lone);
    heap_give(&heap, &medium);
    heap_give(&heap, &big);
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
}

static inline tag_byte *tag_of(struct os_block block) {
    return block_tag(&heap.space, block.id);
}

#endif
