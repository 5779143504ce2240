/*
 * trial: one run of a program that may end in a signal, or not end at all.
 *
 * The program runs here, under handlers that bring it back; the next run starts from fresh
 * machines. Where a subject's state outlives its run and cannot be put back (the C
 * library's), each run is made in a process of its own. There is no clock: an instrumented
 * subject counts its steps, and has a budget of them.
 */
#ifndef PROPS_ENGINE_TRIAL_H
#define PROPS_ENGINE_TRIAL_H

#include "fuzz/rig/lockstep.h"

/* What a run on these subjects is; as lockstep_run. */
typedef bool trial_run_function(struct lockstep *lockstep, const uint8_t *bytes,
                                size_t length);

struct trial_verdict {
    bool failed;
    unsigned subject; /* by its number, which failed */
    char oracle[32];  /* "contents", "signal 11", "steps" */
    size_t operation; /* by its number in the program */
    char expected[160];
    char found[160];
};

struct trial {
    struct lockstep lockstep;
    struct machine machine[LOCKSTEP_MAX];
    trial_run_function *run;
    bool apart; /* each run in a process of its own */
};

/* One at a time. False if the machines' memory is refused. */
bool trial_open(struct trial *trial, const struct subject *const *subjects,
                unsigned count, trial_run_function *run);

/* Runs a program; true if it passes. */
bool trial_run(struct trial *trial, const uint8_t *bytes, size_t length,
               struct trial_verdict *verdict);

/*
 * The same on machines in which nothing is left. What is found by trial_run may be an earlier
 * program's, which wrote where the rig did not see it; what fails here is this program's own.
 */
bool trial_run_clean(struct trial *trial, const uint8_t *bytes, size_t length,
                     struct trial_verdict *verdict);

/* Runs it, and where it fails once more by itself; true if it passes either time. */
bool trial_passes(struct trial *trial, const uint8_t *bytes, size_t length,
                  struct trial_verdict *verdict);

/* Reports that subjects write while they die are lost (true) or shown again (false). */
void trial_hush(bool quiet);

/* What an instrumented subject calls at each step. */
void trial_step(void);

/* Steps that a run may make; 0: any number. */
extern uint64_t trial_steps_most;

#endif
