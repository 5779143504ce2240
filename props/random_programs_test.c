/* Programs of random bytes, from a printed seed: each passes, with the same trace at two
 * bases. */
#include <stdio.h>

#include "fuzz/rig/run.h"
#include "fuzz/subject/classic_subject.h"
#include "fuzz/subject/osmem_subject.h"
#include "osmem/base/random.h"
#include "props/testing/suite.h"

enum {
    PROGRAMS = 3000,
    PROGRAM_MAX = 400,
};

static struct random random_state = {20261123};

static struct machine here, there;
static struct rig first, second;

static void expect_pass(struct rig *rig, const uint8_t *bytes, size_t length,
                        int number) {
    bool sound = rig_run(rig, bytes, length);
    ck_assert_msg(sound, "program %d, operation %zu: %s: expected %s, found %s", number,
                  rig->failure.operation, rig->failure.oracle, rig->failure.expected,
                  rig->failure.found);
}

static void run_programs(const struct subject *subject) {
    uint8_t bytes[PROGRAM_MAX];
    printf("%s: seed %llu, %d programs\n", subject->name,
           (unsigned long long)random_state.state, PROGRAMS);
    ck_assert(machine_open(&here) && machine_open(&there));
    rig_init(&first, subject, &here);
    rig_init(&second, subject, &there);
    for (int number = 0; number < PROGRAMS; number++) {
        size_t length = random_below(&random_state, PROGRAM_MAX);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)random_next(&random_state);
        expect_pass(&first, bytes, length, number);
        expect_pass(&second, bytes, length, number);
        ck_assert_msg(first.trace == second.trace, "program %d differs at two bases",
                      number);
    }
    ck_assert_uint_gt(first.checked, PROGRAMS * 20);
    ck_assert_uint_eq(first.checked, second.checked);
}

START_TEST(osmem_has_the_same_trace_at_two_bases) {
    run_programs(&osmem_subject);
}
END_TEST

START_TEST(classic_has_the_same_trace_at_two_bases) {
    run_programs(&classic_subject);
}
END_TEST

int main(void) {
    return suite_run("random programs", SUITE(osmem_has_the_same_trace_at_two_bases,
                                              classic_has_the_same_trace_at_two_bases));
}
