/*
 * beside: which block an address is beside, where a fence stopped somebody.
 */
#ifndef OSMEM_HEAP_BESIDE_H
#define OSMEM_HEAP_BESIDE_H

#include "osmem/heap/heap.h"

/* How an address lies to a block beside it: one with a mapping of its own, whose fences stop who
 * goes there, or the last one of a span, behind which there may be nothing. */
enum beside {
    BESIDE_NONE,
    BESIDE_IN_FRONT,
    BESIDE_BEHIND, /* of the bytes asked for */
    BESIDE_FREED, /* in the block, which is gone; `place` is without an address if it is forgotten */
};
enum beside beside_block(const struct os_heap *heap, const void *address,
                         struct os_block *place);

#endif
