#include "fuzz/rig/misuse.h"

#include <string.h>

#include "fuzz/rig/damage.h"
#include "fuzz/rig/judge.h"
#include "fuzz/rig/pattern.h"
#include "osmem/base/num.h"

/* ---- reports ---- */

static void misuse_on_report(void *context, const struct subject_report *report) {
    struct rig *rig = context;
    struct misuse *misuse = &rig->misuse;
    if (misuse->kinds && report->address == misuse->address) {
        misuse->reports++;
        if (!judge_is_listed(misuse->kinds, report->kind))
            judge_fail(rig, "misuse", misuse->kinds, "%s", report->kind);
        return;
    }
    if (!damage_repair(rig, report)) {
        judge_fail(rig, "misuse", "no report", "%s", report->kind);
        return;
    }
    misuse->retry = misuse->argument && report->damaged == misuse->argument;
}

void misuse_begin_call(struct rig *rig, const void *block) {
    rig->misuse.argument = block;
    rig->misuse.retry = false;
}

bool misuse_must_retry(struct rig *rig) {
    bool again = rig->misuse.retry && !rig->failure.oracle;
    rig->misuse.retry = false;
    if (!again)
        rig->misuse.argument = NULL;
    return again;
}

/* ---- bad calls ---- */

static uint64_t misuse_expect(struct rig *rig, const char *kinds, const char *address) {
    rig->misuse.reports = 0;
    rig->misuse.kinds = kinds;
    rig->misuse.address = address;
    return rig->subject->digest(rig->self);
}

/* The call was reported once and has changed nothing. */
static bool misuse_expected(struct rig *rig, const struct op *op, uint64_t before) {
    struct misuse *misuse = &rig->misuse;
    const char *kinds = misuse->kinds;
    misuse->kinds = NULL;
    misuse->executed[op->kind - OP_OVERFLOW]++;
    misuse->found[op->kind - OP_OVERFLOW] += misuse->reports == 1;
    if (misuse->reports != 1)
        return judge_misuse(rig, kinds, (enum op_kind)op->kind,
                            misuse->reports ? "reported twice" : "not reported");
    if (rig->subject->digest(rig->self) != before)
        return judge_misuse(rig, "a bad call does nothing", (enum op_kind)op->kind,
                            "the blocks in use differ");
    return !rig->failure.oracle;
}

static bool misuse_bad_free(struct rig *rig, const struct op *op, char *address,
                            const char *kinds) {
    uint64_t before = misuse_expect(rig, kinds, address);
    rig->subject->free(rig->self, address);
    return misuse_expected(rig, op, before);
}

/* The kinds as which a call with the address of a freed block may be reported. */
static const char *misuse_dead_kinds(const struct rig *rig,
                                     const struct shadow_block *freed,
                                     const char *if_free) {
    switch (rig->subject->region(rig->self, freed->address)) {
    case REGION_IN_USE:
    case REGION_UNCHECKED:
        return "interior-pointer"; /* of a longer block, now there */
    case REGION_LEFT_PADDING:
        return "forged-pointer";
    case REGION_NONE:
        return "double-free,use-after-free,foreign-pointer,forged-pointer";
    default:
        return if_free;
    }
}

static bool misuse_double_free(struct rig *rig, const struct op *op) {
    const struct shadow_block *freed = shadow_next_freed(&rig->shadow, op->slot);
    return !freed || misuse_bad_free(rig, op, freed->address,
                                     misuse_dead_kinds(rig, freed, "double-free"));
}

static bool misuse_interior_free(struct rig *rig, const struct op *op) {
    const struct shadow_block *block = shadow_next_live(&rig->shadow, op->slot);
    if (!block || block->usable < 2)
        return true;
    size_t offset = 1 + op->count * (block->usable - 1) / 256;
    return misuse_bad_free(rig, op, block->address + offset,
                           offset % 16 ? "misaligned-pointer" : "interior-pointer");
}

/* The middle of a block, behind what could be the header of a block. */
static bool misuse_forged_free(struct rig *rig, const struct op *op) {
    struct shadow_block *block = shadow_next_live(&rig->shadow, op->slot);
    if (!block || block->usable < 64)
        return true;
    char *forged = block->address + 32;
    size_t header[2] = {0, 1 + ((size_t)op->count & ~(size_t)15)};
    memcpy(forged - sizeof header, header, sizeof header);
    machine_report_write(rig->machine, forged - sizeof header, sizeof header);
    bool sound = misuse_bad_free(rig, op, forged, "interior-pointer");
    pattern_fill(block->address, block->requested, block->serial);
    return sound;
}

static bool misuse_foreign_free(struct rig *rig, const struct op *op) {
    static char global[64] __attribute__((aligned(16)));
    char stack[64] __attribute__((aligned(16)));
    char *const unknown[] = {global, stack, stack + 16, (char *)(uintptr_t)4096,
                             (char *)(uintptr_t)-16};
    return misuse_bad_free(rig, op, unknown[op->count % 5], "foreign-pointer");
}

static bool misuse_plane_probe(struct rig *rig, const struct op *op) {
    char *own = rig->subject->metadata(rig->self, op->count);
    return !own || misuse_bad_free(rig, op, own, "forged-pointer");
}

static bool misuse_dead_realloc(struct rig *rig, const struct op *op) {
    const struct shadow_block *freed = shadow_next_freed(&rig->shadow, op->slot);
    if (!freed)
        return true;
    size_t size = size_bytes(op->size, rig->shadow.last_size, op->slot);
    uint64_t before =
        misuse_expect(rig, misuse_dead_kinds(rig, freed, "double-free"), freed->address);
    if (rig->subject->realloc(rig->self, freed->address, size))
        return judge_misuse(rig, "NULL", OP_DEAD_REALLOC, "a block");
    return misuse_expected(rig, op, before);
}

static bool misuse_dead_usable_size(struct rig *rig, const struct op *op) {
    const struct shadow_block *freed = shadow_next_freed(&rig->shadow, op->slot);
    if (!freed)
        return true;
    uint64_t before = misuse_expect(rig, misuse_dead_kinds(rig, freed, "use-after-free"),
                                    freed->address);
    if (rig->subject->usable_size(rig->self, freed->address) != 0)
        return judge_misuse(rig, "0", OP_DEAD_USABLE_SIZE, "a size");
    return misuse_expected(rig, op, before);
}

bool misuse_do(struct rig *rig, const struct op *op) {
    switch (op->kind) {
    case OP_OVERFLOW:
        return damage_overflow(rig, op);
    case OP_UNDERFLOW:
        return damage_underflow(rig, op);
    case OP_WRITE_AFTER_FREE:
        return damage_write_after_free(rig, op);
    case OP_DOUBLE_FREE:
        return misuse_double_free(rig, op);
    case OP_INTERIOR_FREE:
        return misuse_interior_free(rig, op);
    case OP_FOREIGN_FREE:
        return misuse_foreign_free(rig, op);
    case OP_FORGED_FREE:
        return misuse_forged_free(rig, op);
    case OP_DEAD_REALLOC:
        return misuse_dead_realloc(rig, op);
    case OP_DEAD_USABLE_SIZE:
        return misuse_dead_usable_size(rig, op);
    case OP_PLANE_PROBE:
        return misuse_plane_probe(rig, op);
    default:
        return true;
    }
}

/* ---- a run ---- */

void misuse_start(struct rig *rig) {
    struct misuse *misuse = &rig->misuse;
    misuse->pendings = 0;
    misuse->kinds = NULL;
    misuse_begin_call(rig, NULL);
    rig->subject->set_handler(rig->self, misuse_on_report, rig);
}

bool misuse_after(struct rig *rig, const struct shadow_block *freed) {
    if (rig->failure.oracle || !damage_check(rig))
        return false;
    if (!freed->address)
        return true;
    shadow_note_freed(&rig->shadow, freed);
    return !rig->subject->checks_neighbours || damage_check_neighbours(rig, freed);
}

bool misuse_finish(struct rig *rig) {
    return damage_finish(rig);
}
