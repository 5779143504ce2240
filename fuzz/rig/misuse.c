#include "fuzz/rig/misuse.h"

#include <string.h>

#include "fuzz/rig/judge.h"
#include "fuzz/rig/pattern.h"
#include "fuzz/rig/run.h"
#include "osmem/base/num.h"

static bool misuse_fail(struct rig *rig, const char *expected, enum op_kind kind,
                        const char *found) {
    return judge_fail(rig, "misuse", expected, "%s: %s", op_name(kind), found);
}

/* One of the words of a list with commas. */
static bool misuse_lists(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at++)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

/* ---- faults ---- */

/* As what a damage may be told. */
static const char *misuse_kinds_of(const struct misuse_damage *damage) {
    if (damage->kind == OP_OVERFLOW)
        return "heap-buffer-overflow";
    if (damage->region == REGION_IN_USE)
        return "heap-buffer-underflow,heap-buffer-overflow";
    return "write-after-free,heap-buffer-underflow";
}

static void misuse_drop(struct misuse *misuse, unsigned number) {
    misuse->pending[number] = misuse->pending[--misuse->pendings];
}

/* Puts right what the subject told of; false if nothing is damaged there. */
static bool misuse_settle(struct rig *rig, const struct subject_fault *fault) {
    struct misuse *misuse = &rig->misuse;
    bool any = false;
    for (unsigned i = misuse->pendings; i-- > 0;) {
        struct misuse_damage *damage = &misuse->pending[i];
        if (num_address(damage->at) - num_address(fault->damaged) >= fault->room)
            continue;
        any = true;
        memcpy(damage->at, damage->was, damage->length);
        misuse->found[damage->kind - OP_OVERFLOW]++;
        if (!misuse_lists(misuse_kinds_of(damage), fault->kind))
            misuse_fail(rig, misuse_kinds_of(damage), damage->kind, fault->kind);
        misuse_drop(misuse, i);
    }
    return any;
}

static void misuse_told(void *context, const struct subject_fault *fault) {
    struct rig *rig = context;
    struct misuse *misuse = &rig->misuse;
    if (misuse->kinds && fault->address == misuse->address) {
        misuse->told++;
        if (!misuse_lists(misuse->kinds, fault->kind))
            judge_fail(rig, "misuse", misuse->kinds, "%s", fault->kind);
        return;
    }
    if (!misuse_settle(rig, fault)) {
        judge_fail(rig, "misuse", "no fault", "%s", fault->kind);
        return;
    }
    misuse->again = misuse->argument && fault->damaged == misuse->argument;
}

void misuse_call(struct rig *rig, const void *block) {
    rig->misuse.argument = block;
    rig->misuse.again = false;
}

bool misuse_again(struct rig *rig) {
    bool again = rig->misuse.again && !rig->failure.oracle;
    rig->misuse.again = false;
    if (!again)
        rig->misuse.argument = NULL;
    return again;
}

/* ---- damage ---- */

static bool misuse_is_live(const struct rig *rig, const char *at, size_t length) {
    for (unsigned slot = 0; slot < OP_SLOTS; slot++) {
        const struct shadow_block *block = &rig->shadow.slot[slot];
        if (block->address && at < block->address + block->asked &&
            block->address < at + length)
            return true;
    }
    return false;
}

static bool misuse_overlaps(const struct misuse *misuse, const char *at, size_t length) {
    for (unsigned i = 0; i < misuse->pendings; i++)
        if (at < misuse->pending[i].at + misuse->pending[i].length &&
            misuse->pending[i].at < at + length)
            return true;
    return false;
}

/* Changes bytes if the subject promises to find that; of one granule, so that all fare alike. */
static bool misuse_damage(struct rig *rig, enum op_kind kind, const char *block, char *at,
                          size_t length, uint8_t bits) {
    struct misuse *misuse = &rig->misuse;
    length = num_min(length, MISUSE_BYTES - num_address(at) % MISUSE_BYTES);
    if (misuse->pendings == MISUSE_PENDING || length == 0 ||
        !machine_holds(rig->machine, at, length) || misuse_is_live(rig, at, length) ||
        misuse_overlaps(misuse, at, length))
        return true;
    struct misuse_damage damage = {
        .at = at,
        .block = block,
        .length = length,
        .kind = kind,
        .region = rig->subject->region(rig->self, at),
    };
    if (!(rig->subject->promises >> damage.region & 1) ||
        rig->subject->region(rig->self, at + length - 1) != damage.region)
        return true;
    for (size_t i = 0; i < length; i++) {
        damage.was[i] = (unsigned char)at[i];
        damage.wrote[i] = damage.was[i] ^ (unsigned char)(bits + 1 ? bits + 1 : 1);
    }
    memcpy(at, damage.wrote, length);
    machine_written(rig->machine, at, length);
    misuse->pending[misuse->pendings++] = damage;
    misuse->executed[kind - OP_OVERFLOW]++;
    return true;
}

/* What the slot holds, or the next one that holds something; NULL: none does. */
static struct shadow_block *misuse_live(struct rig *rig, unsigned slot) {
    for (unsigned i = 0; i < OP_SLOTS; i++) {
        struct shadow_block *block = &rig->shadow.slot[(slot + i) % OP_SLOTS];
        if (block->address)
            return block;
    }
    return NULL;
}

static bool misuse_overflow(struct rig *rig, const struct op *op) {
    const struct shadow_block *block = misuse_live(rig, op->slot);
    if (!block || block->asked != block->reserved)
        return true; /* without a canary the room is the user's */
    size_t most = MISUSE_BYTES - block->asked % MISUSE_BYTES;
    return misuse_damage(rig, OP_OVERFLOW, block->address, block->address + block->asked,
                         1 + op->count % most, op->count / 16);
}

static bool misuse_underflow(struct rig *rig, const struct op *op) {
    const struct shadow_block *block = misuse_live(rig, op->slot);
    size_t length = 1 + op->count % MISUSE_BYTES;
    if (!block)
        return true;
    return misuse_damage(rig, OP_UNDERFLOW, NULL, block->address - length, length,
                         op->count / 16);
}

static bool misuse_has_owner(const struct rig *rig, const char *address) {
    for (unsigned slot = 0; slot < OP_SLOTS; slot++)
        if (rig->shadow.slot[slot].address == address)
            return true;
    return false;
}

/* A block of before whose address nobody has, this one or one of the next; NULL: there is none. */
static const struct shadow_block *misuse_dead(const struct rig *rig, unsigned number) {
    for (unsigned i = 0; i < MISUSE_DEAD; i++) {
        const struct shadow_block *dead = &rig->misuse.dead[(number + i) % MISUSE_DEAD];
        if (dead->address && !misuse_has_owner(rig, dead->address))
            return dead;
    }
    return NULL;
}

static bool misuse_write_after_free(struct rig *rig, const struct op *op) {
    const struct shadow_block *dead = misuse_dead(rig, op->slot);
    if (!dead || dead->reserved == 0)
        return true;
    size_t offset = op->count * dead->reserved / 256;
    size_t length = num_min(1 + op->count % MISUSE_BYTES, dead->reserved - offset);
    return misuse_damage(rig, OP_WRITE_AFTER_FREE, NULL, dead->address + offset, length,
                         op->count / 16);
}

/* Each damage was told of before its block changed its state. */
static bool misuse_watch(struct rig *rig) {
    struct misuse *misuse = &rig->misuse;
    for (unsigned i = misuse->pendings; i-- > 0;) {
        struct misuse_damage *damage = &misuse->pending[i];
        enum subject_region now = rig->subject->region(rig->self, damage->at);
        bool is_free = damage->region == REGION_FREE || damage->region == REGION_LINK;
        bool still_free = now == REGION_FREE || now == REGION_LINK;
        /* A link may come to stand there, and memory may go back to the system. */
        if (is_free &&
            (now == REGION_NONE ||
             (still_free && memcmp(damage->at, damage->wrote, damage->length) != 0))) {
            misuse->executed[damage->kind - OP_OVERFLOW]--;
            misuse_drop(misuse, i);
        } else if (now != damage->region && !(is_free && still_free))
            return misuse_fail(rig, misuse_kinds_of(damage), damage->kind,
                               "nothing was told");
    }
    return true;
}

/* ---- bad calls ---- */

static uint64_t misuse_expect(struct rig *rig, const char *kinds, const char *address) {
    rig->misuse.told = 0;
    rig->misuse.kinds = kinds;
    rig->misuse.address = address;
    return rig->subject->digest(rig->self);
}

/* The call was told of once and has changed nothing. */
static bool misuse_expected(struct rig *rig, const struct op *op, uint64_t before) {
    struct misuse *misuse = &rig->misuse;
    const char *kinds = misuse->kinds;
    misuse->kinds = NULL;
    misuse->executed[op->kind - OP_OVERFLOW]++;
    misuse->found[op->kind - OP_OVERFLOW] += misuse->told == 1;
    if (misuse->told != 1)
        return misuse_fail(rig, kinds, (enum op_kind)op->kind,
                           misuse->told ? "told twice" : "nothing was told");
    if (rig->subject->digest(rig->self) != before)
        return misuse_fail(rig, "a bad call does nothing", (enum op_kind)op->kind,
                           "the blocks in use differ");
    return !rig->failure.oracle;
}

static bool misuse_bad_free(struct rig *rig, const struct op *op, char *address,
                            const char *kinds) {
    uint64_t before = misuse_expect(rig, kinds, address);
    rig->subject->free(rig->self, address);
    return misuse_expected(rig, op, before);
}

/* As what a call with a dead block's address is told. */
static const char *misuse_dead_kinds(const struct rig *rig,
                                     const struct shadow_block *dead,
                                     const char *if_free) {
    switch (rig->subject->region(rig->self, dead->address)) {
    case REGION_IN_USE:
    case REGION_REST:
        return "interior-pointer"; /* of a longer block that is there now */
    case REGION_NONE:
        return "double-free,use-after-free,foreign-pointer,forged-pointer";
    default:
        return if_free;
    }
}

static bool misuse_double_free(struct rig *rig, const struct op *op) {
    const struct shadow_block *dead = misuse_dead(rig, op->slot);
    return !dead || misuse_bad_free(rig, op, dead->address,
                                    misuse_dead_kinds(rig, dead, "double-free"));
}

static bool misuse_interior_free(struct rig *rig, const struct op *op) {
    const struct shadow_block *block = misuse_live(rig, op->slot);
    if (!block || block->reserved < 2)
        return true;
    size_t offset = 1 + op->count * (block->reserved - 1) / 256;
    return misuse_bad_free(rig, op, block->address + offset,
                           offset % 16 ? "misaligned-pointer" : "interior-pointer");
}

/* The middle of a block, made to look like one by whatever a header could be. */
static bool misuse_forged_free(struct rig *rig, const struct op *op) {
    struct shadow_block *block = misuse_live(rig, op->slot);
    if (!block || block->reserved < 64)
        return true;
    char *forged = block->address + 32;
    size_t header[2] = {0, 1 + ((size_t)op->count & ~(size_t)15)};
    memcpy(forged - sizeof header, header, sizeof header);
    machine_written(rig->machine, forged - sizeof header, sizeof header);
    bool sound = misuse_bad_free(rig, op, forged, "interior-pointer");
    pattern_fill(block->address, block->asked, block->serial);
    return sound;
}

static bool misuse_foreign_free(struct rig *rig, const struct op *op) {
    static char global[64] __attribute__((aligned(16)));
    char stack[64] __attribute__((aligned(16)));
    char *const strangers[] = {global, stack, stack + 16, (char *)(uintptr_t)4096,
                               (char *)(uintptr_t)-16};
    return misuse_bad_free(rig, op, strangers[op->count % 5], "foreign-pointer");
}

static bool misuse_plane_probe(struct rig *rig, const struct op *op) {
    char *own = rig->subject->own(rig->self, op->count);
    return !own || misuse_bad_free(rig, op, own, "forged-pointer");
}

static bool misuse_dead_realloc(struct rig *rig, const struct op *op) {
    const struct shadow_block *dead = misuse_dead(rig, op->slot);
    if (!dead)
        return true;
    size_t size = size_bytes(op->size, rig->shadow.last_size, op->slot);
    uint64_t before =
        misuse_expect(rig, misuse_dead_kinds(rig, dead, "double-free"), dead->address);
    if (rig->subject->realloc(rig->self, dead->address, size))
        return misuse_fail(rig, "NULL", OP_DEAD_REALLOC, "a block");
    return misuse_expected(rig, op, before);
}

static bool misuse_dead_usable_size(struct rig *rig, const struct op *op) {
    const struct shadow_block *dead = misuse_dead(rig, op->slot);
    if (!dead)
        return true;
    uint64_t before =
        misuse_expect(rig, misuse_dead_kinds(rig, dead, "use-after-free"), dead->address);
    if (rig->subject->usable_size(rig->self, dead->address) != 0)
        return misuse_fail(rig, "0", OP_DEAD_USABLE_SIZE, "a size");
    return misuse_expected(rig, op, before);
}

bool misuse_do(struct rig *rig, const struct op *op) {
    switch (op->kind) {
    case OP_OVERFLOW:
        return misuse_overflow(rig, op);
    case OP_UNDERFLOW:
        return misuse_underflow(rig, op);
    case OP_WRITE_AFTER_FREE:
        return misuse_write_after_free(rig, op);
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
    misuse->pendings = misuse->deads = 0;
    misuse->kinds = NULL;
    misuse_call(rig, NULL);
    memset(misuse->dead, 0, sizeof misuse->dead);
    rig->subject->watch(rig->self, misuse_told, rig);
}

/* Of what lies right beside a block that came back, a subject that looks around has told. */
static bool misuse_looked_around(struct rig *rig, const struct shadow_block *dead) {
    const struct misuse *misuse = &rig->misuse;
    size_t room =
        num_ceil(dead->reserved + rig->subject->behind, rig->subject->alignment);
    if (num_address(dead->address) % MACHINE_PAGE == 0)
        return true; /* it may have had a mapping of its own, which has no neighbours */
    for (unsigned i = 0; i < misuse->pendings; i++) {
        const struct misuse_damage *damage = &misuse->pending[i];
        bool left = num_address(dead->address) - num_address(damage->at) <= MISUSE_BYTES;
        if (left || damage->block == dead->address + room)
            return misuse_fail(rig, misuse_kinds_of(damage), damage->kind,
                               "nothing was told by the free right beside it");
    }
    return true;
}

bool misuse_after(struct rig *rig, const struct shadow_block *dead) {
    struct misuse *misuse = &rig->misuse;
    if (rig->failure.oracle || !misuse_watch(rig))
        return false;
    if (!dead->address)
        return true;
    misuse->dead[misuse->deads++ % MISUSE_DEAD] = *dead;
    return !rig->subject->looks_around || misuse_looked_around(rig, dead);
}

bool misuse_finish(struct rig *rig) {
    struct misuse *misuse = &rig->misuse;
    while (misuse->pendings) {
        unsigned before = misuse->pendings;
        rig->subject->tell(rig->self);
        if (rig->failure.oracle)
            return false;
        if (misuse->pendings == before)
            return misuse_fail(rig, misuse_kinds_of(&misuse->pending[0]),
                               misuse->pending[0].kind, "nothing was told at the end");
    }
    return true;
}
