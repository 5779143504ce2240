#ifndef FUZZ_SUBJECT_CLASSIC_SUBJECT_H
#define FUZZ_SUBJECT_CLASSIC_SUBJECT_H

#include "fuzz/subject/subject.h"

/* The textbook allocator, with sealed headers. One at a time on each machine. */
extern const struct subject classic_subject;

#endif
