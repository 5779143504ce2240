#include "fuzz/ops/codec.h"

#include "osmem/base/num.h"

struct op_row {
    const char *name;
    uint8_t major, minor;
    const char *operands;
};

static const struct op_row op_rows[OP_KINDS] = {
#define OP(kind, name, major, minor, operands) {name, major, minor, operands},
#include "fuzz/ops/op.def"
#undef OP
};

enum {
    MAJOR_OTHER = 5,
    MAJOR_MISUSE = 6,
    MAJOR_FREE_TOO = 7,
    /* Where each leftover bit goes in op.spare. */
    SPARE_FIRST = 0,      /* five: bits 3 to 7 of the first byte, or bit 7 alone */
    SPARE_SLOT = 5,       /* three: bits 5 to 7 */
    SPARE_SIZE2 = 8,      /* three: bits 5 to 7 of the second size's class */
    SPARE_ALIGNMENT = 11, /* three: bits 5 to 7, but for the value seven */
    SPARE_FREE_TOO = 14,  /* one: free by major 7 */
    PAGE = 4096,
};

const char *op_name(enum op_kind kind) {
    return kind < OP_KINDS ? op_rows[kind].name : "reserved";
}

const char *op_operands(enum op_kind kind) {
    return kind < OP_KINDS ? op_rows[kind].operands : "";
}

/* ---- sizes, alignments, steps ---- */

static const size_t size_base_limit = (size_t)PTRDIFF_MAX - 256;

size_t op_size_bytes(struct op_size size, size_t same) {
    size_t n = size.number;
    switch (size.class) {
    case SIZE_BYTE:
        return n;
    case SIZE_EIGHT:
        return 1024 + 8 * n;
    case SIZE_PAGE:
        return PAGE * (1 + (n >> 5)) + (n & 31) - 16;
    case SIZE_POWER:
        return ((size_t)1024 << (n >> 6)) + (n & 63) - 32;
    case SIZE_ANY:
        return n;
    case SIZE_HUGE:
        return ((size_t)128 << 10) + 1024 * n;
    case SIZE_SAME:
        return same + n < 512 ? 0 : same + n - 512;
    default:
        return n < 512 ? SIZE_MAX - n : size_base_limit + (n - 512);
    }
}

bool op_size_in_class(enum size_class class, size_t bytes, struct op_size *size) {
    if (class == SIZE_ANY) {
        *size = (struct op_size){SIZE_ANY, (uint32_t)bytes};
        return bytes < (size_t)1 << 18;
    }
    for (uint32_t number = 0; number < 1024; number++) {
        *size = (struct op_size){(uint8_t)class, number};
        if (op_size_bytes(*size, 0) == bytes)
            return true;
    }
    return false;
}

bool op_size_from_bytes(size_t bytes, struct op_size *size) {
    for (int class = 0; class < SIZE_CLASSES; class ++)
        if (class != SIZE_SAME && op_size_in_class((enum size_class) class, bytes, size))
            return true;
    return false;
}

size_t op_alignment(uint8_t alignment) {
    size_t power = (size_t)1 << (alignment & 31);
    return alignment >> 5 == 7 ? 3 * power : power;
}

bool op_alignment_from(size_t bytes, uint8_t *alignment) {
    size_t power = bytes % 3 == 0 ? bytes / 3 : bytes;
    if (!num_is_pow2(power) || num_log2(power) > 31)
        return false;
    *alignment = (uint8_t)((power == bytes ? 0 : 7u << 5) | num_log2(power));
    return true;
}

ptrdiff_t op_break_step(uint8_t count) {
    ptrdiff_t n = count & 63;
    switch (count >> 6) {
    case 0:
        return n;
    case 1:
        return (n + 1) * PAGE;
    case 2:
        return -(n + 1);
    default:
        return -(n + 1) * PAGE;
    }
}

bool op_break_step_from(ptrdiff_t step, uint8_t *count) {
    for (unsigned i = 0; i < 256; i++)
        if (op_break_step((uint8_t)i) == step) {
            *count = (uint8_t)i;
            return true;
        }
    return false;
}

/* ---- decoding ---- */

static enum op_kind codec_kind(uint8_t first) {
    unsigned major = first & 7, minor = first >> 3 & 15;
    if (major == MAJOR_FREE_TOO)
        return OP_FREE;
    bool has_minor = major == MAJOR_OTHER || major == MAJOR_MISUSE;
    for (int kind = 0; kind < OP_KINDS; kind++)
        if (op_rows[kind].major == major && (!has_minor || op_rows[kind].minor == minor))
            return (enum op_kind)kind;
    return OP_RESERVED;
}

static bool codec_has_size(enum op_kind kind) {
    return kind < OP_KINDS && op_rows[kind].major < MAJOR_OTHER &&
           op_rows[kind].operands[1] == 'z';
}

/* How many bytes an operand that starts with `first` takes. */
static size_t codec_operand_bytes(const struct op *op, char operand, uint8_t first) {
    if (operand != 'z' && operand != 'Z')
        return 1;
    if (operand == 'z' && codec_has_size(op->kind))
        return op->size.class == SIZE_ANY ? 2 : 1;
    return (first & 7) == SIZE_ANY ? 3 : 2;
}

static struct op_size codec_class(uint8_t class_bits) {
    return (struct op_size){class_bits & 7, (class_bits >> 3 & 3u) << 8};
}

/* The number's low byte, and in SIZE_ANY eight bits more. */
static void codec_add_number(struct op_size *size, const uint8_t *at) {
    size->number |= at[0];
    if (size->class == SIZE_ANY)
        size->number |= (uint32_t)at[1] << 10;
}

static void codec_decode_operand(struct op *op, char operand, const uint8_t *at) {
    switch (operand) {
    case 's':
        op->slot = at[0] & (OP_SLOTS - 1);
        op->spare |= (uint16_t)((at[0] >> 5) << SPARE_SLOT);
        break;
    case 'z':
        if (codec_has_size(op->kind)) {
            codec_add_number(&op->size, at);
            break;
        }
        op->size = codec_class(at[0]);
        codec_add_number(&op->size, at + 1);
        op->spare |= (uint16_t)((at[0] >> 5) << SPARE_SIZE2);
        break;
    case 'Z':
        op->size2 = codec_class(at[0]);
        codec_add_number(&op->size2, at + 1);
        op->spare |= (uint16_t)((at[0] >> 5) << SPARE_SIZE2);
        break;
    case 'a':
        op->alignment = at[0] >> 5 == 7 ? at[0] : at[0] & 31;
        op->spare |= (uint16_t)(at[0] >> 5 == 7 ? 0 : (at[0] >> 5) << SPARE_ALIGNMENT);
        break;
    default:
        op->count = at[0];
    }
}

static void codec_decode_first(struct op *op, uint8_t first) {
    if (op->kind == OP_RESERVED)
        op->code = first;
    else if (codec_has_size(op->kind))
        op->size = codec_class(first >> 3);
    else if (op->kind == OP_FREE)
        op->spare = (uint16_t)(first >> 3 << SPARE_FIRST | ((first & 7) == MAJOR_FREE_TOO)
                                                               << SPARE_FREE_TOO);
    else
        op->spare = (uint16_t)(first >> 7 << SPARE_FIRST);
}

bool codec_decode(const uint8_t *bytes, size_t length, size_t *at, struct op *op) {
    if (*at >= length)
        return false;
    enum op_kind kind = codec_kind(bytes[*at]);
    *op = (struct op){.kind = (uint8_t)kind};
    codec_decode_first(op, bytes[*at]);
    size_t next = *at + 1;
    for (const char *operand = op_operands(kind); *operand; operand++) {
        if (next == length ||
            codec_operand_bytes(op, *operand, bytes[next]) > length - next)
            return false;
        size_t size = codec_operand_bytes(op, *operand, bytes[next]);
        codec_decode_operand(op, *operand, bytes + next);
        next += size;
    }
    *at = next;
    return true;
}

/* ---- encoding ---- */

static uint8_t codec_class_bits(struct op_size size, unsigned spare) {
    return (uint8_t)(size.class | (size.number >> 8 & 3) << 3 | spare << 5);
}

static uint8_t codec_first(const struct op *op) {
    if (op->kind >= OP_KINDS)
        return op->code;
    const struct op_row *row = &op_rows[op->kind];
    if (codec_has_size(op->kind))
        return (uint8_t)(row->major | codec_class_bits(op->size, 0) << 3);
    if (op->kind == OP_FREE) {
        unsigned major =
            op->spare >> SPARE_FREE_TOO & 1 ? (unsigned)MAJOR_FREE_TOO : row->major;
        return (uint8_t)(major | (op->spare >> SPARE_FIRST & 31) << 3);
    }
    return (uint8_t)(row->major | row->minor << 3 | (op->spare >> SPARE_FIRST & 1) << 7);
}

static void codec_put_number(struct op_size size, uint8_t *at) {
    at[0] = (uint8_t)size.number;
    if (size.class == SIZE_ANY)
        at[1] = (uint8_t)(size.number >> 10);
}

static void codec_encode_operand(const struct op *op, char operand, uint8_t *at) {
    unsigned spare_size = op->spare >> SPARE_SIZE2 & 7;
    switch (operand) {
    case 's':
        at[0] = (uint8_t)(op->slot | (op->spare >> SPARE_SLOT & 7) << 5);
        break;
    case 'z':
        if (codec_has_size(op->kind)) {
            codec_put_number(op->size, at);
            break;
        }
        at[0] = codec_class_bits(op->size, spare_size);
        codec_put_number(op->size, at + 1);
        break;
    case 'Z':
        at[0] = codec_class_bits(op->size2, spare_size);
        codec_put_number(op->size2, at + 1);
        break;
    case 'a':
        at[0] = (uint8_t)(op->alignment | (op->spare >> SPARE_ALIGNMENT & 7) << 5);
        break;
    default:
        at[0] = op->count;
    }
}

size_t codec_encode(const struct op *op, uint8_t bytes[OP_BYTES_MAX]) {
    size_t length = 0;
    bytes[length++] = codec_first(op);
    for (const char *operand = op_operands(op->kind); *operand; operand++) {
        codec_encode_operand(op, *operand, bytes + length);
        length += codec_operand_bytes(op, *operand, bytes[length]);
    }
    return length;
}
