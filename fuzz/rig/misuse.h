/*
 * misuse: programs with mistakes, which must be found.
 *
 * Part of a run on a subject that is `misused`. A bad call must be told at once, as the right kind,
 * and do nothing. A damaging write stays until the subject tells of it, at the latest when the
 * damaged block changes its state, or at the check at the end; until then no valid operation may go
 * wrong. What was told is put right, and the program goes on.
 */
#ifndef FUZZ_RIG_MISUSE_H
#define FUZZ_RIG_MISUSE_H

#include "fuzz/ops/op.h"
#include "fuzz/rig/shadow.h"
#include "fuzz/subject/subject.h"

struct rig;

enum {
    MISUSE_KINDS = OP_PLANE_PROBE - OP_OVERFLOW + 1,
    MISUSE_PENDING = 8,
    MISUSE_DEAD = 32,
    MISUSE_BYTES = 16, /* that a damage has at most */
};

/* Bytes that the program may not have written. */
struct misuse_damage {
    char *at;
    const char *block, *end; /* OVERFLOW: the one it is behind, and its end */
    size_t length;
    unsigned char was[MISUSE_BYTES], wrote[MISUSE_BYTES];
    enum op_kind kind;
    enum subject_region region; /* where they were */
};

struct misuse {
    uint64_t executed[MISUSE_KINDS]; /* by kind from OP_OVERFLOW on, over all runs */
    uint64_t found[MISUSE_KINDS];
    struct misuse_damage pending[MISUSE_PENDING];
    unsigned pendings;
    struct shadow_block dead[MISUSE_DEAD]; /* blocks of before */
    unsigned deads;
    const void *argument; /* of the call that is being made */
    bool retry;           /* it was told of its own block, and did nothing */
    const char *kinds;    /* a bad call is being made that must be told as one of these */
    const char *address;  /* with this address */
    unsigned reports;     /* and was so often */
};

void misuse_start(struct rig *rig);

/* Carries out an operation of misuse. */
bool misuse_do(struct rig *rig, const struct op *op);

/* Around a valid call about a block: misuse_begin_call(), then the call until not misuse_must_retry(). */
void misuse_begin_call(struct rig *rig, const void *block);
bool misuse_must_retry(struct rig *rig);

/* After an operation: `dead` is the block that its slot no longer holds, if its address is set. */
bool misuse_after(struct rig *rig, const struct shadow_block *dead);

/* ---- for damage ---- */

/* What the slot holds, or the next one that holds something; NULL: none does. */
struct shadow_block *misuse_live(struct rig *rig, unsigned slot);

/* A block of before whose address nobody has, this one or one of the next; NULL: there is none. */
const struct shadow_block *misuse_dead(const struct rig *rig, unsigned number);

/* One of the words of a list with commas. */
bool misuse_lists(const char *list, const char *word);

bool misuse_fail(struct rig *rig, const char *expected, enum op_kind kind,
                 const char *found);

#endif
