/*
 * trial: one run of a program that may end in a signal, or not end at all.
 *
 * The program runs in this process, under signal handlers that return from it; the next
 * run starts from fresh machines. A subject whose state cannot be reset (the C library's)
 * runs in a process of its own each time. An instrumented subject counts its steps, and
 * has a budget of them; any other has a limit of CPU time for each operation (watch.h).
 */
#ifndef PROPS_ENGINE_TRIAL_H
#define PROPS_ENGINE_TRIAL_H

#include "fuzz/rig/lockstep.h"

/* Runs a program on the subjects; as lockstep_run. */
typedef bool trial_run_function(struct lockstep *lockstep, const uint8_t *bytes,
                                size_t length);

struct trial_verdict {
    bool failed;
    unsigned subject; /* number of the one that failed */
    char oracle[32];  /* "contents", "signal 11", "steps" */
    size_t operation; /* its number in the program */
    char expected[160];
    char found[160];
};

struct trial {
    struct lockstep lockstep;
    struct machine machine[LOCKSTEP_MAX];
    trial_run_function *run;
    bool apart; /* each run in a process of its own */
};

/* One trial at a time. False if the machines' memory is refused. */
bool trial_open(struct trial *trial, const struct subject *const *subjects,
                unsigned count, trial_run_function *run);

/* Runs a program; true if it passes. */
bool trial_run(struct trial *trial, const uint8_t *bytes, size_t length,
               struct trial_verdict *verdict);

/*
 * The same on cleared machines. A failure in trial_run may be caused by an earlier
 * program, which wrote where the rig did not see it; a failure here is caused by this
 * program.
 */
bool trial_run_clean(struct trial *trial, const uint8_t *bytes, size_t length,
                     struct trial_verdict *verdict);

/* Runs it, and if it fails again on cleared machines; true if it passes once. */
bool trial_passes(struct trial *trial, const uint8_t *bytes, size_t length,
                  struct trial_verdict *verdict);

/* Discards (true) or shows (false) the reports that subjects write as they crash. */
void trial_hush(bool quiet);

/* An instrumented subject calls this at each step. */
void trial_step(void);

/* Limit of steps of a run; 0: none. */
extern uint64_t trial_steps_most;

/* Limit of the CPU time of an operation, in ms; 0: watch_limit(). */
extern unsigned trial_cpu_most;

#endif
