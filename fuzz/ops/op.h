/*
 * op: one operation of a program, as every engine, generator and shrinker sees it.
 *
 * A program has 32 slots, each empty or with one block. Malloc, calloc and aligned_alloc
 * first free the block of their slot, so that nearly every operation has an effect.
 */
#ifndef FUZZ_OPS_OP_H
#define FUZZ_OPS_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/ops/size.h"

enum op_kind {
#define OP(kind, name, major, minor, operands) OP_##kind,
#include "fuzz/ops/op.def"
#undef OP
    OP_RESERVED, /* a code without a meaning yet: does nothing */
    OP_KINDS = OP_RESERVED,
};

enum {
    OP_BYTES_MAX = 10,
};

struct op {
    uint8_t kind;
    uint8_t slot;
    struct op_size size, size2;
    uint8_t alignment; /* as written; see op_alignment */
    uint8_t count;     /* k, r and b as written */
    uint16_t spare;    /* bits of its bytes that have no meaning */
    uint8_t code;      /* of a reserved operation: its first byte */
};

/* A power of two, or three times one, which allocators must refuse. */
size_t op_alignment(uint8_t alignment);
bool op_alignment_from(size_t bytes, uint8_t *alignment);

/* The bytes by which another user of sbrk moves the break. */
ptrdiff_t op_break_step(uint8_t count);
bool op_break_step_from(ptrdiff_t step, uint8_t *count);

/* A refusal: of which kernel call from now on, and how many in a row; 1 to 16 each. */
static inline unsigned op_refuse_first(uint8_t count) {
    return 1u + (count & 15);
}

static inline unsigned op_refuse_count(uint8_t count) {
    return 1u + (count >> 4);
}

const char *op_name(enum op_kind kind);
const char *op_operands(enum op_kind kind);

#endif
