/*
 * rig: the state of a run, for the rooms that make one: judge, damage, misuse, run.
 *
 * Callers of run.h set `without`, `walks`, `checks_fit`, `on_call` and `context` after
 * rig_init, and read `failure`, `answer`, `checked` and `trace`; the rest belongs to the run.
 */
#ifndef FUZZ_RIG_RIG_H
#define FUZZ_RIG_RIG_H

#include "fuzz/machine/machine.h"
#include "fuzz/ops/op.h"
#include "fuzz/rig/fit.h"
#include "fuzz/rig/shadow.h"
#include "fuzz/subject/subject.h"

enum {
    MISUSE_KINDS = OP_PLANE_PROBE - OP_OVERFLOW + 1,
    MISUSE_PENDING = 8,
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
    const void *argument; /* of the call that is being made */
    bool retry;           /* it was told of its own block, and did nothing */
    const char *kinds;    /* a bad call is being made that must be told as one of these */
    const char *address;  /* with this address */
    unsigned reports;     /* and was so often */
};

/* What an oracle saw. */
struct rig_failure {
    const char
        *oracle; /* its short name: "contents", "invariant"; NULL: nothing is wrong */
    size_t operation; /* by its number in the program, from 0 */
    char expected[160];
    char found[160];
};

/* A call as the subject gets it, with every size resolved. */
struct rig_call {
    size_t operation; /* by its number in the program; SIZE_MAX: before the first */
    enum op_kind kind;
    unsigned slot;
    size_t count, size, alignment; /* of calloc, of a request, of aligned_alloc */
    unsigned refuse_first, refuse_count;
    ptrdiff_t step; /* by which a foreigner has moved the break */
};

/* What the last operation's request came to. */
struct rig_answer {
    bool requested; /* it made one */
    bool given;     /* a block came back */
    int error;      /* errno after it */
    size_t size;    /* for so many bytes */
};

struct rig {
    const struct subject *subject;
    struct machine *machine;
    void *self;
    struct shadow shadow;
    size_t operation;
    size_t checked;  /* operations that reached the allocator, over all runs */
    uint64_t trace;  /* of every answer of this run, by offsets: the same at any base */
    size_t live_sum; /* of live blocks after each of those, to know their mean */
    const char *without; /* names of oracles that say nothing; NULL: all speak */
    bool walks;          /* check the heap after each operation */
    bool checks_fit;     /* hold each choice against the best fit */
    struct fit fit;      /* what could have been chosen */
    struct rig_answer answer;
    struct misuse misuse; /* where the subject is misused */
    struct rig_failure failure;
    void (*on_call)(void *context,
                    const struct rig_call *call); /* before each; may be NULL */
    void *context;
};

#endif
