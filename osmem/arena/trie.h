/*
 * trie: the free blocks of 65 granules and more, by size.
 *
 * A bitwise trie for each power of two: a node at depth d decides on the d-th bit below
 * the leading one, so that a block is found, put or taken in at most 30 steps however
 * many there are. A node is a free block and may have any size that its path allows;
 * blocks of one size hang in a list behind the one that is the node. All links are tags.
 *
 * Called by bins only.
 */
#ifndef OSMEM_ARENA_TRIE_H
#define OSMEM_ARENA_TRIE_H

#include "osmem/arena/state.h"

void trie_put(struct os_arena *arena, block_id block, size_t granules);
void trie_drop(struct os_arena *arena, block_id block, size_t granules);

/* A block of the smallest size that is at least `granules`, or NO_BLOCK. */
block_id trie_best(const struct os_arena *arena, size_t granules);

#endif
