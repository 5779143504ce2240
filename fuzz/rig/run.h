/*
 * run: the interpreter. One for every engine.
 *
 * Runs a program on a fresh subject over a reset machine, checks each answer against the
 * shadow, and walks the heap after each operation. At the end everything is freed and
 * trimmed, and the subject must be as it was at the start. The same bytes give the same
 * run.
 */
#ifndef FUZZ_RIG_RUN_H
#define FUZZ_RIG_RUN_H

#include "fuzz/rig/rig.h"

/* The machine must be open; it is reset before each run. */
void rig_init(struct rig *rig, const struct subject *subject, struct machine *machine);

/*
 * A run in steps: a fresh subject; operations, each checked; everything freed, trimmed and
 * as at the start. False: a failure is noted, and the run is over.
 */
void rig_start(struct rig *rig);
bool rig_step(struct rig *rig, const struct op *op);
bool rig_finish(struct rig *rig);

/* Refuses the kernel's calls from the `first`-th from now on, `count` of them. */
void rig_refuse(struct rig *rig, unsigned first, unsigned count);

/* Frees what a slot holds; OK if that is nothing. */
bool rig_free(struct rig *rig, unsigned slot);

/* Runs a program of any bytes to its end or to the first failure; true if none. */
bool rig_run(struct rig *rig, const uint8_t *bytes, size_t length);

#endif
