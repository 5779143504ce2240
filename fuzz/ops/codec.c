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
    MAJOR_MALLOC_TOO = 7,
    /* Alignment bytes from here on are large powers of two, and invalid alignments. */
    ALIGNMENT_FAR = 208,
    ALIGNMENT_NONE = 224,
    /* Below: a count of up to seven. From here on: a size class; its number follows. */
    COUNT_LONG = 31 << 3,
    /* Where each leftover bit goes in op.spare. */
    SPARE_FIRST = 0,   /* five: bits 3 to 7 of the first byte, or bit 7 alone */
    SPARE_SLOT = 5,    /* three: bits 5 to 7 */
    SPARE_OPERAND = 8, /* five, or three: what a count, a class or an alignment leaves */
    SPARE_MALLOC_TOO = 15, /* one: malloc by major 7 */
    PAGE = 4096,
};

const char *op_name(enum op_kind kind) {
    return kind < OP_KINDS ? op_rows[kind].name : "reserved";
}

const char *op_operands(enum op_kind kind) {
    return kind < OP_KINDS ? op_rows[kind].operands : "";
}

/* ---- alignments and steps ---- */

/* Most bytes mean a power of two up to 2^15; from 208 on up to 2^31, from 224 on three
 * times that. */
size_t op_alignment(uint8_t alignment) {
    if (alignment < ALIGNMENT_FAR)
        return (size_t)1 << (alignment & 15);
    size_t power = (size_t)1 << (alignment & 31);
    return alignment < ALIGNMENT_NONE ? power : 3 * power;
}

bool op_alignment_from(size_t bytes, uint8_t *alignment) {
    bool none = bytes % 3 == 0;
    size_t power = none ? bytes / 3 : bytes;
    if (!num_is_pow2(power) || num_log2(power) > 31)
        return false;
    unsigned log = num_log2(power);
    unsigned kind = log < 16 ? 0 : ALIGNMENT_FAR;
    *alignment = (uint8_t)((none ? ALIGNMENT_NONE : kind) | log);
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

struct codec_reader {
    const uint8_t *bytes;
    size_t length, at;
};

/* False if the operation is cut off. */
static bool codec_read(struct codec_reader *reader, uint8_t *byte) {
    if (reader->at == reader->length)
        return false;
    *byte = reader->bytes[reader->at++];
    return true;
}

static enum op_kind codec_kind(uint8_t first) {
    unsigned major = first & 7, minor = first >> 3 & 15;
    if (major == MAJOR_MALLOC_TOO)
        return OP_MALLOC;
    bool has_minor = major == MAJOR_OTHER || major == MAJOR_MISUSE;
    for (int kind = 0; kind < OP_KINDS; kind++)
        if (op_rows[kind].major == major && (!has_minor || op_rows[kind].minor == minor))
            return (enum op_kind)kind;
    return OP_RESERVED;
}

/* The first byte has the class and the highest two bits of the size. */
static bool codec_has_size(enum op_kind kind) {
    return kind < OP_KINDS && op_rows[kind].major < MAJOR_OTHER && kind != OP_FREE;
}

static struct op_size codec_class(uint8_t bits) {
    return (struct op_size){bits & 7, (bits >> 3 & 3u) << 8};
}

/* The lower bits of the number of a size. */
static bool codec_read_number(struct codec_reader *reader, struct op_size *size) {
    uint8_t low, middle, high;
    if (!codec_read(reader, &low))
        return false;
    size->number |= low;
    if (!size_is_any(*size))
        return true;
    if (!codec_read(reader, &middle) || !codec_read(reader, &high))
        return false;
    size->number |= (uint32_t)middle << 10 | (uint32_t)high << 18;
    return true;
}

/* A size with a class byte of its own. */
static bool codec_read_size(struct codec_reader *reader, struct op *op) {
    uint8_t bits;
    if (!codec_read(reader, &bits))
        return false;
    op->size = codec_class(bits);
    op->spare |= (uint16_t)((bits >> 5) << SPARE_OPERAND);
    return codec_read_number(reader, &op->size);
}

/* A count of elements: mostly small, else nearly every product would be large. */
static bool codec_read_elements(struct codec_reader *reader, struct op *op) {
    uint8_t bits;
    if (!codec_read(reader, &bits))
        return false;
    op->size2 = bits < COUNT_LONG ? (struct op_size){SIZE_BYTE, bits & 7}
                                  : (struct op_size){bits & 7, 0};
    if (bits < COUNT_LONG) {
        op->spare |= (uint16_t)((bits >> 3) << SPARE_OPERAND);
        return true;
    }
    if (!codec_read_number(reader, &op->size2))
        return false;
    if (op->size2.class == SIZE_BYTE && op->size2.number < 8) /* could have been short */
        op->spare |= (uint16_t)((COUNT_LONG >> 3) << SPARE_OPERAND);
    return true;
}

static bool codec_read_operand(struct codec_reader *reader, struct op *op, char operand) {
    uint8_t byte;
    if (operand == 'n')
        return codec_read_elements(reader, op);
    if (operand == 'z')
        return codec_has_size(op->kind) ? codec_read_number(reader, &op->size)
                                        : codec_read_size(reader, op);
    if (!codec_read(reader, &byte))
        return false;
    switch (operand) {
    case 's':
        op->slot = byte & (OP_SLOTS - 1);
        op->spare |= (uint16_t)((byte >> 5) << SPARE_SLOT);
        return true;
    case 'a':
        op->alignment = byte < ALIGNMENT_FAR ? byte & 15 : byte;
        op->spare |= (uint16_t)(byte < ALIGNMENT_FAR ? (byte >> 4) << SPARE_OPERAND : 0);
        return true;
    default:
        op->count = byte;
        return true;
    }
}

static void codec_read_first(struct op *op, uint8_t first) {
    if (op->kind == OP_RESERVED)
        op->code = first;
    else if (codec_has_size(op->kind))
        op->size = codec_class(first >> 3);
    else if (op->kind == OP_FREE)
        op->spare = (uint16_t)(first >> 3 << SPARE_FIRST);
    else
        op->spare = (uint16_t)(first >> 7 << SPARE_FIRST);
    if ((first & 7) == MAJOR_MALLOC_TOO)
        op->spare |= (uint16_t)1 << SPARE_MALLOC_TOO;
}

bool codec_decode(const uint8_t *bytes, size_t length, size_t *at, struct op *op) {
    struct codec_reader reader = {bytes, length, *at};
    uint8_t first;
    if (!codec_read(&reader, &first))
        return false;
    *op = (struct op){.kind = (uint8_t)codec_kind(first)};
    codec_read_first(op, first);
    for (const char *operand = op_operands(op->kind); *operand; operand++)
        if (!codec_read_operand(&reader, op, *operand))
            return false;
    *at = reader.at;
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
    unsigned major =
        op->spare >> SPARE_MALLOC_TOO & 1 ? (unsigned)MAJOR_MALLOC_TOO : row->major;
    if (codec_has_size(op->kind))
        return (uint8_t)(major | codec_class_bits(op->size, 0) << 3);
    if (op->kind == OP_FREE)
        return (uint8_t)(row->major | (op->spare >> SPARE_FIRST & 31) << 3);
    return (uint8_t)(row->major | row->minor << 3 | (op->spare >> SPARE_FIRST & 1) << 7);
}

static size_t codec_write_number(struct op_size size, uint8_t *at) {
    at[0] = (uint8_t)size.number;
    if (!size_is_any(size))
        return 1;
    at[1] = (uint8_t)(size.number >> 10);
    at[2] = (uint8_t)(size.number >> 18);
    return 3;
}

static size_t codec_write_elements(const struct op *op, uint8_t *at) {
    unsigned spare = op->spare >> SPARE_OPERAND & 31;
    if (op->size2.class == SIZE_BYTE && op->size2.number < 8 && spare < COUNT_LONG >> 3) {
        at[0] = (uint8_t)(op->size2.number | spare << 3);
        return 1;
    }
    at[0] = (uint8_t)(COUNT_LONG | op->size2.class);
    return 1 + codec_write_number(op->size2, at + 1);
}

static size_t codec_write_operand(const struct op *op, char operand, uint8_t *at) {
    unsigned spare = op->spare >> SPARE_OPERAND;
    switch (operand) {
    case 's':
        at[0] = (uint8_t)(op->slot | (op->spare >> SPARE_SLOT & 7) << 5);
        return 1;
    case 'z':
        if (codec_has_size(op->kind))
            return codec_write_number(op->size, at);
        at[0] = codec_class_bits(op->size, spare & 7);
        return 1 + codec_write_number(op->size, at + 1);
    case 'n':
        return codec_write_elements(op, at);
    case 'a':
        at[0] = (uint8_t)(op->alignment | (op->alignment < ALIGNMENT_FAR ? spare & 15 : 0)
                                              << 4);
        return 1;
    default:
        at[0] = op->count;
        return 1;
    }
}

size_t codec_encode(const struct op *op, uint8_t bytes[OP_BYTES_MAX]) {
    size_t length = 0;
    bytes[length++] = codec_first(op);
    for (const char *operand = op_operands(op->kind); *operand; operand++)
        length += codec_write_operand(op, *operand, bytes + length);
    return length;
}
