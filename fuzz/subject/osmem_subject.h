#ifndef FUZZ_SUBJECT_OSMEM_SUBJECT_H
#define FUZZ_SUBJECT_OSMEM_SUBJECT_H

#include "fuzz/subject/subject.h"

/* The front of osmem over a heap value on the machine. One open at a time. */
extern const struct subject osmem_subject;

#endif
