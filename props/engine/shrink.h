/*
 * shrink: reduces a program to the shortest one that still fails.
 *
 * First fewer operations, then plainer ones, then smaller sizes, then lower slots;
 * repeated until nothing shrinks. A candidate is kept if it fails in any way.
 */
#ifndef PROPS_ENGINE_SHRINK_H
#define PROPS_ENGINE_SHRINK_H

#include "fuzz/ops/program.h"
#include "props/engine/trial.h"

struct shrink_counts {
    size_t before, after; /* operations */
    unsigned runs;
};

/*
 * Shrinks a program that fails, until `most_operations` have been run. `*verdict` becomes
 * that of the shrunk program.
 */
struct shrink_counts shrink(struct trial *trial, struct program *program,
                            size_t most_operations, struct trial_verdict *verdict);

#endif
