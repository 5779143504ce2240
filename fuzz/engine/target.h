/*
 * target: what every fuzz target does with an input. A target is one page: its subjects,
 * and the entry that hands its bytes to target_run.
 */
#ifndef FUZZ_ENGINE_TARGET_H
#define FUZZ_ENGINE_TARGET_H

#include "fuzz/engine/entry.h"
#include "fuzz/subject/subject.h"

/*
 * Runs a program on `count` subjects in lockstep, always the same ones. A failure is told
 * on standard error and ends the process. `fits`: hold each choice against the best fit.
 */
void target_run(const struct subject *const *subjects, unsigned count, bool checks_fit,
                const uint8_t *bytes, size_t length);

#endif
