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

/* The functions that the program calls: libosmem_core.so's, or those of classic's libosmem.so. */
enum c_program_api {
    C_PROGRAM_OSMEM,
    C_PROGRAM_CLASSIC,
};

/* `title` becomes the comment at the top. */
void c_program_write(FILE *to, const char *title, enum c_program_api api,
                     const struct rig_call *calls, size_t count);

#endif
