#include "fuzz/ops/mutate.h"

#include <string.h>

#include "fuzz/ops/codec.h"

enum {
    MUTATE_OPS = 4096, /* longer programs are changed in their beginning and cut */
};

struct mutate_list {
    struct op op[MUTATE_OPS];
    size_t count;
};

uint64_t mutate_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint64_t word = *state ^ *state >> 33;
    return word * 0xff51afd7ed558ccdu >> 20;
}

static size_t mutate_below(uint64_t *random, size_t n) {
    return (size_t)(mutate_random(random) % n);
}

/* ---- operations ---- */

/* What a program mostly does; the others come by chance of bytes, and from the seeds. */
static const uint8_t mutate_kinds[] = {
    OP_MALLOC,  OP_MALLOC, OP_MALLOC, OP_CALLOC, OP_REALLOC, OP_REALLOC,
    OP_REALLOC, OP_FREE,   OP_FREE,   OP_FREE,   OP_FREE,    OP_ALIGNED_ALLOC,
    OP_WRITE,   OP_TRIM,   OP_REFUSE, OP_SBRK,   OP_REALLOC, OP_USABLE_SIZE,
};

/* Small slots more often, so that operations meet. */
static uint8_t mutate_slot(uint64_t *random) {
    static const uint8_t most[] = {4, 8, OP_SLOTS, OP_SLOTS};
    return (uint8_t)mutate_below(random, most[mutate_below(random, 4)]);
}

static struct op_size mutate_size(uint64_t *random) {
    struct op_size size = {(uint8_t)mutate_below(random, SIZE_CLASSES),
                           (uint32_t)mutate_below(random, 1024)};
    if (size_is_any(size)) {
        uint32_t bits =
            4 + (uint32_t)mutate_below(random, 13); /* short ones as often as long */
        size.number |= (uint32_t)mutate_below(random, (size_t)1 << bits) << 10;
    }
    return size;
}

struct op mutate_new_op(uint64_t *random) {
    size_t kind = mutate_below(random, sizeof mutate_kinds);
    struct op op = {.kind = mutate_kinds[kind],
                    .slot = mutate_slot(random),
                    .size = mutate_size(random),
                    .size2 = {SIZE_BYTE, (uint32_t)mutate_below(random, 8)},
                    .alignment = (uint8_t)mutate_below(random, 16),
                    .count = (uint8_t)mutate_random(random)};
    if (mutate_below(random, 16) == 0)
        op.size2 = (struct op_size){SIZE_RARE, (uint32_t)mutate_below(random, RARE_HUGE)};
    return op;
}

/* Changes one operand, or the kind. */
static void mutate_op(struct op *op, uint64_t *random) {
    switch (mutate_below(random, 6)) {
    case 0:
        op->slot = mutate_slot(random);
        break;
    case 1:
        op->size = mutate_size(random);
        break;
    case 2: /* a few bytes more or less, as the class counts them */
        if (!size_is_any(op->size))
            op->size.number =
                (op->size.number + 1020 + (uint32_t)mutate_below(random, 9)) & 1023;
        if (size_is_any(op->size))
            op->size = mutate_size(random);
        break;
    case 3:
        op->count = (uint8_t)mutate_random(random);
        op->alignment = (uint8_t)mutate_below(random, 16);
        break;
    case 4:
        op->kind = mutate_kinds[mutate_below(random, sizeof mutate_kinds)];
        break;
    default:
        *op = mutate_new_op(random);
    }
    op->spare = 0;
}

/* ---- programs ---- */

static void mutate_read(struct mutate_list *list, const uint8_t *bytes, size_t length) {
    size_t at = 0;
    list->count = 0;
    while (list->count < MUTATE_OPS &&
           codec_decode(bytes, length, &at, &list->op[list->count]))
        list->count++;
}

static size_t mutate_write(const struct mutate_list *list, uint8_t *bytes, size_t most) {
    uint8_t op[OP_BYTES_MAX];
    size_t length = 0;
    for (size_t i = 0; i < list->count; i++) {
        size_t size = codec_encode(&list->op[i], op);
        if (size > most - length)
            break;
        memcpy(bytes + length, op, size);
        length += size;
    }
    return length;
}

static void mutate_remove(struct mutate_list *list, size_t at, size_t count) {
    memmove(&list->op[at], &list->op[at + count],
            (list->count - at - count) * sizeof list->op[0]);
    list->count -= count;
}

/* Room for `count` operations at a place; false if there is none. */
static bool mutate_open(struct mutate_list *list, size_t at, size_t count) {
    if (count > MUTATE_OPS - list->count)
        return false;
    memmove(&list->op[at + count], &list->op[at],
            (list->count - at) * sizeof list->op[0]);
    list->count += count;
    return true;
}

static void mutate_insert(struct mutate_list *list, uint64_t *random) {
    size_t count = 1 + mutate_below(random, 4);
    size_t at = mutate_below(random, list->count + 1);
    if (mutate_open(list, at, count))
        for (size_t i = 0; i < count; i++)
            list->op[at + i] = mutate_new_op(random);
}

/* A stretch again, somewhere else. */
static void mutate_repeat(struct mutate_list *list, uint64_t *random) {
    struct op stretch[16];
    size_t from = mutate_below(random, list->count);
    size_t count = 1 + mutate_below(random, sizeof stretch / sizeof stretch[0]);
    if (count > list->count - from)
        count = list->count - from;
    memcpy(stretch, &list->op[from], count * sizeof stretch[0]);
    size_t at = mutate_below(random, list->count + 1);
    if (mutate_open(list, at, count))
        memcpy(&list->op[at], stretch, count * sizeof stretch[0]);
}

static void mutate_swap(struct mutate_list *list, uint64_t *random) {
    size_t a = mutate_below(random, list->count), b = mutate_below(random, list->count);
    struct op op = list->op[a];
    list->op[a] = list->op[b];
    list->op[b] = op;
}

static void mutate_once(struct mutate_list *list, uint64_t *random) {
    size_t choice = mutate_below(random, 8);
    if (list->count == 0 || choice < 3)
        mutate_insert(list, random);
    else if (choice < 5)
        mutate_op(&list->op[mutate_below(random, list->count)], random);
    else if (choice == 5)
        mutate_repeat(list, random);
    else if (choice == 6)
        mutate_swap(list, random);
    else {
        size_t at = mutate_below(random, list->count);
        size_t count = 1 + mutate_below(random, 4);
        mutate_remove(list, at, count < list->count - at ? count : list->count - at);
    }
}

size_t mutate_program(uint8_t *bytes, size_t length, size_t most, uint64_t seed) {
    static struct mutate_list list;
    uint64_t random = seed;
    mutate_read(&list, bytes, length);
    for (size_t times = 1 + mutate_below(&random, 4); times > 0; times--)
        mutate_once(&list, &random);
    return mutate_write(&list, bytes, most);
}

size_t mutate_cross(const uint8_t *one, size_t one_length, const uint8_t *other,
                    size_t other_length, uint8_t *out, size_t most, uint64_t seed) {
    static struct mutate_list list, donor;
    uint64_t random = seed;
    mutate_read(&list, one, one_length);
    mutate_read(&donor, other, other_length);
    list.count = mutate_below(&random, list.count + 1);
    size_t from = mutate_below(&random, donor.count + 1);
    size_t count = mutate_below(&random, donor.count - from + 1);
    if (count > MUTATE_OPS - list.count)
        count = MUTATE_OPS - list.count;
    memcpy(&list.op[list.count], &donor.op[from], count * sizeof list.op[0]);
    list.count += count;
    return mutate_write(&list, out, most);
}
