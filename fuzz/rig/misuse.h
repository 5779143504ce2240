/*
 * misuse: programs with mistakes, which must be found.
 *
 * Part of a run on a subject that is `misused`. A bad call must be told at once, as the right kind,
 * and do nothing. A damaging write stays until the subject tells of it, at the latest when the
 * damaged block changes its state, or at the check at the end; until then no valid operation may go
 * wrong. What was told is put right, and the program goes on.
 */
#ifndef FUZZ_RIG_MISUSE_H
#define FUZZ_RIG_MISUSE_H

#include "fuzz/rig/rig.h"

void misuse_start(struct rig *rig);

/* Carries out an operation of misuse. */
bool misuse_do(struct rig *rig, const struct op *op);

/* Around a valid call about a block: misuse_begin_call(), then the call until not misuse_must_retry(). */
void misuse_begin_call(struct rig *rig, const void *block);
bool misuse_must_retry(struct rig *rig);

/* After an operation: `dead` is the block that its slot no longer holds, if its address is set. */
bool misuse_after(struct rig *rig, const struct shadow_block *dead);

/* At the end of a run: what is still damaged must be reported now. */
bool misuse_finish(struct rig *rig);

#endif
