#ifndef FUZZ_SUBJECT_LIBC_SUBJECT_H
#define FUZZ_SUBJECT_LIBC_SUBJECT_H

#include "fuzz/subject/subject.h"

/*
 * The C library's own allocator on the real kernel, even if a sanitizer intercepts
 * malloc. Its heap outlives a run; blocks of a failed run leak.
 */
extern const struct subject libc_subject;

#endif
