/*
 * registry: every mapping of a large block, in address order, from its making to its end.
 *
 * An entry is live; or idle, because its munmap was refused and is to be tried again; or kept: its
 * block was freed, and its addresses stay inaccessible for a while, so that who still uses them is
 * stopped. Room for an entry is made before its mapping is: what the kernel refuses later can
 * always be written down.
 */
#ifndef OSMEM_HEAP_REGISTRY_H
#define OSMEM_HEAP_REGISTRY_H

#include "osmem/heap/state.h"

/* The entry whose mapping holds an address, or NULL. */
struct large_entry *registry_find(const struct os_heap *heap, const void *address);

/* Room for so many more entries; false where it is refused. */
bool registry_make_room(struct os_heap *heap, size_t entries);

void registry_insert(struct os_heap *heap, struct large_entry entry);
void registry_remove(struct os_heap *heap, const char *base);

/* Gives a range back, or registers it as idle; the caller has made room for an entry. */
void registry_unmap(struct os_heap *heap, char *base, size_t length);

/*
 * The block of a live entry is gone. Its mapping goes back, or is kept, inaccessible and empty, as
 * far as heap->large.keep allows; then the one that was kept longest makes place.
 */
void registry_retire(struct os_heap *heap, struct large_entry *entry);

/* One of the mappings given back of late held the address. */
bool registry_was_freed(const struct os_heap *heap, const void *address);

/* Remembers a range whose block is gone; its address may still be freed again. */
void registry_remember(struct os_heap *heap, const struct large_entry *entry);

/* Gives back what is kept, and tries the refused munmaps again; whether anything went back. */
bool registry_let_go(struct os_heap *heap);

#endif
