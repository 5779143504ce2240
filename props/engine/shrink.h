/*
 * shrink: the shortest program that still fails.
 *
 * First fewer operations, then plainer ones, then smaller sizes, then lower slots; again
 * until nothing helps. A candidate is kept if it fails, in whatever way.
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
 * Shrinks a program that fails, until so many operations have been run for it. `*verdict`
 * becomes that of what is left.
 */
struct shrink_counts shrink(struct trial *trial, struct program *program,
                            size_t most_operations, struct trial_verdict *verdict);

#endif
