#include <string.h>

#include "fuzz/ops/codec.h"
#include "fuzz/ops/mutate.h"
#include "fuzz/ops/reader.h"
#include "fuzz/ops/text.h"
#include "osmem/base/random.h"
#include "props/testing/suite.h"

static struct random random_state = {1};

/* Bytes to operations to bytes. */
static void expect_codec_identity(const uint8_t *bytes, size_t length) {
    size_t at = 0;
    struct op op;
    for (;;) {
        uint8_t again[OP_BYTES_MAX];
        size_t before = at;
        if (!codec_decode(bytes, length, &at, &op))
            break;
        size_t written = codec_encode(&op, again);
        ck_assert_uint_eq(written, at - before);
        ck_assert_mem_eq(again, bytes + before, written);
    }
    ck_assert_uint_lt(length - at, OP_BYTES_MAX);
}

/* Bytes to text to bytes. libcheck logs each assertion, so only failures make one. */
static void expect_text_identity(const uint8_t *bytes, size_t length) {
    char *text;
    size_t text_length, back_length;
    uint8_t back[512];
    struct text_error error;
    FILE *to = open_memstream(&text, &text_length);
    text_print(to, bytes, length, SIZE_MAX);
    fclose(to);
    if (!text_compile(text, text_length, back, sizeof back, &back_length, &error))
        ck_abort_msg("line %u: %s\n%s", error.line, error.expected, text);
    if (back_length != length || memcmp(back, bytes, length) != 0)
        ck_abort_msg("%zu bytes become %zu, or others\n%s", length, back_length, text);
    free(text);
}

START_TEST(a_million_strings_come_back) {
    uint8_t bytes[32];
    for (int i = 0; i < 1000000; i++) {
        size_t length = random_below(&random_state, sizeof bytes);
        for (size_t k = 0; k < length; k++)
            bytes[k] = (uint8_t)random_next(&random_state);
        expect_text_identity(bytes, length);
    }
}
END_TEST

START_TEST(long_strings_come_back) {
    uint8_t bytes[512];
    for (int i = 0; i < 2000; i++) {
        size_t length = random_below(&random_state, sizeof bytes);
        for (size_t k = 0; k < length; k++)
            bytes[k] = (uint8_t)random_next(&random_state);
        expect_codec_identity(bytes, length);
        expect_text_identity(bytes, length);
    }
}
END_TEST

START_TEST(every_first_byte_comes_back) {
    for (unsigned first = 0; first < 256; first++)
        for (unsigned other = 0; other < 256; other += 5) {
            uint8_t bytes[OP_BYTES_MAX] = {(uint8_t)first, (uint8_t)other,
                                           (uint8_t)(other * 7), (uint8_t)(other + 99),
                                           (uint8_t)(other * 3)};
            expect_text_identity(bytes, 6);
        }
}
END_TEST

START_TEST(every_size_has_one_way_back_in_its_class) {
    for (int class = 0; class < SIZE_CLASSES; class ++)
        for (uint32_t number = 0; number < 1024; number++) {
            struct op_size back, size = {(uint8_t)class, number};
            if (class == SIZE_SAME || class == SIZE_LIKE)
                continue;
            if (size_is_any(
                    size)) /* small ones of these could be written as one another */
                size.number |= number << 12;
            ck_assert(
                size_in_class((enum size_class) class, size_bytes(size, NULL, 0), &back));
            ck_assert_uint_eq(size_bytes(back, NULL, 0), size_bytes(size, NULL, 0));
            ck_assert(back.number == size.number || class == SIZE_RARE);
        }
}
END_TEST

/* Mutated programs decode, keep to their limit, and repeat with their seed. */
START_TEST(mutation_makes_programs) {
    uint8_t bytes[300] = {0}, again[300], crossed[300];
    size_t length = 0;
    for (uint64_t seed = 0; seed < 20000; seed++) {
        memcpy(again, bytes, sizeof bytes);
        size_t most = 100 + seed % 200;
        size_t next = mutate_program(bytes, length, most, seed);
        ck_assert_uint_eq(mutate_program(again, length, most, seed), next);
        ck_assert(memcmp(bytes, again, next) == 0);
        ck_assert_uint_le(next, most);
        ck_assert_uint_le(mutate_cross(bytes, next, again, length, crossed, most, seed),
                          most);
        expect_codec_identity(bytes, next);
        length = next;
    }
    ck_assert_uint_gt(length, 20);
}
END_TEST

START_TEST(the_sizes_that_matter_can_be_written) {
    static const size_t sizes[] = {0,
                                   1,
                                   15,
                                   16,
                                   17,
                                   1023,
                                   1024,
                                   4095,
                                   4096,
                                   4097,
                                   131071,
                                   131072,
                                   131073,
                                   65535,
                                   (size_t)1 << 19,
                                   ((size_t)1 << 20) - 1,
                                   (size_t)PTRDIFF_MAX,
                                   (size_t)PTRDIFF_MAX + 1,
                                   SIZE_MAX,
                                   SIZE_MAX - 111};
    struct op_size size;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ck_assert(size_from_bytes(sizes[i], &size));
        ck_assert_uint_eq(size_bytes(size, NULL, 0), sizes[i]);
    }
    size_t last[OP_SLOTS] = {[3] = 100, [9] = 5000};
    ck_assert_uint_eq(size_bytes((struct op_size){SIZE_SAME, 0}, last, 3), 0);
    ck_assert_uint_eq(size_bytes((struct op_size){SIZE_SAME, 513}, last, 3), 101);
    ck_assert_uint_eq(size_bytes((struct op_size){SIZE_LIKE, 9 << 5 | 15}, last, 3),
                      4999);
}
END_TEST

START_TEST(a_text_says_what_it_means) {
    static const char text[] = "# a comment, and an empty line\n"
                               "\r\n"
                               " format 1 # and a comment\n"
                               "# a comment, and an empty line\n"
                               "\n"
                               "malloc s3 100  # another\n"
                               "calloc s1 max-0 2\n"
                               "realloc s3 same-8\r\n"
                               "aligned_alloc s2 100 4096\n"
                               "refuse 3 16\n"
                               "sbrk -4096\n"
                               "free s3";
    uint8_t bytes[64];
    size_t length, at = 0;
    struct text_error error;
    struct op op;
    ck_assert(text_compile(text, strlen(text), bytes, sizeof bytes, &length, &error));
    ck_assert(codec_decode(bytes, length, &at, &op) && op.kind == OP_MALLOC &&
              op.slot == 3);
    ck_assert_uint_eq(size_bytes(op.size, NULL, 0), 100);
    ck_assert(codec_decode(bytes, length, &at, &op) && op.kind == OP_CALLOC);
    ck_assert_uint_eq(size_bytes(op.size2, NULL, 0), SIZE_MAX);
    ck_assert_uint_eq(size_bytes(op.size, NULL, 0), 2);
    ck_assert(codec_decode(bytes, length, &at, &op) && op.kind == OP_REALLOC);
    size_t last[OP_SLOTS] = {[3] = 50};
    ck_assert_uint_eq(size_bytes(op.size, last, 3), 42);
    ck_assert(codec_decode(bytes, length, &at, &op) && op.kind == OP_ALIGNED_ALLOC);
    ck_assert_uint_eq(op_alignment(op.alignment), 4096);
    ck_assert(codec_decode(bytes, length, &at, &op) && op.kind == OP_REFUSE);
    ck_assert(op_refuse_first(op.count) == 3 && op_refuse_count(op.count) == 16);
    ck_assert(codec_decode(bytes, length, &at, &op) && op.kind == OP_SBRK);
    ck_assert_int_eq(op_break_step(op.count), -4096);
    ck_assert(codec_decode(bytes, length, &at, &op) && op.kind == OP_FREE);
    ck_assert(!codec_decode(bytes, length, &at, &op));
}
END_TEST

static const struct {
    const char *text;
    unsigned line, column;
    const char *expected;
} bad_texts[] = {
    {"", 1, 1, "format 1"},
    {"\n# only a comment\n", 3, 1, "the text's end"},
    {"format 2\n", 1, 8, "format 1"},
    {"format\n", 1, 7, "format 1"},
    {"# first\n\n  hello format 1\n", 3, 3, "\"hello\""},
    {"format 1 twice\n", 1, 10, "the line's end"},
    {"\xef\xbb\xbf"
     "format 1\n",
     1, 1, "format 1"},
    {"format 1\nmalloc\n", 2, 7, "a slot"},
    {"format 1\nmalloc s32 1\n", 2, 8, "a slot"},
    {"format 1\nmalloc 3 1\n", 2, 8, "a slot"},
    {"format 1\n\nmalloc s1 x\n", 3, 11, "a size"},
    {"format 1\nmalloc s1 -1\n", 2, 11, "a size"},
    {"format 1\nmalloc s1 99999999999999999999999\n", 2, 11, "a size"},
    {"format 1\nmalloc s1 100000001\n", 2, 11, "can write"},
    {"format 1\nmalloc s1 same\n", 2, 11, "a size"},
    {"format 1\nmalloc s1 same+600\n", 2, 11, "a size"},
    {"format 1\nmalloc s1 s32+1\n", 2, 11, "a size"},
    {"format 1\nmalloc s1 s3+16\n", 2, 11, "a size"},
    {"format 1\nmalloc s1 s3\n", 2, 11, "a size"},
    {"format 1\nmalloc s1 5:page\n", 2, 11, "a class"},
    {"format 1\nmalloc s1 5 6\n", 2, 13, "the line's end"},
    {"format 1\nmalloc s1 5 !1 2\n", 2, 16, "the line's end"},
    {"format 1\nfrobnicate s1\n", 2, 1, "an operation"},
    {"format 1\naligned_alloc s1 10 5\n", 2, 21, "an alignment"},
    {"format 1\naligned_alloc s1 10 0\n", 2, 21, "an alignment"},
    {"format 1\nrefuse 0 1\n", 2, 8, "which call"},
    {"format 1\nrefuse 1 17\n", 2, 10, "how many"},
    {"format 1\nsbrk 65\n", 2, 6, "a step"},
    {"format 1\nthread 256\n", 2, 8, "a number"},
    {"format 1\nrest 256\n", 2, 6, "a byte"},
    {"format 1\nreserved\n", 2, 9, "a byte"},
    {"format 1\nreserved 0x00\n", 2, 10, "a reserved operation"},
    {"format 1\nreserved 0x55 7\n", 2, 15, "the line's end"},
    {"format 1\nrest 0x01 0x02  \nmalloc s1 5\n", 3, 1, "nothing behind \"rest\""},
    {"format 1\nfree \x1b[1m\n", 2, 6, "\\x1b[1m"},
};

START_TEST(an_error_in_a_text_says_where_and_what) {
    uint8_t bytes[64];
    size_t length;
    struct text_error error;
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        const char *text = bad_texts[i].text;
        ck_assert(
            !text_compile(text, strlen(text), bytes, sizeof bytes, &length, &error));
        ck_assert_msg(error.line == bad_texts[i].line &&
                          error.column == bad_texts[i].column,
                      "%s: line %u, column %u", text, error.line, error.column);
        ck_assert_msg(strstr(error.expected, bad_texts[i].expected), "%s: %s", text,
                      error.expected);
    }
    ck_assert(!text_compile("format 1\nfree s1\nfree s1", 24, bytes, 3, &length, &error));
    ck_assert_uint_eq(error.line, 3);
}
END_TEST

#define FILE_OF(bytes) (bytes), sizeof(bytes) - 1

START_TEST(text_and_bytes_are_distinguished) {
    static const struct {
        const char *bytes;
        size_t length;
        bool is_text;
    } files[] = {
        {FILE_OF("format 1\nfree s0\n"), true},
        {FILE_OF("malloc s0 100\n"), true},
        {FILE_OF("# a caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\r\n\t\f"), true},
        {FILE_OF("\n# a comment\nformat 1\n\0"), true},
        {FILE_OF("# a comment \0"), false},
        {FILE_OF("free s0\x7f"), false},
        {FILE_OF("\x01s0"), false},
        {FILE_OF("free \xc3"), false},
        {FILE_OF("free \xc3("), false},
        {FILE_OF("free \xc0\x80"), false},
        {FILE_OF("\x1b[1m"), false},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        ck_assert_msg(reader_is_text(files[i].bytes, files[i].length) == files[i].is_text,
                      "file %zu", i);
    ck_assert(reader_is_of_engine("a/da39a3ee5e6b4b0d3255bfef95601890afd80709"));
    ck_assert(reader_is_of_engine("crash-da39a3ee5e6b4b0d3255bfef95601890afd80709"));
    ck_assert(reader_is_of_engine("queue/id:000012,src:000001"));
    ck_assert(!reader_is_of_engine("da39a3ee5e6b4b0d3255bfef95601890afd80709.txt"));
    ck_assert(!reader_is_of_engine("id:000012/growth.txt"));
}
END_TEST

int main(void) {
    return suite_run(
        "ops",
        SUITE(a_million_strings_come_back, long_strings_come_back,
              every_first_byte_comes_back, every_size_has_one_way_back_in_its_class,
              mutation_makes_programs, the_sizes_that_matter_can_be_written,
              a_text_says_what_it_means, an_error_in_a_text_says_where_and_what,
              text_and_bytes_are_distinguished));
}
