/*
 * damage: bytes that a program may not have written, from their writing until the subject has told.
 *
 * A part of misuse, which calls it. Every write changes what stands there, lies within one granule,
 * and is made only where the subject promises to find it.
 */
#ifndef FUZZ_RIG_DAMAGE_H
#define FUZZ_RIG_DAMAGE_H

#include "fuzz/rig/rig.h"

bool damage_overflow(struct rig *rig, const struct op *op);
bool damage_underflow(struct rig *rig, const struct op *op);
bool damage_write_after_free(struct rig *rig, const struct op *op);

/* Puts right what the subject told of; false if nothing is damaged there. */
bool damage_repair(struct rig *rig, const struct subject_report *report);

/* Each damage was told of before its block changed its state. */
bool damage_check(struct rig *rig);

/* Of what lies right beside a block that came back, a subject that looks around has told. */
bool damage_check_neighbours(struct rig *rig, const struct shadow_block *dead);

/* The check at the end tells of whatever was not met before. */
bool damage_finish(struct rig *rig);

#endif
