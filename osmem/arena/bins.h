/*
 * bins: the free blocks by size, so that the best fit is found in a bounded number of
 * steps.
 *
 * Up to 64 granules there is one list for each size and one bit for each list; above, a
 * trie. The best fit is exact: no free block is smaller than the one chosen and large
 * enough.
 */
#ifndef OSMEM_ARENA_BINS_H
#define OSMEM_ARENA_BINS_H

#include "osmem/arena/state.h"

void bins_init(struct os_arena *arena);

/* Lists a free block. */
void bins_put(struct os_arena *arena, block_id block, size_t granules);

/* Unlists it and clears its links: NO_BLOCK. Where the links are not to be believed the list stays as it
 * is, for repair: the block whose links are bad. */
block_id bins_drop(struct os_arena *arena, block_id block, size_t granules);

/* Whether the links of a free block of a size that has a list are to be believed. */
bool bins_links_hold(const struct os_arena *arena, block_id block, size_t granules);

/* The best fit for `granules`, still listed, or NO_BLOCK. */
block_id bins_best(struct os_arena *arena, size_t granules);

#endif
