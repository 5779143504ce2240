/*
 * run: the interpreter of programs, the same for every engine.
 *
 * Runs a program on a fresh subject over a reset machine, checks each answer against the
 * shadow, and walks the heap after each operation. At the end it frees everything and
 * trims; the subject must then be as it was at the start. Equal bytes give equal runs.
 */
#ifndef FUZZ_RIG_RUN_H
#define FUZZ_RIG_RUN_H

#include "fuzz/rig/rig.h"

/* The machine must be open; each run resets it. */
void rig_init(struct rig *rig, const struct subject *subject, struct machine *machine);

/*
 * A run in steps: start opens a fresh subject; each step runs and checks one operation;
 * finish frees everything, trims, and checks that nothing is left. False: `failure` is
 * set and the run is over.
 */
void rig_start(struct rig *rig);
bool rig_step(struct rig *rig, const struct op *op);
bool rig_finish(struct rig *rig);

/* Refuses kernel calls: the `first`-th from now on (1 is the next), `count` in a row. */
void rig_refuse(struct rig *rig, unsigned first, unsigned count);

/* Frees the block of a slot, if it has one. False on a failure. */
bool rig_free(struct rig *rig, unsigned slot);

/* Runs a program of any bytes to its end or to the first failure; true if there is
 * none. */
bool rig_run(struct rig *rig, const uint8_t *bytes, size_t length);

#endif
