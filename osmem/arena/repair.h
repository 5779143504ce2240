/*
 * repair: a list rebuilt from the tags, where links in user memory were written over.
 *
 * The block whose links are bad goes to the arena's suspects. What was found bad is never read again
 * and believed: the program may still be writing there. The caller has the arena's lock.
 */
#ifndef OSMEM_ARENA_REPAIR_H
#define OSMEM_ARENA_REPAIR_H

#include "osmem/arena/state.h"

/* Looks at the links of all free blocks of a size, which is too small for links among the tags; if some
 * are bad, rebuilds its list. Whether any were. Walks the arena's spans. */
bool repair_list(struct os_arena *arena, size_t granules);

/* The same, which takes a free block out of the list: its links were not to be believed, and `suspect`
 * is the one whose links are bad. */
void repair_without(struct os_arena *arena, block_id block, size_t granules,
                    block_id suspect);

/* Takes what was recorded; false where nothing was, for the cost of one load. */
bool repair_take_suspects(struct os_arena *arena, struct suspects *taken);

#endif
