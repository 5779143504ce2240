/*
 * target: what every fuzz target does with an input. A target itself is one page: a list
 * of subjects, and LLVMFuzzerTestOneInput, which calls target_run.
 */
#ifndef FUZZ_ENGINE_TARGET_H
#define FUZZ_ENGINE_TARGET_H

#include "fuzz/engine/entry.h"
#include "fuzz/subject/subject.h"

/*
 * Runs a program on `count` subjects in lockstep; every call must have the same subjects.
 * A failure is reported on standard error and aborts the process. `checks_fit`: check
 * each placement against the best fit.
 */
void target_run(const struct subject *const *subjects, unsigned count, bool checks_fit,
                const uint8_t *bytes, size_t length);

#endif
