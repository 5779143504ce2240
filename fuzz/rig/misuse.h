/*
 * misuse: runs the mistakes of a program and checks that the subject reports them.
 *
 * Only for subjects that are `misused`. A bad call must be reported at once, as the right
 * kind, and change nothing. A damaging write must be reported before the damaged block
 * changes its state, at the latest by the check at the end; until then no valid operation
 * may go wrong. The rig then repairs the bytes, and the program goes on.
 */
#ifndef FUZZ_RIG_MISUSE_H
#define FUZZ_RIG_MISUSE_H

#include "fuzz/rig/rig.h"

/* Each returns false if it has set the rig's failure. */

void misuse_start(struct rig *rig);

/* Runs an operation of misuse. */
bool misuse_do(struct rig *rig, const struct op *op);

/*
 * A valid call on a block: call misuse_begin_call, then make the call, again while
 * misuse_must_retry: a subject that reports damage to the block leaves the call undone.
 */
void misuse_begin_call(struct rig *rig, const void *block);
bool misuse_must_retry(struct rig *rig);

/* After each operation. `freed`: the block its slot no longer has, if its address is
 * set. */
bool misuse_after(struct rig *rig, const struct shadow_block *freed);

/* At the end of a run: damage that is left must be reported by a check of everything. */
bool misuse_finish(struct rig *rig);

#endif
