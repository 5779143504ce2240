/*
 * findings: what an operation found, classified as a report needs it.
 *
 * Each function adds findings to the call; none writes to the heap or ends the process. Corrupted
 * links that the heap met before come first, since they happened first.
 */
#ifndef OSMEM_ALLOC_FINDINGS_H
#define OSMEM_ALLOC_FINDINGS_H

#include "osmem/alloc/call.h"
#include "osmem/alloc/heap.h"

struct os_alloc;

/* A pointer that is no block in use. `block`: what it points into; its address may be NULL. */
void finding_pointer(struct os_alloc *alloc, struct os_call *call, enum os_status kind,
                     const struct os_block *block);

/* A block whose size or alignment is not the one that its free was given. */
void finding_size(struct os_alloc *alloc, struct os_call *call,
                  const struct os_block *block, size_t alignment, size_t given);

/* What follows was read while the block could not change; without a changed byte there is no finding. */

/* A block in use whose canary does not hold: its own overflow, or an underflow of the block on its
 * right where the last bytes are changed and the first are not; where both fit the finding says so. */
void finding_canary(struct os_alloc *alloc, struct os_call *call,
                    const struct os_block *block, const struct fill_damage *damage);

/* Writes into the padding in front of a block with a mapping of its own. */
void finding_left_padding(struct os_alloc *alloc, struct os_call *call,
                          const struct os_block *block, const struct heap_filled *padding,
                          const struct fill_damage *damage);

/* Writes into a free or quarantined block, of which the last `watched` bytes are filled; or an
 * underflow of the one on its right. */
void finding_fill(struct os_alloc *alloc, struct os_call *call,
                  const struct os_block *block, const struct fill_damage *damage,
                  size_t watched);

/* An invariant that only osmem itself can have broken; `rule` says which. */
void finding_invariant(struct os_alloc *alloc, struct os_call *call, const char *rule,
                       const void *where);

/* What the heap recorded meanwhile: corrupted links, and a system call that failed for a reason other
 * than memory. */
void finding_recorded(struct os_alloc *alloc, struct os_call *call);

/* The block that an access missed, which a guard page stopped at an address; false where none of ours
 * is near. Called in a signal handler. */
bool finding_guard(struct os_alloc *alloc, const void *address,
                   struct os_finding *finding);

#endif
