#include "props/laws.h"

#include <string.h>

#include "fuzz/ops/codec.h"
#include "fuzz/rig/judge.h"
#include "osmem/base/num.h"

/* ---- the layout of a heap ---- */

struct laws_layout {
    uint64_t sum;
    const char *base;
};

static void laws_add_free(void *context, const char *address, size_t size) {
    struct laws_layout *layout = context;
    layout->sum =
        num_mix(layout->sum + num_mix((uint64_t)(address - layout->base)) + size);
}

/* Every block of the heap, in use or free, and the break. */
static uint64_t laws_layout(const struct rig *rig) {
    struct laws_layout layout = {rig->subject->digest(rig->self), rig->machine->memory};
    rig->subject->free_blocks(rig->self, laws_add_free, &layout);
    return num_mix(layout.sum + rig->machine->brk);
}

static bool laws_fail(struct lockstep *lockstep, unsigned number, const char *law,
                      const char *expected, const char *found) {
    struct rig *rig = &lockstep->rig[number];
    lockstep->failed = rig;
    return judge_fail(rig, law, expected, "%s", found);
}

/* ---- laws ---- */

/* The same program at two bases: the same results and the same heap. */
static bool law_deterministic(struct lockstep *lockstep, const uint8_t *bytes,
                              size_t length) {
    if (!lockstep_run(lockstep, bytes, length))
        return false;
    if (lockstep->rig[0].trace == lockstep->rig[1].trace &&
        laws_layout(&lockstep->rig[0]) == laws_layout(&lockstep->rig[1]))
        return true;
    return laws_fail(lockstep, 1, "determinism", "the same results at another base",
                     "others");
}

/* Runs a program, leaving its blocks allocated; records the subject if it fails. */
static bool laws_steps(struct lockstep *lockstep, unsigned number, const uint8_t *bytes,
                       size_t length) {
    struct rig *rig = &lockstep->rig[number];
    struct op op;
    lockstep->failed = rig;
    for (size_t at = 0; codec_decode(bytes, length, &at, &op);)
        if (!rig_step(rig, &op))
            return false;
    return true;
}

/* Frees every slot, upwards or downwards, and trims. */
static bool laws_free_all(struct lockstep *lockstep, unsigned number, bool downwards) {
    struct rig *rig = &lockstep->rig[number];
    lockstep->failed = rig;
    for (unsigned i = 0; i < OP_SLOTS; i++)
        if (!rig_free(rig, downwards ? OP_SLOTS - 1 - i : i))
            return false;
    return rig_finish(rig);
}

static bool law_any_order(struct lockstep *lockstep, const uint8_t *bytes,
                          size_t length) {
    for (unsigned i = 0; i < 2; i++) {
        rig_start(&lockstep->rig[i]);
        if (!laws_steps(lockstep, i, bytes, length) ||
            !laws_free_all(lockstep, i, i == 1))
            return false;
    }
    if (laws_layout(&lockstep->rig[0]) == laws_layout(&lockstep->rig[1]))
        return true;
    return laws_fail(lockstep, 1, "order of frees",
                     "the heap that the other order leaves", "another");
}

/* Empties the quarantine. */
static void laws_flush(struct rig *rig) {
    if (rig->subject->quarantines)
        rig->subject->trim(rig->self);
}

/* Allocates and frees a block: unless the heap grew for it, the heap is as before. */
static bool law_neutral(struct lockstep *lockstep, const uint8_t *bytes, size_t length) {
    static const size_t sizes[] = {1, 24, 100, 1000, 5000, 50000};
    struct rig *rig = &lockstep->rig[0];
    rig_start(rig);
    if (!laws_steps(lockstep, 0, bytes, length))
        return false;
    machine_refuse(rig->machine, 1, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        laws_flush(rig);
        uint64_t before = laws_layout(rig);
        size_t calls = rig->machine->calls;
        void *block = rig->subject->malloc(rig->self, sizes[i]);
        bool grew = calls != rig->machine->calls;
        if (block)
            rig->subject->free(rig->self, block);
        laws_flush(rig);
        if (!grew && laws_layout(rig) != before)
            return laws_fail(lockstep, 0, "malloc and free", "the heap as before",
                             "another");
    }
    return rig_finish(rig);
}

/* realloc against malloc, a copy and free: both runs are judged, and compared. */
static const struct subject *by_hand_of;

static void *by_hand_realloc(void *self, void *block, size_t size) {
    const struct subject *subject = by_hand_of;
    if (!block)
        return subject->malloc(self, size);
    if (size == 0) {
        subject->free(self, block);
        return NULL;
    }
    void *moved = subject->malloc(self, size);
    if (moved) {
        memcpy(moved, block, num_min(size, subject->usable_size(self, block)));
        subject->free(self, block);
    }
    return moved;
}

static bool law_realloc_by_hand(struct lockstep *lockstep, const uint8_t *bytes,
                                size_t length) {
    static struct subject by_hand;
    by_hand_of = lockstep->rig[0].subject;
    by_hand = *by_hand_of;
    by_hand.realloc = by_hand_realloc;
    by_hand.free_blocks = NULL; /* no growth in place to judge */
    lockstep->rig[1].subject = &by_hand;
    bool holds = lockstep_run(lockstep, bytes, length);
    lockstep->rig[1].subject = by_hand_of;
    return holds;
}

/* Refuses each kernel call in turn: NULL with ENOMEM, and nothing else has changed. */
static bool law_any_refusal(struct lockstep *lockstep, const uint8_t *bytes,
                            size_t length) {
    struct rig *rig = &lockstep->rig[0];
    size_t calls = SIZE_MAX;
    for (size_t refused = 0; refused <= calls; refused++) { /* 0: none */
        rig_start(rig);
        rig_refuse(rig, (unsigned)num_max(refused, 1), refused > 0);
        if (!laws_steps(lockstep, 0, bytes, length))
            return false;
        if (refused == 0)
            calls = num_min(rig->machine->calls, 64);
        if (!rig_finish(rig))
            return false;
    }
    return true;
}

/* Every mistake is reported, and nothing else fails; for subjects that are misused. */
static bool law_found(struct lockstep *lockstep, const uint8_t *bytes, size_t length) {
    return !lockstep->rig[0].subject->misused || lockstep_run(lockstep, bytes, length);
}

#define BIT(kind) (1u << OP_##kind)

const struct prop laws[] = {
    {"disjoint",
     "no two blocks overlap, and each lies in memory of the heap",
     {.often = BIT(MALLOC) | BIT(FREE)},
     1,
     lockstep_run},
    {"aligned",
     "each block is a multiple of 16, and of the requested alignment",
     {.often = BIT(ALIGNED_ALLOC)},
     1,
     lockstep_run},
    {"contents",
     "a block holds the bytes that the program wrote, also after a move",
     {.often = BIT(REALLOC) | BIT(WRITE)},
     1,
     lockstep_run},
    {"failed_realloc",
     "a realloc that is refused leaves the block and its bytes",
     {.often = BIT(REALLOC) | BIT(REFUSE)},
     1,
     lockstep_run},
    {"zeroed",
     "calloc returns zeroed memory, also where memory is reused",
     {.often = BIT(CALLOC) | BIT(FREE)},
     1,
     lockstep_run},
    {"usable",
     "usable size is at least the requested size, constant, and writable",
     {.often = BIT(USABLE_SIZE) | BIT(REALLOC)},
     1,
     lockstep_run},
    {"null",
     "NULL only for impossible requests, while the kernel refuses nothing",
     {.never = BIT(REFUSE)},
     1,
     lockstep_run},
    {"error",
     "a refusal sets ENOMEM or EINVAL, and free keeps errno",
     {.often = BIT(REFUSE) | BIT(FREE)},
     1,
     lockstep_run},
    {"statistics",
     "blocks and bytes in use are those of the program",
     {.often = BIT(REALLOC) | BIT(SBRK)},
     1,
     lockstep_run},
    {"leftover",
     "after everything is freed and trimmed the heap is as at the start",
     {.often = BIT(FREE) | BIT(TRIM)},
     1,
     lockstep_run},
    {"best_fit",
     "no other free block would have fitted better",
     {.often = BIT(MALLOC) | BIT(FREE), .never = BIT(REFUSE)},
     1,
     lockstep_run},
    {"deterministic",
     "a program has the same results at another base",
     {.never = 0},
     2,
     law_deterministic},
    {"any_order",
     "the order of the last frees does not matter to the heap",
     {.never = BIT(REFUSE) | BIT(SBRK)},
     2,
     law_any_order},
    {"neutral",
     "malloc and free leave the heap as it was",
     {.never = BIT(REFUSE)},
     1,
     law_neutral},
    {"realloc_by_hand",
     "realloc is malloc, a copy and free",
     {.often = BIT(REALLOC), .never = BIT(REFUSE)},
     2,
     law_realloc_by_hand},
    {"found",
     "every mistake of a program is found, and nothing else fails",
     {.often = BIT(OVERFLOW) | BIT(UNDERFLOW) | BIT(WRITE_AFTER_FREE) | BIT(DOUBLE_FREE) |
               BIT(INTERIOR_FREE) | BIT(FOREIGN_FREE) | BIT(FORGED_FREE) |
               BIT(DEAD_REALLOC) | BIT(DEAD_USABLE_SIZE) | BIT(PLANE_PROBE)},
     1,
     law_found},
    {"any_refusal",
     "one refused kernel call, whichever it is, breaks nothing",
     {.never = BIT(REFUSE), .most = 32},
     1,
     law_any_refusal},
};

const unsigned laws_count = sizeof laws / sizeof laws[0];
