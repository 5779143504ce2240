/*
 * arena: blocks in spans. Takes, gives and resizes them.
 *
 * Speaks block_ids and granules; a block that it hands out is busy. Finds the best fit among the free
 * blocks it has, and answers NO_BLOCK where it must grow first (arena/grow.h). The caller has the
 * arena's lock.
 */
#ifndef OSMEM_ARENA_ARENA_H
#define OSMEM_ARENA_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/arena/suspects.h"
#include "osmem/base/status.h"
#include "osmem/space/space.h"

struct os_arena;

/* Four words of `random` key the seals and canaries. */
void arena_init(struct os_arena *arena, struct os_space *space, const uint64_t random[4]);

/* A busy block of so many granules at a multiple of `alignment`, or NO_BLOCK. */
block_id arena_take(struct os_arena *arena, size_t granules, size_t alignment,
                    bool *zero);

/* How many granules a free block must have for that to be found in any; 0: too many. */
size_t arena_loose(size_t granules, size_t alignment);

/* Frees a block that is busy or quarantined; `zero`: its bytes are known to be zero. */
void arena_give(struct os_arena *arena, block_id id, bool zero);

/* Gives a busy block another size where it stands; false where what follows is not free or too small.
 * It has no slack then. `zero`: what it grew by is known to be zero. */
bool arena_resize(struct os_arena *arena, block_id id, size_t granules, bool *zero);

/* The block, and what is free behind it, end their span. */
bool arena_ends_span(const struct os_arena *arena, block_id id);

/* The next free block, at or above *from in the order of spans and granules, whose pages are worth
 * giving back, made busy; NO_BLOCK: there is none. *from moves on behind it. */
block_id arena_take_to_discard(struct os_arena *arena, block_id *from);

/* What is wrong with an address in a span, and the block that it points into, if any. OS_OK: a block
 * in use starts there. */
enum os_status arena_classify(const struct os_arena *arena, unsigned span,
                              const void *address, struct os_block *block);

/* The blocks right beside one; false: none. */
bool arena_left(const struct os_arena *arena, block_id id, block_id *left);
bool arena_right(const struct os_arena *arena, block_id id, block_id *right);

#endif
