/*
 * inspect: checks canaries, quarantine fill and fresh memory, and quarantines blocks.
 *
 * When a block comes back, what stands around it; when one leaves the quarantine, and when one is
 * handed out, what it was filled with. What is wrong becomes a finding of the call, and the call
 * goes on. The blocks are busy: the caller's alone.
 */
#ifndef OSMEM_ALLOC_INSPECT_H
#define OSMEM_ALLOC_INSPECT_H

#include "osmem/alloc/findings.h"

/* Whether the canary holds. Writes into the padding in front of a block are a finding as well, but no
 * reason not to serve it. */
bool inspect_canary(struct os_alloc *alloc, struct os_call *call,
                    const struct os_block *block);

/* Damage right beside a block that comes back is found now, and not when the neighbour is freed. */
void inspect_neighbours(struct os_alloc *alloc, struct os_call *call,
                        const struct os_block *block);

/* The bytes from `from` on come out of free memory, and are zero afterwards where they had to be. */
void inspect_fresh(struct os_alloc *alloc, struct os_call *call, struct os_block *block,
                   size_t from);

/* Quarantines a block, if there is a quarantine with space for it. */
bool inspect_quarantine(struct os_alloc *alloc, struct os_call *call,
                        const struct os_block *block);

/* Blocks leave the quarantine, verified, until no more than so many bytes are left; whether any did. */
bool inspect_drain(struct os_alloc *alloc, struct os_call *call, size_t bytes);

/* Repairs the links of all free blocks; whether any were corrupted. */
bool inspect_links(struct os_alloc *alloc, struct os_call *call);

#endif
