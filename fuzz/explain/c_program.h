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

/*
 * `title` becomes the comment at the top. The program calls what osmem.h declares, or, for a
 * subject that has the four functions of C alone, classic's.
 */
void c_program_write(FILE *to, const char *title, const struct subject *subject,
                     const struct rig_call *calls, size_t count);

#endif
