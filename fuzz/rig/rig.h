/*
 * rig: the state of a run, for the modules that make one: judge, damage, misuse, run.
 *
 * Callers of run.h set `without`, `walks`, `checks_fit`, `on_call` and `context` after
 * rig_init, and read `failure`, `answer`, `checked` and `trace`; the rest belongs to the
 * run.
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
    MISUSE_PENDING = 8, /* damages at one time */
    MISUSE_BYTES = 16,  /* of one damage at most */
};

/* Bytes that the program wrote where it must not. */
struct misuse_damage {
    char *at;
    const char *block, *end; /* of an overflow: the block, and the end of its request */
    size_t length;
    unsigned char was[MISUSE_BYTES], wrote[MISUSE_BYTES];
    enum op_kind kind;
    enum subject_region region; /* that `at` was in when it was written */
};

struct misuse {
    uint64_t executed[MISUSE_KINDS]; /* by kind from OP_OVERFLOW on, over all runs */
    uint64_t found[MISUSE_KINDS];
    struct misuse_damage pending[MISUSE_PENDING]; /* not reported yet */
    unsigned pendings;
    /* During a valid call: the block it gets, and whether a report of damage to that
     * block made the call do nothing, so that it must be made again. */
    const void *argument;
    bool retry;
    /* During a bad call: the kinds as which it may be reported, and the address it must
     * be reported with; how often that happened. */
    const char *kinds;
    const char *address;
    unsigned reports;
};

/* The first failure of a run. */
struct rig_failure {
    const char *oracle; /* its name: "contents", "invariant"; NULL: no failure */
    size_t operation;   /* by its number in the program, from 0 */
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
    ptrdiff_t step; /* by which another user of sbrk moved the break */
};

/* The answer to the last operation's request. */
struct rig_answer {
    bool requested; /* the operation made a request */
    bool given;     /* it got a block */
    int error;      /* errno after it */
    size_t size;    /* the requested size */
};

struct rig {
    const struct subject *subject;
    struct machine *machine;
    void *self; /* the subject's state */
    struct shadow shadow;
    size_t operation; /* the number of the one that is running */
    size_t begun;     /* operations, over all runs, starts and ends included */
    size_t checked;   /* calls of the allocator, over all runs */
    uint64_t trace;   /* a hash of every answer of this run, equal at any base address */
    size_t live_sum;  /* of the live blocks at each of those calls, for their mean */
    const char *without; /* names of oracles to switch off; NULL: none */
    bool walks;          /* check the heap after each operation */
    bool checks_fit;     /* check each placement against the best fit */
    struct fit fit;      /* the free blocks before the request */
    struct rig_answer answer;
    struct misuse misuse; /* used if the subject is `misused` */
    struct rig_failure failure;
    void (*on_call)(void *context,
                    const struct rig_call *call); /* before each; or NULL */
    void *context;
};

#endif
