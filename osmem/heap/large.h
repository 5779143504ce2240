/*
 * large: one mapping for one block, between two inaccessible pages.
 *
 *     [ inaccessible | lead | block, canary ][ inaccessible ]
 *
 * A block starts at its page, or ends at one, so that who writes past it is stopped at once (but for
 * one that is aligned to more than 16 bytes, or could not be moved when it shrank); then
 * the lead in front of it is clear and stays so (L2), and how much address space lies in front of
 * the mapping's first page is drawn by lot. Every step can be refused. Where fences are refused,
 * the block goes without them and is counted.
 */
#ifndef OSMEM_HEAP_LARGE_H
#define OSMEM_HEAP_LARGE_H

#include "osmem/heap/heap.h"

/* A mapping with room for at least `room` bytes, all zero, aligned to a power of two; `right`: the
 * block ends where its pages do. A room of 0 has an address, and no byte that can be touched. */
enum os_status large_take(struct os_heap *heap, size_t room, size_t alignment, bool right,
                         struct os_block *place);

void large_give(struct os_heap *heap, const struct os_block *place);

/* Resizes, perhaps to another address; OS_NO_MEMORY leaves the block as it was. */
enum os_status large_resize(struct os_heap *heap, struct os_block *place, size_t room);

/* Registers the place's slack. */
void large_set_slack(struct os_heap *heap, const struct os_block *place);

#endif
