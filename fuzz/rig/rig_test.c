#include "fuzz/rig/run.h"

#include <errno.h>
#include <string.h>

#include "fuzz/ops/text.h"
#include "fuzz/rig/pattern.h"
#include "fuzz/subject/osmem_subject.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct rig rig;

/* osmem with one lie in it, which its oracle must find. */
static struct subject liar;
static int lie_after;
static const char *without; /* the oracles that run_text switches off */

static bool lie_now(void) {
    return lie_after-- == 0;
}

static bool run_text(const struct subject *subject, const char *text) {
    uint8_t bytes[256];
    size_t length;
    struct text_error error;
    ck_assert_msg(text_compile(text, strlen(text), bytes, sizeof bytes, &length, &error),
                  "line %u: %s", error.line, error.expected);
    machine_open(&machine);
    rig_init(&rig, subject, &machine);
    rig.without = without;
    bool sound = rig_run(&rig, bytes, length);
    machine_close(&machine);
    return sound;
}

static void expect_failure(const char *text, const char *oracle, size_t operation) {
    ck_assert_msg(!run_text(&liar, text), "%s: not noticed", oracle);
    ck_assert_str_eq(rig.failure.oracle, oracle);
    ck_assert_uint_eq(rig.failure.operation, operation);
}

START_TEST(osmem_passes_a_program_of_everything) {
    bool sound =
        run_text(&osmem_subject, "format 1\nmalloc s0 100\ncalloc s1 10 20\n"
                                 "realloc s0 5000\naligned_alloc s2 100 4096\n"
                                 "usable_size s1\nwrite s1\nmalloc s3 200000\n"
                                 "realloc s3 same+500\nrefuse 1 16\nmalloc s4 131072\n"
                                 "sbrk 33\nmalloc s5 100000\nmalloc s6 100000\n"
                                 "trim\ncheck\nthread 1\nfork\nsample 1\n"
                                 "overflow s1 1\nrealloc s0 0\nmalloc s7 max-0\n");
    ck_assert_msg(sound, "%s: %s", rig.failure.oracle, rig.failure.found);
    ck_assert_uint_gt(rig.checked, 14);
}
END_TEST

static void *lie_null(void *self, size_t size) {
    return lie_now() ? NULL : osmem_subject.malloc(self, size);
}

static void *lie_misaligned(void *self, size_t size) {
    return (char *)osmem_subject.malloc(self, size + 16) + 8;
}

static void *last_block;

static void *lie_overlapping(void *self, size_t size) {
    if (lie_now())
        return (char *)last_block + 16;
    last_block = osmem_subject.malloc(self, size);
    return last_block;
}

static void *lie_outside(void *self, size_t size) {
    static _Alignas(16) char elsewhere[64];
    (void)self, (void)size;
    return elsewhere;
}

static void *lie_wrapped(void *self, size_t size) {
    return osmem_subject.malloc(self, size > PTRDIFF_MAX ? 16 : size);
}

static void *lie_errno(void *self, size_t size) {
    void *block = osmem_subject.malloc(self, size);
    errno = block ? errno : 1;
    return block;
}

static size_t lie_small(void *self, const void *block) {
    (void)self, (void)block;
    return 5;
}

static size_t lie_large(void *self, const void *block) {
    return osmem_subject.usable_size(self, block) + 16;
}

static size_t usable_now;

static size_t lie_shrinking(void *self, const void *block) {
    (void)self, (void)block;
    return usable_now--;
}

START_TEST(lies_of_malloc) {
    liar = osmem_subject;
    liar.malloc = lie_null;
    lie_after = 1;
    expect_failure("format 1\nmalloc s0 1\nmalloc s1 1\n", "null", 1);
    liar.malloc = lie_misaligned;
    expect_failure("format 1\nmalloc s0 1\n", "alignment", 0);
    liar.malloc = lie_overlapping;
    liar.usable_size = NULL;
    lie_after = 1;
    expect_failure("format 1\nmalloc s0 64\nmalloc s1 1\n", "disjoint", 1);
    liar.malloc = lie_outside;
    expect_failure("format 1\nmalloc s0 1\n", "outside", 0);
    liar.malloc = lie_wrapped;
    expect_failure("format 1\nmalloc s0 max-3\n", "impossible", 0);
    liar.malloc = lie_errno;
    expect_failure("format 1\nmalloc s0 1\nmalloc s0 max-3\n", "errno", 1);
    liar = osmem_subject;
    liar.usable_size = lie_small;
    expect_failure("format 1\nmalloc s0 6\n", "usable size", 0);
    liar.usable_size = lie_large;
    expect_failure("format 1\nmalloc s0 6\n", "waste", 0);
    liar.usable_size = lie_shrinking;
    usable_now = 48;
    liar.statistics = NULL;
    expect_failure("format 1\nmalloc s0 33\nusable_size s0\n", "usable size", 1);
}
END_TEST

static struct subject_statistics lie_blocks(void *self) {
    struct subject_statistics seen = osmem_subject.statistics(self);
    seen.blocks++;
    return seen;
}

static struct subject_statistics lie_bytes(void *self) {
    struct subject_statistics seen = osmem_subject.statistics(self);
    seen.bytes += 16;
    return seen;
}

START_TEST(lies_of_statistics) {
    liar = osmem_subject;
    liar.statistics = lie_blocks;
    expect_failure("format 1\nmalloc s0 6\n", "statistics", 0);
    liar.statistics = lie_bytes;
    expect_failure("format 1\nmalloc s0 6\n", "statistics", 0);
}
END_TEST

START_TEST(an_oracle_can_be_switched_off) {
    liar = osmem_subject;
    liar.statistics = lie_blocks;
    without = "kernel,invariant";
    expect_failure("format 1\nmalloc s0 6\n", "statistics", 0);
    without = "kernel,statistics";
    ck_assert(run_text(&liar, "format 1\nmalloc s0 6\n"));
    without = NULL;
}
END_TEST

/* A stray write to a block is found when the block is freed. */
static void *lie_over_the_last(void *self, size_t size) {
    char *block = osmem_subject.malloc(self, size);
    if (last_block)
        *(char *)last_block ^= 1;
    last_block = size == 77 ? block : NULL;
    return block;
}

START_TEST(a_block_that_is_freed_is_looked_at) {
    liar = osmem_subject;
    liar.malloc = lie_over_the_last;
    expect_failure("format 1\nmalloc s0 77\nmalloc s1 1\nfree s0\n", "contents", 2);
}
END_TEST

static void *lie_dirty(void *self, size_t count, size_t size) {
    char *block = osmem_subject.calloc(self, count, size);
    block[count * size - 1] = 1;
    return block;
}

static void *lie_lost_byte(void *self, void *block, size_t size) {
    char *moved = osmem_subject.realloc(self, block, size);
    if (moved)
        moved[size / 2] ^= 1;
    return moved;
}

static void *lie_frees_on_failure(void *self, void *block, size_t size) {
    void *moved = osmem_subject.realloc(self, block, size);
    if (!moved && size)
        osmem_subject.free(self, block);
    return moved;
}

/* Refused by the kernel, and yet a byte is lost. */
static void *lie_scribbles_on_failure(void *self, void *block, size_t size) {
    if (size < 100000)
        return osmem_subject.realloc(self, block, size);
    machine.refused++;
    *(char *)block ^= 1;
    errno = ENOMEM;
    return NULL;
}

static void *lie_realloc_zero(void *self, void *block, size_t size) {
    return size ? osmem_subject.realloc(self, block, size) : block;
}

START_TEST(lies_of_calloc_and_realloc) {
    liar = osmem_subject;
    liar.calloc = lie_dirty;
    expect_failure("format 1\ncalloc s0 10 10\n", "zeroed", 0);
    liar = osmem_subject;
    liar.realloc = lie_lost_byte;
    expect_failure("format 1\nmalloc s0 100\nrealloc s0 90\n", "contents", 1);
    liar.realloc = lie_frees_on_failure;
    expect_failure("format 1\nmalloc s0 100\nrealloc s0 max-1\n", "unchanged", 1);
    liar.realloc = lie_scribbles_on_failure;
    expect_failure("format 1\nmalloc s0 100\nrealloc s0 100000\nrealloc s0 10\n",
                   "contents", 1);
    liar.realloc = lie_realloc_zero;
    expect_failure("format 1\nmalloc s0 100\nrealloc s0 0\n", "realloc to 0", 1);
}
END_TEST

static void lie_leak(void *self, void *block) {
    (void)self, (void)block;
}

static void lie_free_errno(void *self, void *block) {
    osmem_subject.free(self, block);
    errno = 1;
}

static void lie_scribble(void *self, void *block) {
    osmem_subject.free(self, block);
    memset(block, 0xee, 16);
}

static void lie_unmap(void *self, void *block) {
    osmem_subject.free(self, block);
    int saved = errno;
    machine.kernel.munmap(&machine.kernel, machine.memory + MACHINE_BREAK_LIMIT, 4096);
    errno = saved;
}

static const char *lie_leftover(void *self) {
    (void)self;
    return "something";
}

START_TEST(lies_of_free) {
    liar = osmem_subject;
    liar.free = lie_leak;
    expect_failure("format 1\nmalloc s0 1\nfree s0\n", "statistics", 1);
    liar.free = lie_free_errno;
    expect_failure("format 1\nmalloc s0 1\nfree s0\n", "errno", 1);
    liar.free = lie_scribble;
    expect_failure("format 1\nmalloc s0 1\nmalloc s1 1\nfree s0\n", "invariant", 2);
    liar.free = lie_unmap;
    expect_failure("format 1\nmalloc s0 1\nfree s0\n", "kernel", 1);
    liar = osmem_subject;
    liar.leftover = lie_leftover;
    expect_failure("format 1\nmalloc s0 1\n", "leftover", 1);
}
END_TEST

START_TEST(patterns_see_every_dense_byte) {
    static char block[6000], other[6000];
    size_t at;
    for (size_t length = 0; length <= 256; length += length < 200 ? 1 : 7) {
        pattern_fill(block, length, 5);
        ck_assert(pattern_holds(block, length, length, 5, &at));
        for (size_t kept = 0; kept <= length; kept += 13) {
            memcpy(other, block, length);
            memset(other + kept, 0, sizeof other - kept);
            ck_assert(pattern_holds(other, kept, length, 5, &at));
        }
        for (size_t i = 0; i < length; i += 7) {
            block[i] ^= 0x40;
            ck_assert(!pattern_holds(block, length, length, 5, &at));
            ck_assert_uint_eq(at, i);
            block[i] ^= 0x40;
        }
    }
    pattern_fill(block, 1003, 5);
    ck_assert(!pattern_holds(block, 1003, 1003, 6, &at) && at == 0); /* each its own */
    block[1002] ^= 1;
    ck_assert(!pattern_holds(block, 1003, 1003, 5, &at) && at == 1002);
    memset(block, 0, sizeof block);
    ck_assert(pattern_is_zero(block, sizeof block, &at) &&
              pattern_is_zero(block, 0, &at));
    block[77] = 1;
    ck_assert(!pattern_is_zero(block, sizeof block, &at) && at == 77);
}
END_TEST

int main(void) {
    return suite_run("rig",
                     SUITE(osmem_passes_a_program_of_everything, lies_of_malloc,
                           lies_of_statistics, an_oracle_can_be_switched_off,
                           a_block_that_is_freed_is_looked_at, lies_of_calloc_and_realloc,
                           lies_of_free, patterns_see_every_dense_byte));
}
