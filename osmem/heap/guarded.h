/*
 * fenced: memory for the heap's own tables, between two inaccessible pages.
 *
 * Address space is reserved at once and committed from the bottom up, so that a table
 * never moves while it grows and a reader needs no lock. It is never given back.
 */
#ifndef OSMEM_HEAP_GUARDED_H
#define OSMEM_HEAP_GUARDED_H

#include "osmem/heap/state.h"
#include "osmem/platform/sys.h"

/* Reserves `most` bytes, or by halves down to `least`; false where even that is refused.
 */
bool guarded_reserve(struct guarded_region *fenced, struct os_kernel *kernel, size_t most,
                    size_t least);

/* Makes the first `size` bytes usable (zero at first); false where refused or too many.
 */
bool guarded_commit(struct guarded_region *fenced, struct os_kernel *kernel, size_t size);

bool guarded_holds(const struct guarded_region *fenced, const void *address);

#endif
