/*
 * c_program: writes a run as a C program that needs neither the rig nor the machine.
 *
 * The program makes the same calls with the same sizes, refuses the same kernel calls,
 * checks every answer, and exits 1 with a message if the allocator is wrong.
 */
#ifndef FUZZ_EXPLAIN_C_PROGRAM_H
#define FUZZ_EXPLAIN_C_PROGRAM_H

#include <stdio.h>

#include "fuzz/rig/run.h"

enum {
    C_PROGRAM_CALLS = 1 << 16, /* later ones are left out */
};

/* The calls of a run: the context of c_program_note. */
struct c_program_calls {
    struct rig_call call[C_PROGRAM_CALLS];
    size_t count;
};

/* A rig's on_call: records a call. One before the first operation starts a new record. */
void c_program_note(void *calls, const struct rig_call *call);

/*
 * `title` becomes the comment at the top. The program calls the functions of osmem.h, or
 * those of classic if the subject has only the four functions of C.
 */
void c_program_write(FILE *to, const char *title, const struct subject *subject,
                     const struct c_program_calls *calls);

#endif
