/*
 * kept: blocks in use that the C and C++ libraries keep by design, and no program can free: the buffers
 * of standard streams, the loader's list of libraries, locales, time zones.
 *
 * A block is kept if the address of its first bytes stands in the writable data of one of these
 * libraries, or in another block that is kept; or if the loader allocated it, where its site is
 * recorded: without sites, the loader's tables for threads are listed. A stream that the program
 * opened is its own to close: neither it nor its buffer is kept, but with musl, whose streams cannot be
 * known. Where memory for the marks is refused, nothing is.
 */
#ifndef OSMEM_REPORT_KEPT_H
#define OSMEM_REPORT_KEPT_H

#include <stdbool.h>
#include <stddef.h>

struct os_alloc;
struct kept_block;

struct kept {
    struct kept_block *blocks; /* those in use, by address */
    size_t count, most;
};

/* Takes no block, and holds the heap while it looks. */
void kept_find(struct kept *kept, struct os_alloc *alloc);
void kept_close(struct kept *kept, struct os_alloc *alloc);

bool kept_holds(const struct kept *kept, const void *address);

#endif
