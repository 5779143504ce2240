/*
 * carve: split one block in two, join two in one.
 *
 * The only room that changes extents, and so the one that keeps the counters (H2). Every
 * verb leaves the bins right: what is free is listed, what is not is not. In the
 * drawings, [ ] is in use and ( ) free.
 */
#ifndef OSMEM_HEAP_CARVE_H
#define OSMEM_HEAP_CARVE_H

#include "osmem/heap/state.h"

/* The extent of a block; the caller knows that one starts there. */
struct tags_extent carve_extent(const struct os_heap *heap, block_id block);

/* ( block ) => [ granules ]( rest ); whether the bytes are known to be zero. */
bool carve_take(struct os_heap *heap, block_id block, size_t granules);

/* ( left )[ block ]( right ) => ( all of them ) */
void carve_give(struct os_heap *heap, block_id block);

/* [ block ] => a block that waits, of the same extent; carve_give frees it. */
void carve_hold(struct os_heap *heap, block_id block);

/* [ block ] => [ granules ]( rest joined with a free right neighbour ) */
void carve_shrink(struct os_heap *heap, block_id block, size_t granules);

/* [ block ]( right ) => [ granules ]( rest ); the two together have at least `granules`.
 */
void carve_grow(struct os_heap *heap, block_id block, size_t granules);

/* [ block ] => [ lead ][ rest ]: the second one starts `lead` granules further. */
void carve_cut(struct os_heap *heap, block_id block, size_t lead);

/* Granules that no block covers yet become a free block, joined with its neighbours. */
void carve_add(struct os_heap *heap, block_id block, size_t granules, bool zero);

/* ( block ) => ( granules ) and uncovered granules behind it; 0: nothing is left of it.
 */
void carve_cover_less(struct os_heap *heap, block_id block, size_t granules);

/* Granules that no block covers yet are somebody else's. */
void carve_add_not_ours(struct os_heap *heap, block_id block, size_t granules);

/* Marks a free block as known to be zero: its pages were given back to the kernel. */
void carve_mark_zero(struct os_heap *heap, block_id block);

#endif
