/*
 * gen: programs out of a seed, each of its own kind.
 *
 * Swarm testing: each program draws which operations, sizes and slots it has, and how many
 * of them; so that what a few operations hide from each other comes up alone. One program
 * in four draws its mix and its sizes from what a real program was seen to do.
 */
#ifndef PROPS_ENGINE_GEN_H
#define PROPS_ENGINE_GEN_H

#include "fuzz/ops/program.h"

/* What programs are made for; each is as good as any of its kind, and more likely to matter. */
struct gen_profile {
    uint32_t never; /* operations, as bits by their enum op_kind */
    uint32_t often; /* in every program, and more of them */
    unsigned most;  /* operations of a program, at most PROGRAM_OPS; 0: 256 */
};

/* The program of a seed. */
void gen_program(struct program *program, const struct gen_profile *profile,
                 uint64_t seed);

/* How many real programs there are, and their names. */
unsigned gen_streams(void);
const char *gen_stream_name(unsigned stream);

#endif
