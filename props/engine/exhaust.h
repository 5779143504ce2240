/*
 * exhaust: every program of a small world.
 *
 * Every program of up to N operations over three slots and six sizes, breadth first. Of
 * programs that differ only in the names of slots one is run, and all are counted: names
 * only decide the order of the last frees. Programs that lead to equal states are
 * continued once, and all are counted: a state is that of the allocator and its kernel,
 * as offsets, and the blocks that the program holds. The bytes of a block are no part of
 * it: each step has judged them, and no allocator may read them.
 */
#ifndef PROPS_ENGINE_EXHAUST_H
#define PROPS_ENGINE_EXHAUST_H

#include "fuzz/ops/program.h"
#include "props/engine/trial.h"

enum {
    EXHAUST_OPS_MAX = 8,
};

/* Which programs are continued as one. */
enum exhaust_merge {
    EXHAUST_APART,  /* none */
    EXHAUST_NAMES,  /* those that differ in the names of their slots */
    EXHAUST_STATES, /* and those that lead to equal states */
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
 * Runs them all. Puts the first that fails, one of the shortest, into *program with its
 * verdict. False where the system refuses memory.
 */
bool exhaust(const struct exhaust_options *options, struct exhaust_counts *counts,
             struct program *program, struct trial_verdict *verdict);

#endif
