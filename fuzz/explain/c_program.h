/*
 * c_program: a run as a program in C that stands alone.
 *
 * It makes the same calls with the same sizes, refuses the same kernel calls, checks
 * every answer by itself, and exits 1 with a sentence where the allocator is wrong.
 */
#ifndef FUZZ_EXPLAIN_C_PROGRAM_H
#define FUZZ_EXPLAIN_C_PROGRAM_H

#include <stdio.h>

#include "fuzz/rig/run.h"

enum {
    C_PROGRAM_CALLS = 1 << 16, /* what is beyond is left out */
};

/* What a subject was asked: the context of c_program_note, a rig's on_call. */
struct c_program_calls {
    struct rig_call call[C_PROGRAM_CALLS];
    size_t count;
};

/* What comes before the first operation begins a run, and what was noted of an earlier is dropped. */
void c_program_note(void *calls, const struct rig_call *call);

/*
 * `title` becomes the comment at the top. The program calls what osmem.h declares, or, for a
 * subject that has the four functions of C alone, classic's.
 */
void c_program_write(FILE *to, const char *title, const struct subject *subject,
                     const struct c_program_calls *calls);

#endif
