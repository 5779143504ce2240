/*
 * probe: questions to the malloc of a program, each answered in one line.
 *
 * A question is a function that prints its answer once, in a process of its own, so it
 * may leak or break its heap. Its answer must not vary from run to run: no addresses, no
 * times.
 */
#ifndef PROPS_CONFORMANCE_PROBE_PROBE_H
#define PROPS_CONFORMANCE_PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>

struct question {
    const char *text;
    void (*ask)(void);
    const char *program, *argument; /* without `ask`: the program that answers */
};

extern const struct question questions_of_c[];      /* ends with one without text */
extern const struct question questions_of_glibc[];  /* the family beyond C */
extern const struct question questions_of_limits[]; /* memory limits */
extern const struct question questions_of_threads[];
extern const struct question questions_of_start[]; /* start and exit */
extern const struct question questions_of_languages[];

/* The answer, without a line's end. */
__attribute__((format(printf, 1, 2))) void answer(const char *format, ...);

/* "ENOMEM", "EINVAL"; "unchanged" for the value that errno_mark sets. */
const char *error_name(int error);
void errno_mark(void);

/* The same value, unknown to the compiler. */
size_t opaque(size_t n);
void *hide(void *pointer);

/* Whether it is NULL or misaligned, without the assumptions of the compiler. */
bool is_misaligned(const void *block, size_t alignment);

/* Prints "a block", or "NULL" and errno. */
void answer_block(const void *block);

/* The path of a file in the folder of the program. */
const char *path_of(const char *name);

/* Replaces this process by that program, which answers; on failure prints why. */
void exec_program(const char *name, const char *argument);

/* Whether the bytes are all this one. */
bool all_are(const void *bytes, int byte, size_t length);

#endif
