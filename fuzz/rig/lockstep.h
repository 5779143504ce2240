/*
 * lockstep: differential testing. One program on several subjects, operation by
 * operation.
 *
 * Each subject is first judged alone, against the model. Then their answers are compared
 * as far as the C standard fixes them: while memory suffices the same requests succeed,
 * and refusals set the same errno. So allocators written by others check the model
 * itself. Where answers may differ (a kernel refused a call, a size of 0) the slot is
 * emptied in all subjects, so that the next operation means the same to each.
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
    const struct rig
        *failed; /* the rig that has the failure, after a run that returned false */
};

/* Subject i runs on machine i; all machines must be open. */
void lockstep_init(struct lockstep *lockstep, const struct subject *const *subjects,
                   struct machine *machines, unsigned count);

/* Runs a program of any bytes to its end or to the first failure; true if there is
 * none. */
bool lockstep_run(struct lockstep *lockstep, const uint8_t *bytes, size_t length);

/* The rig that is in an operation, of a run that was interrupted: the last of those that
 * have run the most. */
struct rig *lockstep_interrupted(struct lockstep *lockstep);

/* Calls of allocators, over all runs and subjects. */
size_t lockstep_checked(const struct lockstep *lockstep);

#endif
