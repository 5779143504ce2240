/* What only a comparison finds, what it must accept; the rules of placement. */
#include "fuzz/rig/lockstep.h"

#include <errno.h>
#include <string.h>

#include "fuzz/ops/text.h"
#include "fuzz/subject/classic_subject.h"
#include "fuzz/subject/libc_subject.h"
#include "fuzz/subject/osmem_subject.h"
#include "props/testing/suite.h"

static struct machine machines[LOCKSTEP_MAX];
static struct lockstep lockstep;

static bool run_text(const struct subject *const *subjects, unsigned count,
                     const char *text) {
    uint8_t bytes[256];
    size_t length;
    struct text_error error;
    ck_assert_msg(text_compile(text, strlen(text), bytes, sizeof bytes, &length, &error),
                  "line %u: %s", error.line, error.expected);
    for (unsigned i = 0; i < count; i++)
        ck_assert(machine_open(&machines[i]));
    lockstep_init(&lockstep, subjects, machines, count);
    for (unsigned i = 0; i < count; i++)
        lockstep.rig[i].checks_fit = true;
    bool sound = lockstep_run(&lockstep, bytes, length);
    for (unsigned i = 0; i < count; i++)
        machine_close(&machines[i]);
    return sound;
}

static void expect_pass(const char *text) {
    static const struct subject *const all[] = {&osmem_subject, &osmem_standard_subject,
                                                &classic_subject, &libc_subject};
    bool sound = run_text(all, 4, text);
    ck_assert_msg(sound, "%s: %s: expected %s, found %s", lockstep.failed->subject->name,
                  lockstep.failed->failure.oracle, lockstep.failed->failure.expected,
                  lockstep.failed->failure.found);
    ck_assert_uint_gt(lockstep_checked(&lockstep), 8);
}

static void expect_failure(const struct subject *const *subjects, unsigned count,
                           const char *text, const char *oracle, size_t operation) {
    ck_assert_msg(!run_text(subjects, count, text), "%s: not noticed", oracle);
    ck_assert_str_eq(lockstep.failed->failure.oracle, oracle);
    ck_assert_uint_eq(lockstep.failed->failure.operation, operation);
}

START_TEST(what_may_differ_is_no_difference) {
    expect_pass("format 1\nmalloc s0 100\nmalloc s1 0\nmalloc s1 50\ncalloc s2 0 5\n"
                "realloc s2 10\nrealloc s0 0\nrealloc s0 0\nmalloc s0 same+1\n");
    expect_pass(
        "format 1\nmalloc s0 100\nrefuse 1 16\nmalloc s1 120000\nmalloc s2 120000\n"
        "realloc s0 200000\nmalloc s3 same+0\nmalloc s4 s0+0\nfree s0\n");
    expect_pass("format 1\naligned_alloc s0 100 64\naligned_alloc s1 100 3\n"
                "aligned_alloc s2 100 4096\nmalloc s1 max-5\ncalloc s3 max-0 2\n"
                "realloc s0 half+1\nsbrk 33\nmalloc s4 100000\nmalloc s5 100000\n");
}
END_TEST

/* classic with one lie in it. */
static struct subject liar;
static const struct subject *const against[] = {&osmem_subject, &liar};

static void *lie_errno(void *self, size_t size) {
    if (size < ((size_t)64 << 20))
        return classic_subject.malloc(self, size);
    errno = EINVAL;
    return NULL;
}

/* NULL, with a refused call that is undone once the single rig has accepted it. */
static void *lie_refused(void *self, size_t size) {
    if (size != 100)
        return classic_subject.malloc(self, size);
    machines[1].refused = 1;
    errno = ENOMEM;
    return NULL;
}

static const char *lie_not_refused(void *self, bool full) {
    machines[1].refused = 0;
    return classic_subject.check(self, full);
}

static void *lie_zero(void *self, size_t size) {
    return classic_subject.malloc(self, size ? size : 1);
}

START_TEST(what_must_not_differ_is_seen) {
    liar = classic_subject;
    liar.malloc = lie_errno;
    expect_failure(against, 2, "format 1\nmalloc s0 1\nmalloc s0 max-0\n", "errno", 1);
    liar.malloc = lie_zero;
    expect_failure(against, 2, "format 1\nmalloc s0 1\nmalloc s0 0\n", "size 0", 1);
    liar.malloc = lie_refused;
    liar.check = lie_not_refused;
    expect_failure(against, 2, "format 1\nmalloc s0 1\nmalloc s0 100\n", "agreement", 1);
}
END_TEST

static size_t lie_offset, lie_size;
static unsigned lie_from; /* so many requests get no lie */

static void lie_of_free_blocks(void *self,
                               void (*block)(void *context, const char *address,
                                             size_t size),
                               void *context) {
    osmem_subject.free_blocks(self, block, context);
    if (lie_from == 0)
        block(context, machines[1].memory + lie_offset, lie_size);
    lie_from -= lie_from > 0;
}

START_TEST(a_better_fit_passed_over_is_seen) {
    static const struct subject *const pair[] = {&classic_subject, &liar};
    const char *program =
        "format 1\nmalloc s0 100\nmalloc s1 100\nfree s0\nmalloc s0 40\n";
    liar = osmem_subject;
    liar.free_blocks = lie_of_free_blocks;
    lie_offset = 1 << 20;
    lie_size = 16; /* too small for any of them */
    ck_assert(run_text(pair, 2, program));
    lie_size = 48;
    expect_failure(pair, 2, program, "best fit", 3);
    lie_size = 112; /* then the first request grows the heap needlessly */
    expect_failure(pair, 2, program, "growth", 0);
}
END_TEST

START_TEST(a_lower_one_passed_over_is_seen) {
    static const struct subject *const pair[] = {&classic_subject, &liar};
    liar = osmem_subject;
    liar.free_blocks = lie_of_free_blocks;
    liar.address_ordered = true;
    lie_offset = 0;
    lie_size = 112; /* as large as s1's, which is free and chosen */
    lie_from = 3;
    expect_failure(pair, 2,
                   "format 1\nmalloc s0 100\nrealloc s1 100\nrealloc s2 100\nfree s1\n"
                   "malloc s3 100\n",
                   "best fit", 4);
}
END_TEST

static void *lie_always_moves(void *self, void *block, size_t size) {
    void *moved = osmem_subject.malloc(self, size);
    if (moved && block) {
        memcpy(moved, block, 50);
        osmem_subject.free(self, block);
    }
    return moved;
}

START_TEST(a_move_for_nothing_is_seen) {
    static const struct subject *const pair[] = {&classic_subject, &liar};
    liar = osmem_subject;
    liar.realloc = lie_always_moves;
    expect_failure(pair, 2, "format 1\nmalloc s0 50\nrealloc s0 500\n", "in place", 1);
}
END_TEST

int main(void) {
    return suite_run("lockstep",
                     SUITE(what_may_differ_is_no_difference, what_must_not_differ_is_seen,
                           a_better_fit_passed_over_is_seen,
                           a_lower_one_passed_over_is_seen, a_move_for_nothing_is_seen));
}
