#include "fuzz/ops/mutate.h"

#include <string.h>

#include "fuzz/ops/program.h"

/* ---- operations ---- */

/* The common operations; others come from mutated bytes and from the seed corpus. */
static const uint8_t mutate_kinds[] = {
    OP_MALLOC,  OP_MALLOC,        OP_MALLOC,      OP_CALLOC,     OP_REALLOC,
    OP_REALLOC, OP_REALLOC,       OP_FREE,        OP_FREE,       OP_FREE,
    OP_FREE,    OP_ALIGNED_ALLOC, OP_WRITE,       OP_TRIM,       OP_REFUSE,
    OP_SBRK,    OP_REALLOC,       OP_USABLE_SIZE, OP_FREE_SIZED,
};

/* Small slots more often, so that operations act on the same block. */
static uint8_t mutate_slot(struct random *random) {
    static const uint8_t most[] = {4, 8, OP_SLOTS, OP_SLOTS};
    return (uint8_t)random_below(random, most[random_below(random, 4)]);
}

static struct op_size mutate_size(struct random *random) {
    if (random_below(random, 32) == 0) /* a special case everywhere */
        return (struct op_size){SIZE_BYTE, 0};
    struct op_size size = {(uint8_t)random_below(random, SIZE_CLASSES),
                           (uint32_t)random_below(random, 1024)};
    if (size_is_any(size)) {
        uint32_t bits =
            4 + (uint32_t)random_below(random, 13); /* each length equally likely */
        size.number |= (uint32_t)random_below(random, (size_t)1 << bits) << 10;
    }
    return size;
}

struct op mutate_new_op(struct random *random) {
    size_t kind = random_below(random, sizeof mutate_kinds);
    struct op op = {.kind = mutate_kinds[kind],
                    .slot = mutate_slot(random),
                    .size = mutate_size(random),
                    .size2 = {SIZE_BYTE, (uint32_t)random_below(random, 8)},
                    .alignment = (uint8_t)random_below(random, 16),
                    .count = (uint8_t)random_next(random)};
    if (random_below(random, 16) == 0)
        op.size2 = (struct op_size){SIZE_RARE, (uint32_t)random_below(random, RARE_HUGE)};
    return op;
}

/* Changes one operand or the kind, or replaces the operation. */
static void mutate_op(struct op *op, struct random *random) {
    switch (random_below(random, 6)) {
    case 0:
        op->slot = mutate_slot(random);
        break;
    case 1:
        op->size = mutate_size(random);
        break;
    case 2: /* up to four steps of the class up or down */
        if (!size_is_any(op->size))
            op->size.number =
                (op->size.number + 1020 + (uint32_t)random_below(random, 9)) & 1023;
        if (size_is_any(op->size))
            op->size = mutate_size(random);
        break;
    case 3:
        op->count = (uint8_t)random_next(random);
        op->alignment = (uint8_t)random_below(random, 16);
        break;
    case 4:
        op->kind = mutate_kinds[random_below(random, sizeof mutate_kinds)];
        break;
    default:
        *op = mutate_new_op(random);
    }
    op->spare = 0;
}

/* ---- programs ---- */

static void mutate_insert(struct program *list, struct random *random) {
    size_t count = 1 + random_below(random, 4);
    size_t at = random_below(random, list->count + 1);
    if (program_open(list, at, count))
        for (size_t i = 0; i < count; i++)
            list->op[at + i] = mutate_new_op(random);
}

static uint8_t mutate_alloc_kind(struct random *random) {
    static const uint8_t kinds[] = {OP_MALLOC, OP_MALLOC, OP_CALLOC, OP_ALIGNED_ALLOC};
    return kinds[random_below(random, sizeof kinds)];
}

/* Two to 32 blocks of one size, so that a heap fills up. */
static void mutate_fill(struct program *list, struct random *random) {
    size_t count = (size_t)2 << random_below(random, 5);
    size_t at = random_below(random, list->count + 1);
    struct op op = mutate_new_op(random);
    op.kind = mutate_alloc_kind(random);
    if (!program_open(list, at, count))
        return;
    for (size_t i = 0; i < count; i++) {
        list->op[at + i] = op;
        op.slot = (op.slot + 1) % OP_SLOTS;
    }
}

static struct op mutate_refusal(struct random *random) {
    struct op op = mutate_new_op(random);
    op.kind = OP_REFUSE;
    op.count &= 0x13; /* of the next four calls, one or two */
    return op;
}

/* A large block with a mapping of its own, then a realloc of it, with and without
 * refusals: random bytes rarely make either. */
static void mutate_large(struct program *list, struct random *random) {
    struct op op = mutate_new_op(random), steps[4];
    size_t count = 0, at = random_below(random, list->count + 1);
    for (int i = 0; i < 2; i++) {
        op.kind = i ? OP_REALLOC : mutate_alloc_kind(random);
        op.size = (struct op_size){
            SIZE_RARE, RARE_HUGE + (uint32_t)random_below(random, RARE_ANY - RARE_HUGE)};
        if (random_below(random, 2))
            steps[count++] = mutate_refusal(random);
        steps[count++] = op;
    }
    if (program_open(list, at, count))
        memcpy(&list->op[at], steps, count * sizeof steps[0]);
}

static struct op mutate_foreign_sbrk(struct random *random, uint8_t direction) {
    struct op op = mutate_new_op(random);
    op.kind = OP_SBRK;
    op.count = (op.count & 0x7f) | direction;
    return op;
}

/* A refused kernel call, or another user of sbrk that raises or lowers the break or both;
 * often before the first operation, since a heap starts only once. */
static void mutate_disturb(struct program *list, struct random *random) {
    struct op steps[2];
    size_t count = 0;
    size_t at = random_below(random, 4) ? random_below(random, list->count) : 0;
    if (random_below(random, 2)) {
        steps[count++] = mutate_refusal(random);
    } else {
        size_t which = 1 + random_below(random, 3);
        if (which & 1)
            steps[count++] = mutate_foreign_sbrk(random, 0);
        if (which & 2)
            steps[count++] = mutate_foreign_sbrk(random, 0x80);
    }
    if (program_open(list, at, count))
        memcpy(&list->op[at], steps, count * sizeof steps[0]);
}

static bool mutate_has_mistakes(const struct program *list) {
    for (size_t i = 0; i < list->count; i++)
        if (list->op[i].kind >= OP_OVERFLOW && list->op[i].kind <= OP_PLANE_PROBE)
            return true;
    return false;
}

/* More mistakes in a program that has some; targets without misuse ignore them. */
static void mutate_add_mistakes(struct program *list, struct random *random) {
    enum {
        KINDS = OP_PLANE_PROBE - OP_OVERFLOW + 1
    };
    size_t count = 1 + random_below(random, 2);
    size_t at = random_below(random, list->count + 1);
    if (!program_open(list, at, count))
        return;
    for (size_t i = 0; i < count; i++) {
        list->op[at + i] = mutate_new_op(random);
        list->op[at + i].kind = (uint8_t)(OP_OVERFLOW + random_below(random, KINDS));
    }
}

/* Copies some operations to another place. */
static void mutate_repeat(struct program *list, struct random *random) {
    struct op stretch[16];
    size_t from = random_below(random, list->count);
    size_t count = 1 + random_below(random, sizeof stretch / sizeof stretch[0]);
    if (count > list->count - from)
        count = list->count - from;
    memcpy(stretch, &list->op[from], count * sizeof stretch[0]);
    size_t at = random_below(random, list->count + 1);
    if (program_open(list, at, count))
        memcpy(&list->op[at], stretch, count * sizeof stretch[0]);
}

static void mutate_swap(struct program *list, struct random *random) {
    size_t a = random_below(random, list->count), b = random_below(random, list->count);
    struct op op = list->op[a];
    list->op[a] = list->op[b];
    list->op[b] = op;
}

static void mutate_once(struct program *list, struct random *random) {
    size_t which = random_below(random, 11);
    if (list->count == 0 || which < 3)
        mutate_insert(list, random);
    else if (which < 5)
        mutate_op(&list->op[random_below(random, list->count)], random);
    else if (which == 5)
        mutate_repeat(list, random);
    else if (which == 6)
        mutate_swap(list, random);
    else if (which == 7)
        mutate_fill(list, random);
    else if (which == 8)
        mutate_disturb(list, random);
    else if (which == 9)
        mutate_large(list, random);
    else {
        size_t at = random_below(random, list->count);
        size_t count = 1 + random_below(random, 4);
        program_remove(list, at, count < list->count - at ? count : list->count - at);
    }
}

size_t mutate_program(uint8_t *bytes, size_t length, size_t most, uint64_t seed) {
    static struct program list;
    struct random random = {seed};
    program_read(&list, bytes, length);
    for (size_t times = 1 + random_below(&random, 4); times > 0; times--)
        mutate_once(&list, &random);
    if (mutate_has_mistakes(&list) && random_below(&random, 2))
        mutate_add_mistakes(&list, &random);
    return program_write(&list, bytes, most);
}

size_t mutate_cross(const uint8_t *one, size_t one_length, const uint8_t *other,
                    size_t other_length, uint8_t *out, size_t most, uint64_t seed) {
    static struct program list, donor;
    struct random random = {seed};
    program_read(&list, one, one_length);
    program_read(&donor, other, other_length);
    list.count = random_below(&random, list.count + 1);
    size_t from = random_below(&random, donor.count + 1);
    size_t count = random_below(&random, donor.count - from + 1);
    if (count > PROGRAM_OPS - list.count)
        count = PROGRAM_OPS - list.count;
    memcpy(&list.op[list.count], &donor.op[from], count * sizeof list.op[0]);
    list.count += count;
    return program_write(&list, out, most);
}
