/*
 * quarantine: freed blocks wait, filled, before anybody may have them again.
 *
 * First in, first out, but a new one changes places with one of the younger half, drawn by lot,
 * so that the moment of its return cannot be foretold: every block waits at least while half of
 * the bytes go by. Who takes a block out verifies its fill. Blocks are bounded by bytes and by
 * the ring's slots; large ones do not come here.
 */
#ifndef OSMEM_FRONT_QUARANTINE_H
#define OSMEM_FRONT_QUARANTINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/heap/guarded.h"
#include "osmem/heap/heap.h"

struct os_quarantine {
    struct guarded_region ring; /* names of blocks */
    size_t slots, first, count;
    uint64_t random;
};

/* Room for so many bytes of blocks; false where the system refuses it. quarantine_put tries again. */
bool quarantine_open(struct os_quarantine *quarantine, struct os_heap *heap,
                     size_t bytes);

/* A block that was in use waits from now on, filled; false where there is no room for its name,
 * and it still is in use. `bytes`: how many the quarantine is for. */
bool quarantine_put(struct os_quarantine *quarantine, struct os_heap *heap,
                    const struct os_block *place, size_t bytes);

/* The one that has waited longest, if more than so many bytes wait or no slot is left; still a
 * block that waits for the heap, which gets it by heap_give. */
bool quarantine_take(struct os_quarantine *quarantine, const struct os_heap *heap,
                     size_t bytes, struct os_block *place);

#endif
