#ifndef FUZZ_SUBJECT_LIBC_SUBJECT_H
#define FUZZ_SUBJECT_LIBC_SUBJECT_H

#include "fuzz/subject/subject.h"

/*
 * The C library's own allocator on the real kernel, also where a sanitizer has put its own
 * in front. Its heap outlives a run; what a failed run holds is lost.
 */
extern const struct subject libc_subject;

#endif
