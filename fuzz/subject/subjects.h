/*
 * subjects: every subject by the name that a command line uses.
 */
#ifndef FUZZ_SUBJECT_SUBJECTS_H
#define FUZZ_SUBJECT_SUBJECTS_H

#include "fuzz/subject/subject.h"

/* The known names, for a message. */
#define SUBJECTS_NAMES                                                                \
    "osmem, standard, full, misused-light, misused-standard, misused-full, classic, " \
    "libc"

/*
 * The subjects of a list "osmem,classic". Returns how many, or 0 if a name is unknown, is
 * there twice, or there are more than `most`.
 */
unsigned subjects_list(const char *list, const struct subject **subjects, unsigned most);

#endif
