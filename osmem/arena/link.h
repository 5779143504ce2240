/*
 * link: the links of a free block, wherever its size lets them stand.
 *
 * Blocks of 13 granules and more have them among their tags, out of a user's reach.
 * Smaller ones have next and previous in their first 16 bytes of user memory, as an
 * arithmetic (AN) code sealed with the arena's key, so that a word that was written over is
 * recognised. The seal of a block is always the same, so that a word that was read once can be written
 * back, or forged. What a link names is believed only when it is free, of the same size, and points
 * back, and the head of a list is what the arena says: so no link, however it came there, makes
 * us hand out memory that is not free.
 */
#ifndef OSMEM_ARENA_LINK_H
#define OSMEM_ARENA_LINK_H

#include "osmem/arena/state.h"

/* False where the link in user memory was overwritten: certain for up to two bytes, else but for one
 * chance in 2^28. */
bool link_get(const struct os_arena *arena, block_id block, size_t granules,
              enum tags_link link, block_id *out);
void link_set(struct os_arena *arena, block_id block, size_t granules,
              enum tags_link link, block_id value);

/* Zeroes the links that stand in user memory. */
void link_clear(struct os_arena *arena, block_id block, size_t granules);

/* The one behind a block in its list, if there is one that is free and of this size. */
bool link_follow(const struct os_arena *arena, block_id block, size_t granules,
                 block_id *next);

/*
 * Both neighbours in the list that `head` starts; false if they are not to be believed:
 * not free, not of this size, or not pointing back; or if only one of the block and the arena has it
 * for the first. Then *suspect is the block whose links are bad.
 */
bool link_neighbours(const struct os_arena *arena, block_id block, size_t granules,
                     block_id head, block_id *next, block_id *previous,
                     block_id *suspect);

#endif
