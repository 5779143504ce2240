/*
 * run: the interpreter. One for every engine.
 *
 * Runs a program on a fresh subject over a reset machine, checks each answer against the
 * shadow, and walks the heap after each operation. At the end everything is freed and
 * trimmed, and the subject must be as it was at the start. The same bytes give the same
 * run.
 */
#ifndef FUZZ_RIG_RUN_H
#define FUZZ_RIG_RUN_H

#include "fuzz/machine/machine.h"
#include "fuzz/rig/fit.h"
#include "fuzz/rig/misuse.h"
#include "fuzz/rig/shadow.h"
#include "fuzz/subject/subject.h"

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

/* The machine must be open; it is reset before each run. */
void rig_init(struct rig *rig, const struct subject *subject, struct machine *machine);

/*
 * A run in steps: a fresh subject; operations, each checked; everything freed, trimmed and
 * as at the start. False: a failure is noted, and the run is over.
 */
void rig_start(struct rig *rig);
bool rig_step(struct rig *rig, const struct op *op);
bool rig_finish(struct rig *rig);

/* Refuses the kernel's calls from the `first`-th from now on, `count` of them. */
void rig_refuse(struct rig *rig, unsigned first, unsigned count);

/* Frees what a slot holds; OK if that is nothing. */
bool rig_free(struct rig *rig, unsigned slot);

/* Runs a program of any bytes to its end or to the first failure; true if none. */
bool rig_run(struct rig *rig, const uint8_t *bytes, size_t length);

#endif
