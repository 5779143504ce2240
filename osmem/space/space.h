/*
 * space: address space, and who owns an address.
 *
 * Spans with their tag planes, for blocks that share memory; mappings, for large ones. Knows no free
 * blocks: that is arena's. The caller has the space's lock where a function changes something; those
 * that find an owner need none.
 */
#ifndef OSMEM_SPACE_SPACE_H
#define OSMEM_SPACE_SPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/platform/sys.h"
#include "osmem/space/block_id.h"

struct os_space;

/* A block that is busy, or a copy of what was known of one. */
struct os_block {
    char *address;
    size_t size;
    size_t slack; /* bytes behind the user's last, where the block has a canary; else 0 */
    bool zero;    /* just taken: every byte is zero */
    block_id id;  /* NO_BLOCK: a large one */
};

/* Asks the kernel for nothing. */
void space_init(struct os_space *space, struct os_kernel *kernel);

/* A block in a span as its tags say; the caller knows that one starts there. */
struct os_block space_block(const struct os_space *space, block_id id);

#endif
