/*
 * guarded: memory for the heap's own tables, between two guard pages.
 *
 * Address space is reserved at once and committed from the bottom up, so that a table never moves
 * while it grows and a reader needs no lock. It is never unmapped.
 */
#ifndef OSMEM_SPACE_GUARDED_H
#define OSMEM_SPACE_GUARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/platform/sys.h"

/* Reserved address space that is usable from its base up to what is committed. */
struct guarded_region {
    char *mapping;
    size_t length; /* of the mapping, guard pages included */
    char *base;
    size_t committed;
    size_t reserved;
};

/* So many bytes, but no more than a share of the address space that the process may have; whole pages. */
size_t guarded_share(struct os_kernel *kernel, size_t most, size_t share);

/* Reserves `most` bytes, or by halves down to `least`; false where even that is refused. */
bool guarded_reserve(struct guarded_region *region, struct os_kernel *kernel, size_t most,
                     size_t least);

/* Makes the first `size` bytes usable (zero at first); false where refused or too many. */
bool guarded_commit(struct guarded_region *region, struct os_kernel *kernel, size_t size);

bool guarded_holds(const struct guarded_region *region, const void *address);

#endif
