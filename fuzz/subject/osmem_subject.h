#ifndef FUZZ_SUBJECT_OSMEM_SUBJECT_H
#define FUZZ_SUBJECT_OSMEM_SUBJECT_H

#include "fuzz/subject/subject.h"

/* The front of osmem over a heap value on the machine. One open at a time on each machine. */
extern const struct subject osmem_subject;

/* The same in higher tiers, with space for a canary behind every block. */
extern const struct subject osmem_standard_subject;
extern const struct subject osmem_full_subject;

/* The three tiers, misused. */
extern const struct subject osmem_misused_subject;
extern const struct subject osmem_misused_standard_subject;
extern const struct subject osmem_misused_full_subject;

#endif
