/*
 * probe: questions that a program puts to its malloc, each answered in a line.
 *
 * A question is a function that says its answer once, in a process of its own; what it leaves
 * behind or breaks is nobody else's. It must answer alike each time: no addresses, no times.
 */
#ifndef PROPS_CONFORMANCE_PROBE_PROBE_H
#define PROPS_CONFORMANCE_PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

struct question {
    const char *text;
    void (*ask)(void);
    const char *program, *argument; /* where there is no `ask`: what answers it */
};

extern const struct question questions_of_c[];      /* up to one without text */
extern const struct question questions_of_glibc[];  /* the family beyond C */
extern const struct question questions_of_limits[]; /* little memory */
extern const struct question questions_of_threads[];
extern const struct question questions_of_start[]; /* and of the end */
extern const struct question questions_of_languages[];

/* The answer, without a line's end. */
__attribute__((format(printf, 1, 2))) void answer(const char *format, ...);

/* "ENOMEM", "EINVAL", "unchanged" where it still is what errno_mark made it. */
const char *error_name(int error);
void errno_mark(void);

/* The same value, which the compiler cannot know. */
size_t opaque(size_t n);
void *hide(void *pointer);

/* Whether it is NULL or not at a multiple; what the compiler knows of alignments does not count. */
bool is_misaligned(const void *block, size_t alignment);

/* "NULL", "a block", and what errno says. */
void answer_block(const void *block);

/* A file that stands beside the program. */
const char *beside(const char *name);

/* Starts it with `argument`, so that it answers in our place; comes back only with an excuse. */
void start_beside(const char *name, const char *argument);

/* Whether the bytes are all this one. */
bool all_are(const void *bytes, int byte, size_t length);

#endif
