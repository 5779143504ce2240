#include "props/engine/shrink.h"

#include <string.h>

#include "fuzz/rig/watch.h"
#include "osmem/base/num.h"

struct shrink {
    struct trial *trial;
    struct program *best;
    struct program candidate;
    struct trial_verdict *verdict;
    unsigned runs;
    size_t operations, most_operations; /* run so far, and at most */
};

/* Each run of a program that loops takes the whole limit of CPU time, so that while it is
 * shrunk the limit is a tenth. */
static bool shrink_loops(const struct trial_verdict *verdict) {
    return strcmp(verdict->oracle, WATCH_ORACLE) == 0;
}

/* Runs the candidate; if it fails it becomes the best so far. */
static bool shrink_try(struct shrink *shrink) {
    static uint8_t bytes[PROGRAM_BYTES];
    struct trial_verdict verdict;
    if (shrink->operations >= shrink->most_operations)
        return false;
    shrink->runs++;
    shrink->operations += shrink->candidate.count;
    size_t length = program_write(&shrink->candidate, bytes, sizeof bytes);
    if (trial_passes(shrink->trial, bytes, length, &verdict))
        return false;
    if (strcmp(verdict.oracle, "steps") == 0) /* it ran for the whole budget of steps */
        shrink->operations += shrink->most_operations / 16;
    if (shrink_loops(&verdict))
        shrink->operations += shrink->most_operations / 32;
    *shrink->best = shrink->candidate;
    *shrink->verdict = verdict;
    return true;
}

/* ---- fewer operations ---- */

/* Cuts the operations after the one that failed. */
static bool shrink_tail(struct shrink *shrink) {
    size_t needed = shrink->verdict->operation + 1;
    if (needed >= shrink->best->count)
        return false;
    shrink->candidate = *shrink->best;
    shrink->candidate.count = needed;
    return shrink_try(shrink);
}

static bool shrink_operations(struct shrink *shrink) {
    bool any = shrink_tail(shrink);
    for (size_t count = num_max(shrink->best->count / 2, 1); count > 0; count /= 2)
        for (size_t at = shrink->best->count; at > 0;) {
            at = at > count ? at - count : 0;
            if (at >= shrink->best->count)
                continue;
            shrink->candidate = *shrink->best;
            program_remove(&shrink->candidate, at,
                           num_min(count, shrink->best->count - at));
            any = shrink_try(shrink) || any;
        }
    return any;
}

/* ---- plainer operations ---- */

static bool shrink_kind(struct shrink *shrink, size_t at, enum op_kind kind) {
    shrink->candidate = *shrink->best;
    shrink->candidate.op[at].kind = (uint8_t)kind;
    return shrink_try(shrink);
}

static bool shrink_operand(struct shrink *shrink, size_t at) {
    const struct op *op = &shrink->best->op[at];
    switch (op->kind) {
    case OP_CALLOC:
    case OP_REALLOC:
    case OP_ALIGNED_ALLOC:
        return shrink_kind(shrink, at, OP_MALLOC);
    case OP_FREE_SIZED:
        return shrink_kind(shrink, at, OP_FREE);
    case OP_REFUSE:
    case OP_SBRK:
        if (op->count == 0)
            return false;
        shrink->candidate = *shrink->best;
        shrink->candidate.op[at].count = 0;
        return shrink_try(shrink);
    default:
        return false;
    }
}

static bool shrink_operands(struct shrink *shrink) {
    bool any = false;
    for (size_t at = 0; at < shrink->best->count; at++)
        any = shrink_operand(shrink, at) || any;
    return any;
}

/* ---- smaller sizes ---- */

/* The bytes of an operation's size, as far as the program determines it. */
static size_t shrink_bytes(const struct program *program, size_t at) {
    size_t last[OP_SLOTS] = {0}, bytes = 0;
    for (size_t i = 0; i <= at; i++) {
        const struct op *op = &program->op[i];
        bytes = size_bytes(op->size, last, op->slot);
        if (op->kind == OP_MALLOC || op->kind == OP_REALLOC ||
            op->kind == OP_ALIGNED_ALLOC)
            last[op->slot] = bytes;
        if (op->kind == OP_CALLOC)
            last[op->slot] = bytes * size_bytes(op->size2, last, op->slot);
    }
    return bytes;
}

static bool shrink_size_to(struct shrink *shrink, size_t at, size_t bytes) {
    struct op_size size;
    if (!size_from_bytes(bytes, &size))
        return false;
    shrink->candidate = *shrink->best;
    shrink->candidate.op[at].size = size;
    return shrink_try(shrink);
}

/* Towards 1 by steps that are halved whenever a step does not fail. */
static bool shrink_size(struct shrink *shrink, size_t at) {
    size_t bytes = shrink_bytes(shrink->best, at);
    enum size_class class = (enum size_class)shrink->best->op[at].size.class;
    bool any =
        (class == SIZE_SAME || class == SIZE_LIKE) &&
        shrink_size_to(shrink, at, bytes); /* a number reads better than a reference */
    if (bytes == 0 || bytes > PTRDIFF_MAX / 2) /* these are special */
        return shrink_size_to(shrink, at, 1) || any;
    if (bytes == 1)
        return any;
    for (size_t step = bytes - 1; step > 0; step /= 2)
        while (step < bytes && shrink_size_to(shrink, at, bytes - step)) {
            bytes -= step;
            any = true;
        }
    return any;
}

static bool shrink_sizes(struct shrink *shrink) {
    bool any = false;
    for (size_t at = 0; at < shrink->best->count; at++)
        if (strchr(op_operands((enum op_kind)shrink->best->op[at].kind), 'z'))
            any = shrink_size(shrink, at) || any;
    return any;
}

/* ---- lower slots ---- */

/* Slots by the order in which they are first used. */
static bool shrink_slots(struct shrink *shrink) {
    uint8_t name[OP_SLOTS];
    uint8_t next = 0;
    memset(name, OP_SLOTS, sizeof name);
    shrink->candidate = *shrink->best;
    for (size_t at = 0; at < shrink->candidate.count; at++) {
        struct op *op = &shrink->candidate.op[at];
        if (!strchr(op_operands((enum op_kind)op->kind), 's'))
            continue;
        if (name[op->slot] == OP_SLOTS)
            name[op->slot] = next++;
        op->slot = name[op->slot];
    }
    return memcmp(shrink->candidate.op, shrink->best->op,
                  shrink->best->count * sizeof shrink->best->op[0]) != 0 &&
           shrink_try(shrink);
}

struct shrink_whole {
    struct program program;
    struct trial_verdict verdict;
};

/* Runs the shrunk program with the whole limit; if it passes, an operation was only slow,
 * and nothing is shrunk. */
static void shrink_confirm(struct shrink *shrink, const struct shrink_whole *whole) {
    static uint8_t bytes[PROGRAM_BYTES];
    struct trial_verdict verdict;
    size_t length = program_write(shrink->best, bytes, sizeof bytes);
    trial_cpu_most = 0;
    if (trial_run_clean(shrink->trial, bytes, length, &verdict)) {
        *shrink->best = whole->program;
        verdict = whole->verdict;
    }
    *shrink->verdict = verdict;
}

struct shrink_counts shrink(struct trial *trial, struct program *program,
                            size_t most_operations, struct trial_verdict *verdict) {
    static struct shrink shrink;
    shrink = (struct shrink){.trial = trial,
                             .best = program,
                             .verdict = verdict,
                             .most_operations = most_operations};
    struct shrink_counts counts = {.before = program->count};
    static struct shrink_whole whole;
    bool again = true, loops = shrink_loops(verdict);
    if (loops) {
        whole.program = *program;
        whole.verdict = *verdict;
        trial_cpu_most = watch_limit() / 10;
    }
    while (again && shrink.operations < most_operations) {
        again = shrink_operations(&shrink);
        again = shrink_operands(&shrink) || again;
        again = shrink_sizes(&shrink) || again;
        again = shrink_slots(&shrink) || again;
    }
    if (loops)
        shrink_confirm(&shrink, &whole);
    counts.after = program->count;
    counts.runs = shrink.runs;
    return counts;
}
