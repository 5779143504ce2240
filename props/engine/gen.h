/*
 * gen: a program from a seed.
 *
 * Swarm testing: each program draws which operations, sizes and slots it uses, and how
 * many, so that operations that mask each other's bugs also occur apart. One program in
 * four draws its mix and sizes from the recorded calls of a real program.
 */
#ifndef PROPS_ENGINE_GEN_H
#define PROPS_ENGINE_GEN_H

#include "fuzz/ops/program.h"

/* Constraints on a program, so that it is likely to test a law. */
struct gen_profile {
    uint32_t never; /* operations, as bits by their enum op_kind */
    uint32_t often; /* in every program, and more frequent */
    unsigned most;  /* operations of a program, at most PROGRAM_OPS; 0: 256 */
};

/* The program of a seed. */
void gen_program(struct program *program, const struct gen_profile *profile,
                 uint64_t seed);

/* The number of recorded real programs, and their names. */
unsigned gen_streams(void);
const char *gen_stream_name(unsigned stream);

#endif
