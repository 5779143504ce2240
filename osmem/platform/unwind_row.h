/*
 * unwind_row: what the unwind table of a module (.eh_frame) says of a place in its code: how the
 * registers of the calling function are found. x86-64.
 *
 * Reads the table, which is mapped as long as its module is, and neither code nor stack.
 */
#ifndef OSMEM_PLATFORM_UNWIND_ROW_H
#define OSMEM_PLATFORM_UNWIND_ROW_H

#include <stdbool.h>
#include <stdint.h>

/* Registers, by DWARF's numbers. */
enum {
    UNWIND_RBX = 3,
    UNWIND_RBP = 6,
    UNWIND_RSP = 7,
    UNWIND_R12 = 12,
    UNWIND_RETURN = 16, /* the address to return to */
    UNWIND_REGISTERS = 17,
};

/* CFA: the stack pointer after the return. */
enum unwind_rule_kind {
    UNWIND_SAME = 0,
    UNWIND_AT_CFA,  /* stands at CFA + offset */
    UNWIND_IS_CFA,  /* is CFA + offset */
    UNWIND_AT,      /* stands at base + offset */
    UNWIND_IS,      /* is base + offset */
    UNWIND_UNKNOWN, /* has none, or one that is not understood */
};

struct unwind_rule {
    uint8_t kind, base; /* base: a register */
    int32_t offset;
};

struct unwind_row {
    struct unwind_rule cfa; /* AT, IS or UNKNOWN */
    struct unwind_rule of[UNWIND_REGISTERS];
    bool is_signal; /* what it returns to was interrupted, and has not made a call */
};

/* False where there is no table, or none for this code. */
bool unwind_row_find(const void *code, struct unwind_row *row);

#endif
