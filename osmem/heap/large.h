/*
 * large: one mapping for one large block, between two inaccessible pages.
 *
 * Every step can be refused. Before a mapping is made, the registry has room for it and
 * for whatever a refused munmap may leave behind; such a range stays registered as idle
 * and is tried again. Where fences are refused, the block goes without them and is
 * counted.
 */
#ifndef OSMEM_HEAP_LARGE_H
#define OSMEM_HEAP_LARGE_H

#include "osmem/heap/heap.h"

/* A mapping with room for at least `room` bytes, all zero, aligned to a power of two. */
enum os_fault large_take(struct os_heap *heap, size_t room, size_t alignment,
                         struct os_place *place);

void large_give(struct os_heap *heap, const struct os_place *place);

/* Resizes, perhaps to another address; OS_NO_MEMORY leaves the block as it was. */
enum os_fault large_resize(struct os_heap *heap, struct os_place *place, size_t room);

/* Registers the place's slack. */
void large_set_slack(struct os_heap *heap, const struct os_place *place);

/* The entry whose mapping holds an address, or NULL. */
const struct large_entry *large_find(const struct os_heap *heap, const void *address);

/* One of the mappings given back of late held the address. */
bool large_was_freed(const struct os_heap *heap, const void *address);

/* Tries the refused munmaps again; tells whether any range was given back. */
bool large_retry_idle(struct os_heap *heap);

#endif
