/*
 * exhaust: a small world completely.
 *
 * Every program of up to so many operations over three slots and six sizes, breadth first.
 * Of programs that differ in the names of their slots one is run, and all are counted: a name
 * decides in which order the last frees come, and nothing else. Programs that leave equal states go on as one, and are counted: a state is what the
 * allocator and its kernel hold, by offsets, and the blocks that the program holds. What a
 * block holds is left out: each step has judged it, and no allocator may look at it.
 */
#ifndef PROPS_ENGINE_EXHAUST_H
#define PROPS_ENGINE_EXHAUST_H

#include "fuzz/ops/program.h"
#include "props/engine/trial.h"

enum {
    EXHAUST_OPS_MAX = 8,
};

/* Which programs go on as one. */
enum exhaust_merge {
    EXHAUST_APART,  /* none */
    EXHAUST_NAMES,  /* those that differ in the names of their slots */
    EXHAUST_STATES, /* and those that leave equal states */
};

struct exhaust_options {
    const struct subject *subject;
    unsigned ops; /* operations of a program, at most EXHAUST_OPS_MAX */
    enum exhaust_merge merge;
    bool first; /* stop at the first that fails */
    /* Called after each length; may be NULL. */
    void (*progress)(unsigned ops, size_t states, uint64_t programs);
};

struct exhaust_counts {
    uint64_t programs; /* of every length from 1 on */
    uint64_t failures; /* of those: programs whose last operation fails */
    size_t states;
};

/*
 * Runs them all. The first that fails, which is of the shortest, is put into *program with its
 * verdict. False where the system refuses memory.
 */
bool exhaust(const struct exhaust_options *options, struct exhaust_counts *counts,
             struct program *program, struct trial_verdict *verdict);

#endif
