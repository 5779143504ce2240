#include "osmem/platform/unwind_row.h"

#if defined(__x86_64__)

#include <stddef.h>
#include <string.h>

#include "osmem/platform/module.h"

/* ---- bytes of the tables ---- */

struct row_bytes {
    const unsigned char *at, *end; /* NULL: the table makes no sense */
};

static void row_spoil(struct row_bytes *bytes) {
    *bytes = (struct row_bytes){NULL, NULL};
}

static const unsigned char *row_skip(struct row_bytes *bytes, size_t size) {
    const unsigned char *at = bytes->at;
    if ((size_t)(bytes->end - at) < size) {
        row_spoil(bytes);
        return NULL;
    }
    bytes->at += size;
    return at;
}

static uint64_t row_unsigned(struct row_bytes *bytes, size_t size) {
    uint64_t value = 0; /* little-endian */
    const unsigned char *at = row_skip(bytes, size);
    if (at)
        memcpy(&value, at, size);
    return value;
}

static uint64_t row_leb(struct row_bytes *bytes, bool is_signed) {
    uint64_t value = 0, byte;
    unsigned shift = 0;
    do {
        byte = row_unsigned(bytes, 1);
        value |= (byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80 && shift < 63);
    return is_signed && byte & 0x40 ? value | UINT64_MAX << shift : value;
}

/* A pointer in one of the encodings that compilers use for code; relative to itself with 0x10. */
static uint64_t row_pointer(struct row_bytes *bytes, unsigned encoding) {
    uintptr_t here = (uintptr_t)bytes->at;
    uint64_t value = 0;
    switch (encoding & 0x0f) {
    case 0x00: /* as wide as an address */
    case 0x04:
    case 0x0c:
        value = row_unsigned(bytes, 8);
        break;
    case 0x03:
        value = row_unsigned(bytes, 4);
        break;
    case 0x0b:
        value = (uint64_t)(int64_t)(int32_t)row_unsigned(bytes, 4);
        break;
    default:
        row_spoil(bytes);
    }
    return (encoding & 0x70) == 0x10 ? value + here : value;
}

/* ---- the rules that a table's instructions make ---- */

static void row_set(struct unwind_row *row, uint64_t number, enum unwind_rule_kind kind,
                    uint64_t base, uint64_t offset) {
    if (number < UNWIND_REGISTERS)
        row->of[number] = (struct unwind_rule){kind, (uint8_t)base, (int32_t)offset};
}

/* "register + offset", perhaps what is there; any other expression is not understood. */
static struct unwind_rule row_expression(struct row_bytes *bytes) {
    uint64_t length = row_leb(bytes, false);
    const unsigned char *at = row_skip(bytes, length);
    struct row_bytes body = {at, at ? at + length : NULL};
    struct unwind_rule rule = {UNWIND_IS, 0, 0};
    uint64_t operation = row_unsigned(&body, 1) - 0x70; /* DW_OP_breg0 */
    rule.base = (uint8_t)operation;
    rule.offset = (int32_t)row_leb(&body, true);
    if (body.at != body.end && row_unsigned(&body, 1) == 0x06) /* DW_OP_deref */
        rule.kind = UNWIND_AT;
    if (operation >= UNWIND_REGISTERS || !body.at || body.at != body.end)
        rule.kind = UNWIND_UNKNOWN;
    return rule;
}

/* One table for a module's code of one kind (CIE), and the entry for one function (FDE). */
struct row_function {
    uint64_t code_unit, data_unit;
    unsigned encoding;
    bool has_sizes, is_signal;
    struct row_bytes common, own; /* instructions */
    uintptr_t from;
};

enum {
    ROW_REMEMBERED = 4,
};

/* Up to the row for a place in the code. */
struct row_run {
    const struct row_function *function;
    uintptr_t at, to;
    struct unwind_row *row, initial, remembered[ROW_REMEMBERED];
    unsigned depth;
};

static void row_advance(struct row_run *run, uint64_t units) {
    run->at += units * run->function->code_unit;
}

static void row_cfa(struct row_run *run, uint64_t base, uint64_t offset) {
    run->row->cfa =
        (struct unwind_rule){base < UNWIND_REGISTERS ? UNWIND_IS : UNWIND_UNKNOWN,
                             (uint8_t)base, (int32_t)offset};
}

static void row_remember(struct row_run *run, struct row_bytes *bytes) {
    if (run->depth == ROW_REMEMBERED)
        row_spoil(bytes);
    else
        run->remembered[run->depth++] = *run->row;
}

static void row_recall(struct row_run *run, struct row_bytes *bytes) {
    if (run->depth == 0)
        row_spoil(bytes);
    else
        *run->row = run->remembered[--run->depth];
}

/* "is at" of an expression that says where. */
static void row_set_expression(struct row_run *run, uint64_t number,
                               struct row_bytes *bytes) {
    struct unwind_rule rule = row_expression(bytes);
    row_set(run->row, number, rule.kind == UNWIND_IS ? UNWIND_AT : UNWIND_UNKNOWN,
            rule.base, (uint64_t)rule.offset);
}

static void row_restore(struct row_run *run, uint64_t number) {
    if (number < UNWIND_REGISTERS)
        run->row->of[number] = run->initial.of[number];
}

/* Instructions whose first operand is a register; DW_CFA_ numbers. */
static void row_run_register(struct row_run *run, unsigned operation,
                             struct row_bytes *bytes) {
    uint64_t unit = run->function->data_unit, number = row_leb(bytes, false);
    struct unwind_row *row = run->row;
    switch (operation) {
    case 0x05: /* offset_extended */
        row_set(row, number, UNWIND_AT_CFA, 0, row_leb(bytes, false) * unit);
        break;
    case 0x06: /* restore_extended */
        row_restore(run, number);
        break;
    case 0x07: /* undefined */
        row_set(row, number, UNWIND_UNKNOWN, 0, 0);
        break;
    case 0x08: /* same_value */
        row_set(row, number, UNWIND_SAME, 0, 0);
        break;
    case 0x09: /* register */
        row_set(row, number, UNWIND_IS, row_leb(bytes, false), 0);
        break;
    case 0x0c: /* def_cfa */
        row_cfa(run, number, row_leb(bytes, false));
        break;
    case 0x0d: /* def_cfa_register */
        row_cfa(run, number, (uint64_t)row->cfa.offset);
        break;
    case 0x10: /* expression */
        row_set_expression(run, number, bytes);
        break;
    case 0x11: /* offset_extended_sf */
        row_set(row, number, UNWIND_AT_CFA, 0, row_leb(bytes, true) * unit);
        break;
    case 0x12: /* def_cfa_sf */
        row_cfa(run, number, row_leb(bytes, true) * unit);
        break;
    case 0x14: /* val_offset */
        row_set(row, number, UNWIND_IS_CFA, 0, row_leb(bytes, false) * unit);
        break;
    case 0x15: /* val_offset_sf */
        row_set(row, number, UNWIND_IS_CFA, 0, row_leb(bytes, true) * unit);
        break;
    default:
        row_spoil(bytes);
    }
}

static void row_run_one(struct row_run *run, struct row_bytes *bytes) {
    unsigned byte = (unsigned)row_unsigned(bytes, 1), operand = byte & 0x3f;
    switch (byte & 0xc0 ? byte & 0xc0 : byte) {
    case 0x40: /* advance_loc */
        row_advance(run, operand);
        break;
    case 0x80: /* offset */
        row_set(run->row, operand, UNWIND_AT_CFA, 0,
                row_leb(bytes, false) * run->function->data_unit);
        break;
    case 0xc0: /* restore */
        row_restore(run, operand);
        break;
    case 0x00: /* nop */
        break;
    case 0x02: /* advance_loc1, 2, 4 */
    case 0x03:
    case 0x04:
        row_advance(run, row_unsigned(bytes, (size_t)1 << (byte - 2)));
        break;
    case 0x0a: /* remember_state */
        row_remember(run, bytes);
        break;
    case 0x0b: /* restore_state */
        row_recall(run, bytes);
        break;
    case 0x0e: /* def_cfa_offset */
        row_cfa(run, run->row->cfa.base, row_leb(bytes, false));
        break;
    case 0x13: /* def_cfa_offset_sf */
        row_cfa(run, run->row->cfa.base, row_leb(bytes, true) * run->function->data_unit);
        break;
    case 0x0f: /* def_cfa_expression */
        run->row->cfa = row_expression(bytes);
        break;
    case 0x2e: /* GNU_args_size */
        row_leb(bytes, false);
        break;
    default:
        row_run_register(run, byte, bytes);
    }
}

/* False where an instruction is not understood. */
static bool row_run_all(struct row_run *run, struct row_bytes bytes) {
    while (bytes.at && bytes.at < bytes.end && run->at <= run->to)
        row_run_one(run, &bytes);
    return bytes.at != NULL;
}

/* ---- finding the entry ---- */

/* The contents of the entry at an address, without its length. */
static struct row_bytes row_entry(const unsigned char *at) {
    uint32_t length;
    memcpy(&length, at, sizeof length);
    if (length == 0 || length >= 0xfffffff0)
        return (struct row_bytes){NULL, NULL};
    return (struct row_bytes){at + 4, at + 4 + length};
}

/* The letters of the augmentation say what the table has besides. */
static void row_read_augmentation(struct row_function *function, struct row_bytes *bytes,
                                  const char *letters) {
    if (letters[0] == '\0')
        return;
    if (letters[0] != 'z')
        row_spoil(bytes);
    function->has_sizes = true;
    row_leb(bytes, false);
    for (letters++; *letters && bytes->at; letters++)
        if (*letters == 'R')
            function->encoding = (unsigned)row_unsigned(bytes, 1);
        else if (*letters == 'P')
            row_pointer(bytes, (unsigned)row_unsigned(bytes, 1));
        else if (*letters == 'L')
            row_unsigned(bytes, 1);
        else if (*letters == 'S')
            function->is_signal = true;
        else
            row_spoil(bytes);
}

static bool row_read_common(struct row_function *function, struct row_bytes bytes) {
    uint64_t id = row_unsigned(&bytes, 4), version = row_unsigned(&bytes, 1);
    const char *letters = (const char *)bytes.at;
    while (row_unsigned(&bytes, 1) != 0)
        ;
    if (!bytes.at || id != 0)
        return false;
    function->code_unit = row_leb(&bytes, false);
    function->data_unit = row_leb(&bytes, true);
    uint64_t number = version == 1 ? row_unsigned(&bytes, 1) : row_leb(&bytes, false);
    row_read_augmentation(function, &bytes, letters);
    function->common = bytes;
    return bytes.at && number == UNWIND_RETURN;
}

static bool row_read_function(struct row_function *function, struct row_bytes bytes,
                              uintptr_t code) {
    const unsigned char *start = bytes.at;
    uint64_t distance = row_unsigned(&bytes, 4);
    if (!bytes.at || !row_read_common(function, row_entry(start - distance)))
        return false;
    function->from = row_pointer(&bytes, function->encoding);
    uint64_t size = row_pointer(&bytes, function->encoding & 0x0f);
    if (function->has_sizes)
        row_skip(&bytes, row_leb(&bytes, false));
    function->own = bytes;
    return bytes.at && code - function->from < size;
}

/* The header of the table is followed by pairs, sorted by the first: where a function starts, and
 * where its entry is, from the header on. */
static const unsigned char *row_search(const unsigned char *header, uintptr_t code) {
    static const unsigned char usual[] = {1, 0x1b, 0x03, 0x3b};
    int32_t pair[2];
    uint32_t low = 0, count;
    if (memcmp(header, usual, sizeof usual) != 0)
        return NULL;
    memcpy(&count, header + 8, sizeof count);
    for (uint32_t high = count; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        memcpy(pair, header + 12 + 8 * (size_t)middle, sizeof pair);
        if ((uintptr_t)header + (uintptr_t)(intptr_t)pair[0] <= code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    memcpy(pair, header + 12 + 8 * (size_t)(low - 1), sizeof pair);
    return header + pair[1];
}

bool unwind_row_find(const void *code, struct unwind_row *row) {
    struct module module;
    struct row_function function = {.encoding = 0};
    struct row_run run = {.function = &function, .to = (uintptr_t)code, .row = row};
    const unsigned char *entry;
    memset(row, 0, sizeof *row);
    row->cfa.kind = UNWIND_UNKNOWN;
    if (!module_find(code, &module) || !module.eh_frame ||
        !(entry = row_search(module.eh_frame, run.to)) ||
        !row_read_function(&function, row_entry(entry), run.to) ||
        !row_run_all(&run, function.common))
        return false;
    run.initial = *row;
    run.at = function.from;
    if (!row_run_all(&run, function.own))
        return false;
    row->is_signal = function.is_signal;
    return true;
}

#endif
