#include "fuzz/rig/damage.h"

#include <string.h>

#include "fuzz/rig/judge.h"
#include "osmem/base/num.h"

/* A block of so many bytes has a mapping of its own, and no neighbour within a page. */
enum {
    DAMAGE_LARGE = 128 << 10,
};

/* The kinds as which a damage may be reported. */
static const char *damage_kinds(const struct misuse_damage *damage) {
    if (damage->region == REGION_LINK)
        return "write-after-free";
    if (damage->kind == OP_OVERFLOW && damage->at == damage->end)
        return "heap-buffer-overflow";
    if (damage->region == REGION_LEFT_PADDING)
        return "heap-buffer-underflow";
    if (damage->region == REGION_IN_USE)
        return "heap-buffer-underflow,heap-buffer-overflow";
    return "write-after-free,heap-buffer-underflow";
}

static void damage_drop(struct misuse *misuse, unsigned number) {
    misuse->pending[number] = misuse->pending[--misuse->pendings];
}

/* The call that reports a damage is over: what it freed or handed out on the way is not written to. */
static bool damage_still_stands(const struct rig *rig,
                                const struct misuse_damage *damage) {
    return damage->region != REGION_LINK &&
           rig->subject->region(rig->self, damage->at) == damage->region &&
           memcmp(damage->at, damage->wrote, damage->length) == 0;
}

bool damage_repair(struct rig *rig, const struct subject_report *report) {
    struct misuse *misuse = &rig->misuse;
    bool any = false;
    for (unsigned i = misuse->pendings; i-- > 0;) {
        struct misuse_damage *damage = &misuse->pending[i];
        bool link = damage->region == REGION_LINK;
        if (num_address(damage->at) - num_address(report->damaged) >= report->size ||
            link != report->link)
            continue;
        any = true;
        if (damage_still_stands(rig, damage))
            memcpy(damage->at, damage->was, damage->length);
        misuse->found[damage->kind - OP_OVERFLOW]++;
        if (!judge_is_listed(damage_kinds(damage), report->kind))
            judge_misuse(rig, damage_kinds(damage), damage->kind, report->kind);
        damage_drop(misuse, i);
    }
    return any;
}

/* ---- writing ---- */

static bool damage_hits_live(const struct rig *rig, const char *at, size_t length) {
    for (unsigned slot = 0; slot < OP_SLOTS; slot++) {
        const struct shadow_block *block = &rig->shadow.slot[slot];
        if (block->address && at < block->address + block->requested &&
            block->address < at + length)
            return true;
    }
    return false;
}

static bool damage_overlaps(const struct misuse *misuse, const char *at, size_t length) {
    for (unsigned i = 0; i < misuse->pendings; i++)
        if (at < misuse->pending[i].at + misuse->pending[i].length &&
            misuse->pending[i].at < at + length)
            return true;
    return false;
}

/* Changes bytes of one granule if the subject detects that, so that one report repairs
 * all. `block`: of an overflow. */
static bool damage_write(struct rig *rig, enum op_kind kind,
                         const struct shadow_block *block, char *at, size_t length,
                         uint8_t bits) {
    struct misuse *misuse = &rig->misuse;
    length = num_min(length, MISUSE_BYTES - num_address(at) % MISUSE_BYTES);
    if (misuse->pendings == MISUSE_PENDING || length == 0 ||
        !machine_holds(rig->machine, at, length) || damage_hits_live(rig, at, length) ||
        damage_overlaps(misuse, at, length))
        return true;
    struct misuse_damage damage = {
        .at = at,
        .block = block ? block->address : NULL,
        .end = block ? block->address + block->requested : NULL,
        .length = length,
        .kind = kind,
        .region = rig->subject->region(rig->self, at),
    };
    if (!(rig->subject->detects >> damage.region & 1) ||
        rig->subject->region(rig->self, at + length - 1) != damage.region)
        return true;
    for (size_t i = 0; i < length; i++) {
        damage.was[i] = (unsigned char)at[i];
        damage.wrote[i] = damage.was[i] ^ (unsigned char)(bits + 1 ? bits + 1 : 1);
    }
    memcpy(at, damage.wrote, length);
    machine_report_write(rig->machine, at, length);
    misuse->pending[misuse->pendings++] = damage;
    misuse->executed[kind - OP_OVERFLOW]++;
    return true;
}

bool damage_overflow(struct rig *rig, const struct op *op) {
    const struct shadow_block *block = shadow_next_live(&rig->shadow, op->slot);
    if (!block || block->requested != block->usable)
        return true; /* without a canary the bytes behind are the user's too */
    if (block->requested >= DAMAGE_LARGE && op->count & 1) {
        size_t far = op->count * (MACHINE_PAGE / 256);
        return damage_write(rig, OP_OVERFLOW, block,
                            block->address + block->requested + far, 1 + op->count / 16,
                            op->count / 16);
    }
    size_t most = MISUSE_BYTES - block->requested % MISUSE_BYTES;
    size_t skipped = op->count / 16 % most;
    return damage_write(rig, OP_OVERFLOW, block,
                        block->address + block->requested + skipped,
                        1 + op->count % (most - skipped), op->count / 16);
}

bool damage_underflow(struct rig *rig, const struct op *op) {
    const struct shadow_block *block = shadow_next_live(&rig->shadow, op->slot);
    size_t length = 1 + op->count % MISUSE_BYTES;
    if (!block)
        return true;
    return damage_write(rig, OP_UNDERFLOW, NULL, block->address - length, length,
                        op->count / 16);
}

bool damage_write_after_free(struct rig *rig, const struct op *op) {
    const struct shadow_block *freed = shadow_next_freed(&rig->shadow, op->slot);
    if (!freed || freed->usable == 0)
        return true;
    /* A quarter of them hit the links of a free list. */
    size_t offset = op->count < 64 ? 0 : (op->count - 64u) * freed->usable / 192;
    size_t length = num_min(1 + op->count % MISUSE_BYTES, freed->usable - offset);
    return damage_write(rig, OP_WRITE_AFTER_FREE, NULL, freed->address + offset, length,
                        op->count / 16);
}

/* A free block may get a link there, and its pages may go back to the kernel. */
static bool damage_is_gone(const struct misuse_damage *damage, enum subject_region now,
                           bool unchanged) {
    return damage->region == REGION_FREE &&
           (now == REGION_LINK ||
            (!unchanged && (now == REGION_FREE || now == REGION_NONE)));
}

bool damage_check(struct rig *rig) {
    struct misuse *misuse = &rig->misuse;
    for (unsigned i = misuse->pendings; i-- > 0;) {
        const struct misuse_damage *damage = &misuse->pending[i];
        enum subject_region now = rig->subject->region(rig->self, damage->at);
        bool unchanged =
            now != REGION_NONE && memcmp(damage->at, damage->wrote, damage->length) == 0;
        if (damage_is_gone(damage, now, unchanged)) {
            misuse->executed[damage->kind - OP_OVERFLOW]--;
            damage_drop(misuse, i);
            continue;
        }
        if (!unchanged || now != damage->region)
            return judge_misuse(rig, damage_kinds(damage), damage->kind, "not reported");
    }
    return true;
}

bool damage_check_neighbours(struct rig *rig, const struct shadow_block *freed) {
    const struct misuse *misuse = &rig->misuse;
    size_t size =
        num_ceil(freed->usable + rig->subject->canary_min, rig->subject->alignment);
    if (num_address(freed->address) % MACHINE_PAGE == 0)
        return true; /* it may have had a mapping of its own, without neighbours */
    for (unsigned i = 0; i < misuse->pendings; i++) {
        const struct misuse_damage *damage = &misuse->pending[i];
        bool left = num_address(freed->address) - num_address(damage->at) <= MISUSE_BYTES;
        if (left || damage->block == freed->address + size)
            return judge_misuse(rig, damage_kinds(damage), damage->kind,
                                "no report by the free of a neighbour");
    }
    return true;
}

bool damage_finish(struct rig *rig) {
    struct misuse *misuse = &rig->misuse;
    while (misuse->pendings) {
        unsigned before = misuse->pendings;
        rig->subject->report_damage(rig->self);
        if (rig->failure.oracle)
            return false;
        if (misuse->pendings == before)
            return judge_misuse(rig, damage_kinds(&misuse->pending[0]),
                                misuse->pending[0].kind,
                                "no report by the check at the end");
    }
    return true;
}
