/*
 * loop_subjects: an allocator whose malloc does not return for one size, for the tests of the
 * tools. Takes the place of fuzz/subject/subjects.c in them; its subject's name is "loop".
 */
#ifndef FUZZ_TESTING_LOOP_SUBJECTS_H
#define FUZZ_TESTING_LOOP_SUBJECTS_H

#include "fuzz/subject/subjects.h"

enum {
    LOOP_SIZE = 7777,
};

const struct subject *loop_subject(void);

#endif
