/*
 * op: one operation of a program, as every engine, generator and shrinker sees it.
 *
 * A program works on 32 slots, stable handles of blocks. Malloc, calloc and aligned_alloc
 * into a slot that is in use free it first, so that nearly every operation does
 * something.
 */
#ifndef FUZZ_OPS_OP_H
#define FUZZ_OPS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum op_kind {
#define OP(kind, name, major, minor, operands) OP_##kind,
#include "fuzz/ops/op.def"
#undef OP
    OP_RESERVED, /* a code without a meaning yet: does nothing */
    OP_KINDS = OP_RESERVED,
};

enum {
    OP_SLOTS = 32,
    OP_BYTES_MAX = 7,
};

/* A size as it is written: a class and a number of ten bits, of 18 in SIZE_ANY. */
enum size_class {
    SIZE_BYTE,  /* 0 to 1023 */
    SIZE_EIGHT, /* 1024 and up by eights, to 9208 */
    SIZE_PAGE,  /* around the multiples of a page, to 128 KiB, where mappings begin */
    SIZE_POWER, /* around the powers of two from 2^10 to 2^25 */
    SIZE_ANY,   /* 0 to 256 KiB, a byte longer than the others */
    SIZE_HUGE,  /* 128 KiB and up by KiB, to 1151 KiB */
    SIZE_SAME,  /* around the present size of the slot */
    SIZE_LIMIT, /* just below SIZE_MAX, and around PTRDIFF_MAX */
    SIZE_CLASSES,
};

struct op_size {
    uint8_t class;
    uint32_t number;
};

struct op {
    uint8_t kind;
    uint8_t slot;
    struct op_size size, size2;
    uint8_t alignment; /* as written: op_alignment tells which */
    uint8_t count;     /* k, r and b as written */
    uint16_t spare; /* the bits of its bytes that mean nothing, so that nothing is lost */
    uint8_t code;   /* of a reserved operation: its first byte */
};

/* The bytes that a size stands for; `same` is the slot's present size. */
size_t op_size_bytes(struct op_size size, size_t same);

/* The first class that can write this number of bytes; false if none can. */
bool op_size_from_bytes(size_t bytes, struct op_size *size);

/* The number that a class writes so many bytes with; false if it cannot. */
bool op_size_in_class(enum size_class class, size_t bytes, struct op_size *size);

/* A power of two, or three times one, which is refused. */
size_t op_alignment(uint8_t alignment);
bool op_alignment_from(size_t bytes, uint8_t *alignment);

/* The bytes by which a foreigner moves the break. */
ptrdiff_t op_break_step(uint8_t count);
bool op_break_step_from(ptrdiff_t step, uint8_t *count);

/* A refusal: of the first-th kernel call from now, and how many in a row; 1 to 16 each.
 */
static inline unsigned op_refuse_first(uint8_t count) {
    return 1u + (count & 15);
}

static inline unsigned op_refuse_count(uint8_t count) {
    return 1u + (count >> 4);
}

const char *op_name(enum op_kind kind);
const char *op_operands(enum op_kind kind);

#endif
