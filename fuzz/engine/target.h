/*
 * target: what every fuzz target does with an input. A target is one page: a subject, and
 * the entry that hands its bytes to target_run.
 */
#ifndef FUZZ_ENGINE_TARGET_H
#define FUZZ_ENGINE_TARGET_H

#include "fuzz/engine/entry.h"
#include "fuzz/subject/subject.h"

/* Runs a program on a subject. A failure is told on standard error and ends the process.
 */
void target_run(const struct subject *subject, const uint8_t *bytes, size_t length);

#endif
