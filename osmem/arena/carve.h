/*
 * carve: split one block in two, join two in one.
 *
 * The only module that changes extents, and so the one that keeps the counters (H2). Every function
 * leaves the bins right: what is free is listed, what is not is not. In the drawings, [ ] is busy,
 * its caller's, and ( ) free. The caller has the arena's lock.
 */
#ifndef OSMEM_ARENA_CARVE_H
#define OSMEM_ARENA_CARVE_H

#include "osmem/arena/state.h"

/* The extent of a block; the caller knows that one starts there. */
struct tags_extent carve_extent(const struct os_arena *arena, block_id block);

/* ( block ) => [ granules ]( rest ); whether the bytes are known to be zero. */
bool carve_take(struct os_arena *arena, block_id block, size_t granules);

/* ( left )[ block ]( right ) => ( all of them ); `zero`: the block's bytes are known to be zero. */
void carve_give(struct os_arena *arena, block_id block, bool zero);

/* [ block ] => a quarantined block of the same extent, of so many granules, and back. */
size_t carve_quarantine(struct os_arena *arena, block_id block);
void carve_take_quarantined(struct os_arena *arena, block_id block, size_t granules);

/* [ block ] => [ granules ]( rest joined with a free right neighbour ) */
void carve_shrink(struct os_arena *arena, block_id block, size_t granules);

/* [ block ]( right ) => [ granules ]( rest ); the two together have at least `granules`. Whether what it
 * grew by is known to be zero. */
bool carve_grow(struct os_arena *arena, block_id block, size_t granules);

/* [ block ] => [ granules ][ rest ] */
void carve_cut(struct os_arena *arena, block_id block, size_t granules);

/* Granules that no block covers yet become a free block, joined with its neighbours. */
void carve_add(struct os_arena *arena, block_id block, size_t granules, bool zero);

/* ( block ) => ( granules ) and uncovered granules behind it; 0: nothing is left of it. */
void carve_cover_less(struct os_arena *arena, block_id block, size_t granules);

/* Granules that no block covers yet are another user's of sbrk. */
void carve_add_not_ours(struct os_arena *arena, block_id block, size_t granules);

#endif
