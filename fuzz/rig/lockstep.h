/*
 * lockstep: one program on several subjects, operation by operation.
 *
 * Each is judged by itself, by the model, as in a run of its own. Then they are compared in
 * what the contract fixes: the same requests succeed while memory suffices, with the same
 * errno where they do not; so the model is held against allocators that nobody here wrote.
 * Where they may differ (a kernel refused one of them, a size of 0), the slot is emptied
 * in all, so that the next operation means the same to each.
 */
#ifndef FUZZ_RIG_LOCKSTEP_H
#define FUZZ_RIG_LOCKSTEP_H

#include "fuzz/rig/run.h"

enum {
    LOCKSTEP_MAX = 5,
};

struct lockstep {
    struct rig rig[LOCKSTEP_MAX];
    unsigned rigs;
    const struct rig *failed; /* whose failure it is, after a run that found one */
};

/* Each subject is run on the machine of its number; all machines must be open. */
void lockstep_init(struct lockstep *lockstep, const struct subject *const *subjects,
                   struct machine *machines, unsigned count);

/* Runs a program of any bytes to its end or to the first failure; true if none. */
bool lockstep_run(struct lockstep *lockstep, const uint8_t *bytes, size_t length);

/* Operations that reached an allocator, over all runs and subjects. */
size_t lockstep_checked(const struct lockstep *lockstep);

#endif
