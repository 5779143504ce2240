/*
 * subjects: every subject by the name that a command line uses.
 */
#ifndef FUZZ_SUBJECT_SUBJECTS_H
#define FUZZ_SUBJECT_SUBJECTS_H

#include "fuzz/subject/subject.h"

/* What may stand in a list, for a message. */
#define SUBJECTS_NAMES                                                                \
    "osmem, standard, full, misused-light, misused-standard, misused-full, classic, " \
    "libc"

/*
 * The subjects of a list "osmem,classic", each once; how many, or 0 where one is not
 * known, there twice, or more than `most`.
 */
unsigned subjects_list(const char *list, const struct subject **subjects, unsigned most);

#endif
