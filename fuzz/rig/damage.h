/*
 * damage: writes where a program must not, and follows each until it is reported.
 *
 * The part of misuse about memory. Each write changes at least one byte, lies within one
 * granule of 16 bytes, and is made only in a region where the subject detects damage.
 */
#ifndef FUZZ_RIG_DAMAGE_H
#define FUZZ_RIG_DAMAGE_H

#include "fuzz/rig/rig.h"

/* Make such a write; do nothing if no block suits. */
bool damage_overflow(struct rig *rig, const struct op *op);
bool damage_underflow(struct rig *rig, const struct op *op);
bool damage_write_after_free(struct rig *rig, const struct op *op);

/* Restores the bytes that a report is about; false if none of them is damaged. */
bool damage_repair(struct rig *rig, const struct subject_report *report);

/* False if a damaged block changed its state without a report. */
bool damage_check(struct rig *rig);

/* False if a neighbour of a freed block is damaged: this free should have reported it. */
bool damage_check_neighbours(struct rig *rig, const struct shadow_block *freed);

/* False if the subject's check of everything does not report all that is still
 * damaged. */
bool damage_finish(struct rig *rig);

#endif
