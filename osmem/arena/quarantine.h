/*
 * quarantine: freed blocks stay out of use, filled, for a while.
 *
 * First in, first out, but a new one changes places with one of the younger half, at random, so that
 * the moment of its return cannot be predicted: every block stays at least while half of the bytes go
 * by. The caller fills a block before, and verifies its fill after. Blocks are bounded by bytes and by
 * the ring's slots; large ones do not come here. The caller has the arena's lock.
 */
#ifndef OSMEM_ARENA_QUARANTINE_H
#define OSMEM_ARENA_QUARANTINE_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/space/block_id.h"

struct os_arena;

/* Reserves memory for so many bytes of blocks; false where the system refuses it, and quarantine_put
 * tries again. */
bool quarantine_open(struct os_arena *arena, size_t bytes);

/* A busy block is quarantined from now on; false where there is no slot for it, and it still is busy.
 * `bytes`: how many the quarantine is for. */
bool quarantine_put(struct os_arena *arena, block_id id, size_t bytes);

/* Takes the one out that was there longest, if there are more than so many bytes or no slot is left;
 * NO_BLOCK: there is no need. It is busy then: its fill goes before it is free. */
block_id quarantine_take(struct os_arena *arena, size_t bytes, size_t *granules);

#endif
