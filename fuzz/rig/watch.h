/*
 * watch: notices an operation that does not return.
 *
 * Measures the CPU time of the thread, which no other process can use up. A signal
 * (SIGXCPU) looks at the rigs several times within the limit; if none of them has begun an
 * operation meanwhile, that is the failure of the rig that is in one. The limit is of an
 * operation: a program may take as long as it likes.
 */
#ifndef FUZZ_RIG_WATCH_H
#define FUZZ_RIG_WATCH_H

#include "fuzz/rig/lockstep.h"

/* The name of the oracle. */
#define WATCH_ORACLE "CPU time"

/* The limit in ms: 10 seconds, or FUZZ_CPU_SECONDS of the environment. */
unsigned watch_limit(void);

/*
 * Between these two a run is watched. `stuck` is called in the signal handler, inside the
 * operation, when lockstep->failed and its failure are set; it may jump out of the run or
 * end the process. One run at a time.
 */
void watch_begin(struct lockstep *lockstep, unsigned limit, void (*stuck)(void));
void watch_end(void);

#endif
