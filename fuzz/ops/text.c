#include "fuzz/ops/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/ops/codec.h"

static const char text_heading[] = "format 1";

static const char *const size_class_names[SIZE_CLASSES] = {
    "byte", "eight", "sixteen", "page", "power", "same", "like", "rare"};

/* ---- printing ---- */

static void text_print_size(FILE *to, struct op_size size) {
    struct op_size plain;
    int number = (int)size.number;
    if (size.class == SIZE_SAME) {
        fprintf(to, " same%+d", number - 512);
        return;
    }
    if (size.class == SIZE_LIKE) {
        fprintf(to, " s%d%+d", number >> 5, (number & 31) - 16);
        return;
    }
    size_t bytes = size_bytes(size, NULL, 0);
    if (size.class == SIZE_RARE && !size_is_any(size) && number >= RARE_HALF &&
        number < RARE_HUGE)
        fprintf(to, " half%+d", (int)((intmax_t)(bytes - (size_t)PTRDIFF_MAX)));
    else if (size.class == SIZE_RARE && !size_is_any(size) && number < RARE_HALF)
        fprintf(to, " max-%zu", SIZE_MAX - bytes);
    else
        fprintf(to, " %zu", bytes);
    if (size_from_bytes(bytes, &plain) &&
        (plain.class != size.class || plain.number != size.number))
        fprintf(to, ":%s", size_is_any(size) ? "any" : size_class_names[size.class]);
}

static void text_print_operand(FILE *to, const struct op *op, char operand) {
    switch (operand) {
    case 's':
        fprintf(to, " s%u", op->slot);
        break;
    case 'z':
        text_print_size(to, op->size);
        break;
    case 'n':
        text_print_size(to, op->size2);
        break;
    case 'a':
        fprintf(to, " %zu", op_alignment(op->alignment));
        break;
    case 'r':
        fprintf(to, " %u %u", op_refuse_first(op->count), op_refuse_count(op->count));
        break;
    case 'b':
        fprintf(to, " %td", op_break_step(op->count));
        break;
    default:
        fprintf(to, " %u", op->count);
    }
}

void text_print_op(FILE *to, const struct op *op) {
    if (op->kind == OP_RESERVED) {
        fprintf(to, "reserved 0x%02x", op->code);
        return;
    }
    fputs(op_name(op->kind), to);
    for (const char *operand = op_operands(op->kind); *operand; operand++)
        text_print_operand(to, op, *operand);
    if (op->spare)
        fprintf(to, " !%u", op->spare);
}

void text_print(FILE *to, const uint8_t *bytes, size_t length, size_t mark) {
    struct op op;
    size_t at = 0;
    fprintf(to, "%s\n", text_heading);
    for (size_t i = 0; codec_decode(bytes, length, &at, &op); i++) {
        text_print_op(to, &op);
        fputs(i == mark ? "   # <== here\n" : "\n", to);
    }
    if (at == length)
        return;
    fputs("rest", to);
    for (; at < length; at++)
        fprintf(to, " 0x%02x", bytes[at]);
    fputc('\n', to);
}

/* ---- compiling ---- */

static const char text_blanks[] = " \t\r";

struct text_parser {
    char *line;
    char *word; /* the last one; NULL: the line has ended */
    char *rest; /* of the line, behind the word */
    struct text_error *error;
    bool started, ended; /* the heading was read; "rest" was read */
};

/* Writes the first characters of a word so that a terminal shows what they are. */
static const char *text_quoted(const char *word, char quoted[64]) {
    size_t to = 0;
    for (size_t i = 0; word[i] && to < 40; i++)
        to += (size_t)sprintf(quoted + to,
                              word[i] > ' ' && word[i] < 0x7f ? "%c" : "\\x%02x",
                              (unsigned char)word[i]);
    quoted[to] = '\0';
    return quoted;
}

/* An error at the last word, or at the line's end. */
static bool text_expected(struct text_parser *parser, const char *what) {
    const char *word = parser->word;
    char quoted[64];
    parser->error->column = (unsigned)((word ? word : parser->rest) - parser->line) + 1;
    snprintf(parser->error->expected, sizeof parser->error->expected,
             "expected %s, found %s%s%s", what, word ? "\"" : "",
             word ? text_quoted(word, quoted) : "the line's end", word ? "\"" : "");
    return false;
}

static char *text_word(struct text_parser *parser) {
    char *word = parser->rest + strspn(parser->rest, text_blanks);
    parser->word = *word ? word : NULL;
    if (*word) {
        parser->rest = word + strcspn(word, text_blanks);
        if (*parser->rest)
            *parser->rest++ = '\0';
    }
    return parser->word;
}

/* The next word, a number between two bounds. */
static bool text_number(struct text_parser *parser, const char *what, intmax_t least,
                        intmax_t most, intmax_t *number) {
    char *word = text_word(parser), *end = NULL;
    errno = 0;
    intmax_t n = word ? strtoimax(word, &end, 0) : 0;
    if (!word || *end || end == word || errno || n < least || n > most)
        return text_expected(parser, what);
    *number = n;
    return true;
}

static const char text_size_words[] = "a size (100, same+5, s3-1, max-1 or half+0)";

/* The base that the number of a word is added to: "same", "s3", "max", "half", or 0. */
static size_t text_size_base(char *word, struct op_size *size, char **digits) {
    *size = (struct op_size){SIZE_CLASSES, 0};
    *digits = word;
    if (strncmp(word, "same", 4) == 0) {
        size->class = SIZE_SAME;
        *digits = word + 4;
        return 512;
    }
    if (word[0] == 's') {
        size->class = SIZE_LIKE;
        size->number = (uint32_t)strtoul(word + 1, digits, 10) << 5;
        return 16;
    }
    if (strncmp(word, "half", 4) == 0) {
        *digits = word + 4;
        return (size_t)PTRDIFF_MAX;
    }
    if (strncmp(word, "max", 3) == 0) {
        *digits = word + 3;
        return SIZE_MAX;
    }
    return 0;
}

/* Writes a size in the named class, or without a name in the first that can. */
static bool text_size_class(const char *name, size_t bytes, struct op_size *size) {
    if (!name)
        return size_from_bytes(bytes, size);
    if (strcmp(name, "any") == 0)
        return size_any(bytes, size);
    for (int class = 0; class < SIZE_CLASSES; class ++)
        if (strcmp(name, size_class_names[class]) == 0)
            return size_in_class((enum size_class) class, bytes, size);
    return false;
}

static bool text_size(struct text_parser *parser, struct op_size *size) {
    char *word = text_word(parser), *digits, *end = NULL;
    char copy[64];
    if (!word || strlen(word) >= sizeof copy)
        return text_expected(parser, text_size_words);
    strcpy(copy, word);
    char *class_name = strchr(copy, ':');
    if (class_name)
        *class_name++ = '\0';
    size_t base = text_size_base(copy, size, &digits);
    bool is_signed = digits != copy;
    if ((is_signed && *digits != '+' && *digits != '-') || (!is_signed && *digits == '-'))
        return text_expected(parser, text_size_words);
    errno = 0;
    size_t bytes = base + (is_signed ? (size_t)strtoimax(digits, &end, 0)
                                     : (size_t)strtoumax(digits, &end, 0));
    if (end == digits || *end || errno)
        return text_expected(parser, text_size_words);
    if (size->class != SIZE_CLASSES) { /* around the size of a slot */
        bool fits = bytes < 2 * base && size->number < 1024;
        size->number |= (uint32_t)bytes;
        return fits || text_expected(parser, text_size_words);
    }
    return text_size_class(class_name, bytes, size) ||
           text_expected(parser, class_name
                                     ? "a class that can write this size"
                                     : "a size that a program can write (see size.h)");
}

static bool text_slot(struct text_parser *parser, uint8_t *slot) {
    char *word = text_word(parser), *end = NULL;
    unsigned long n = word && word[0] == 's' ? strtoul(word + 1, &end, 10) : 0;
    if (!end || end == word + 1 || *end || n >= OP_SLOTS)
        return text_expected(parser, "a slot (s0 to s31)");
    *slot = (uint8_t)n;
    return true;
}

static bool text_operand(struct text_parser *parser, struct op *op, char operand) {
    intmax_t n, m;
    switch (operand) {
    case 's':
        return text_slot(parser, &op->slot);
    case 'z':
        return text_size(parser, &op->size);
    case 'n':
        return text_size(parser, &op->size2);
    case 'a':
        return text_number(parser, "an alignment", 1, INTMAX_MAX, &n) &&
               (op_alignment_from((size_t)n, &op->alignment) ||
                text_expected(parser, "an alignment (2^k, or 3 * 2^k; k up to 31)"));
    case 'r':
        if (!text_number(parser, "which call to refuse (1 to 16)", 1, 16, &n) ||
            !text_number(parser, "how many calls to refuse (1 to 16)", 1, 16, &m))
            return false;
        op->count = (uint8_t)((n - 1) | (m - 1) << 4);
        return true;
    case 'b':
        return text_number(parser, "a step of the break", -INTMAX_MAX, INTMAX_MAX, &n) &&
               (op_break_step_from((ptrdiff_t)n, &op->count) ||
                text_expected(parser, "a step of -64 to 63 bytes or of up to 64 pages"));
    default:
        if (!text_number(parser, "a number (0 to 255)", 0, 255, &n))
            return false;
        op->count = (uint8_t)n;
        return true;
    }
}

/* "rest 0x01 0x02": bytes as they are, at the end. */
static bool text_rest(struct text_parser *parser, uint8_t *bytes, size_t *length) {
    intmax_t n;
    *length = 0;
    parser->ended = true;
    do {
        if (!text_number(parser, "a byte (0x00 to 0xff)", 0, 255, &n))
            return false;
        if (*length == OP_BYTES_MAX)
            return text_expected(parser, "at most 10 bytes");
        bytes[(*length)++] = (uint8_t)n;
    } while (parser->rest[strspn(parser->rest, text_blanks)]);
    return true;
}

static bool text_end(struct text_parser *parser) {
    return !text_word(parser) || text_expected(parser, "the line's end");
}

static bool text_spare(struct text_parser *parser, struct op *op) {
    char *word = text_word(parser), *end = NULL;
    if (!word)
        return true;
    unsigned long n = word[0] == '!' ? strtoul(word + 1, &end, 10) : 0;
    if (!end || end == word + 1 || *end || n > UINT16_MAX)
        return text_expected(parser, "the line's end");
    op->spare = (uint16_t)n;
    return text_end(parser);
}

static bool text_op(struct text_parser *parser, const char *name, uint8_t *bytes,
                    size_t *length) {
    struct op op = {.kind = 0};
    intmax_t n;
    if (strcmp(name, "rest") == 0)
        return text_rest(parser, bytes, length);
    if (strcmp(name, "reserved") == 0) {
        if (!text_number(parser, "a byte (0x00 to 0xff)", 0, 255, &n))
            return false;
        bytes[0] = (uint8_t)n;
        *length = 1;
        size_t at = 0;
        if (!codec_decode(bytes, 1, &at, &op) || op.kind != OP_RESERVED)
            return text_expected(parser, "the first byte of a reserved operation");
        return text_end(parser);
    }
    while (op.kind < OP_KINDS && strcmp(name, op_name(op.kind)) != 0)
        op.kind++;
    if (op.kind == OP_KINDS)
        return text_expected(parser, "an operation (see fuzz/ops/op.def)");
    for (const char *operand = op_operands(op.kind); *operand; operand++)
        if (!text_operand(parser, &op, *operand))
            return false;
    if (!text_spare(parser, &op))
        return false;
    *length = codec_encode(&op, bytes);
    return true;
}

/* The first line that is more than a comment. */
static bool text_heading_line(struct text_parser *parser) {
    static const char expected[] = "\"format 1\" on a line of its own first";
    parser->started = true;
    if (strcmp(parser->word, "format") != 0 || !text_word(parser) ||
        strcmp(parser->word, "1") != 0)
        return text_expected(parser, expected);
    return text_end(parser);
}

static bool text_line(struct text_parser *parser, uint8_t *bytes, size_t *length) {
    char *comment = strchr(parser->line, '#');
    if (comment)
        *comment = '\0';
    *length = 0;
    parser->rest = parser->line;
    if (!text_word(parser))
        return true;
    if (!parser->started)
        return text_heading_line(parser);
    if (parser->ended)
        return text_expected(parser, "nothing behind \"rest\"");
    return text_op(parser, parser->word, bytes, length);
}

/* Copies a line to `line`, as a string; false if it is none. */
static bool text_take_line(const char *from, size_t length, char *line, size_t most,
                           struct text_error *error) {
    const char *nul = memchr(from, '\0', length);
    if (nul || length >= most) {
        error->column = (unsigned)(nul ? (size_t)(nul - from) : most) + 1;
        snprintf(error->expected, sizeof error->expected,
                 "expected a line of text of up to %zu characters, found %s", most - 1,
                 nul ? "a zero byte" : "more");
        return false;
    }
    memcpy(line, from, length);
    line[length] = '\0';
    return true;
}

bool text_compile(const char *text, size_t text_length, uint8_t *bytes, size_t most,
                  size_t *length, struct text_error *error) {
    char line[256];
    struct text_parser parser = {.line = line, .error = error};
    *length = 0;
    *error = (struct text_error){.line = 1, .column = 1};
    for (size_t at = 0; at < text_length; error->line++) {
        const char *end = memchr(text + at, '\n', text_length - at);
        size_t line_length = end ? (size_t)(end - text) - at : text_length - at;
        uint8_t op[OP_BYTES_MAX];
        size_t op_length;
        if (!text_take_line(text + at, line_length, line, sizeof line, error) ||
            !text_line(&parser, op, &op_length))
            return false;
        if (op_length > most - *length) {
            error->column = 1;
            snprintf(error->expected, sizeof error->expected,
                     "expected a program of at most %zu bytes, found more", most);
            return false;
        }
        memcpy(bytes + *length, op, op_length);
        *length += op_length;
        at += line_length + 1;
    }
    if (!parser.started)
        strcpy(error->expected, "expected \"format 1\", found the text's end");
    return parser.started;
}
