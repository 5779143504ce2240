/*
 * size: how a program writes the size of a request.
 *
 * As a class and a number of ten bits, so that random bytes often hit every boundary, and
 * seldom large mappings, which cost a thousand times as much. Within a class every number
 * means another size.
 */
#ifndef FUZZ_OPS_SIZE_H
#define FUZZ_OPS_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OP_SLOTS = 32,
};

enum size_class {
    SIZE_BYTE,    /* 0 to 1023 */
    SIZE_EIGHT,   /* 1024 to 9208 by eights */
    SIZE_SIXTEEN, /* 0 to 16368 by sixteens */
    SIZE_PAGE,    /* around the multiples of a page, to 128 KiB, where mappings begin */
    SIZE_POWER,   /* around the powers of two from 2^6 to 2^17, and a few between */
    SIZE_SAME,    /* around the last size of the operation's slot */
    SIZE_LIKE,    /* around the last size of some slot */
    SIZE_RARE,    /* impossible, large, or any up to 1 MiB: see the numbers below */
    SIZE_CLASSES,
};

/* The numbers of SIZE_RARE. */
enum {
    RARE_MAX = 0,      /* SIZE_MAX and down */
    RARE_HALF = 112,   /* around PTRDIFF_MAX */
    RARE_HUGE = 224,   /* 128 KiB to 1088 KiB by 64 KiB */
    RARE_ANY = 240,    /* four bits of the size; sixteen more follow */
    RARE_MIDDLE = 256, /* 9216 to 15352 by eights */
};

struct op_size {
    uint8_t class;
    uint32_t number; /* ten bits; sixteen more above them in RARE_ANY */
};

/* The size is written with two more bytes than others. */
bool size_is_any(struct op_size size);

/* The bytes that a size means; `sizes` are the last of each slot; NULL: all are 0. */
size_t size_bytes(struct op_size size, const size_t *sizes, unsigned slot);

/* Writes any size up to 1 MiB, though others may be shorter; false above. */
bool size_any(size_t bytes, struct op_size *size);

/* Writes a size in a class; false if it has no number, or its numbers depend on slots. */
bool size_in_class(enum size_class class, size_t bytes, struct op_size *size);

/* Writes a size in the first class that can. */
bool size_from_bytes(size_t bytes, struct op_size *size);

#endif
