/* Freed pages become zero, whatever the kernel says of them; what is given back is what was not touched. */
#include "osmem/space/zero.h"

#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/space/policy.h"
#include "props/testing/suite.h"

enum {
    PAGES = 40,
};

static struct machine machine;
static struct zero_habit habit;
static struct zero_mark mark;
static char *memory;
static size_t length;
static size_t given_back; /* bytes, by the last call of zero() */
static uint64_t faults;
static int (*machine_discard)(struct os_kernel *, void *, size_t);

static int discard(struct os_kernel *kernel, void *address, size_t bytes) {
    given_back += bytes;
    return machine_discard(kernel, address, bytes);
}

static uint64_t count_faults(struct os_kernel *kernel) {
    (void)kernel;
    return faults;
}

static void open_pages(void) {
    ck_assert(machine_open(&machine));
    machine_discard = machine.kernel.madvise;
    machine.kernel.madvise = discard;
    machine.kernel.faults = count_faults;
    length = (size_t)PAGES * MACHINE_PAGE;
    memory = sys_map(&machine.kernel, length);
    ck_assert_ptr_nonnull(memory);
    habit = (struct zero_habit){.length = length, .version = 1};
    mark = (struct zero_mark){.faults = 0};
    faults = 1;
}

static void touch(size_t page) {
    memory[page * MACHINE_PAGE + page] = 1;
}

static bool zero(void) {
    given_back = 0;
    return zero_pages(&machine.kernel, memory, length, &habit, &mark);
}

static bool is_zero(void) {
    return memory[0] == 0 && memcmp(memory, memory + 1, length - 1) == 0;
}

START_TEST(what_was_touched_is_cleared_and_the_rest_given_back) {
    open_pages();
    touch(0), touch(1), touch(20), touch(PAGES - 1);
    ck_assert(zero() && is_zero());
    ck_assert_uint_eq(given_back, length - (size_t)4 * MACHINE_PAGE);
    ck_assert_uint_eq(habit.runs, 3);
    for (size_t page = 0; page < PAGES; page++) {
        faults++;
        touch(page);
        ck_assert(zero() && is_zero());
        ck_assert_uint_eq(given_back, length - (size_t)4 * MACHINE_PAGE);
    }
}
END_TEST

START_TEST(runs_beyond_those_that_are_known_are_given_back) {
    open_pages();
    for (size_t page = 1; page < PAGES; page += 2)
        touch(page);
    ck_assert(zero() && is_zero());
    ck_assert_uint_eq(habit.runs, ZERO_RUNS);
    ck_assert_uint_eq(given_back, length - (size_t)ZERO_RUNS * MACHINE_PAGE);
}
END_TEST

START_TEST(without_a_fault_nothing_is_given_back) {
    open_pages();
    touch(3);
    ck_assert(zero()); /* from here on there is a mark */
    touch(3);
    ck_assert(zero() && is_zero());
    ck_assert_uint_eq(given_back, 0);
    touch(3), touch(4), faults++;
    ck_assert(zero() && is_zero());
    ck_assert_uint_gt(given_back, 0);
}
END_TEST

START_TEST(a_mark_is_good_for_one_habit_only) {
    open_pages();
    touch(3);
    ck_assert(zero());
    touch(3);
    habit = (struct zero_habit){.length = length, .version = 2, .uses = 1};
    ck_assert(zero() && is_zero()); /* it knows nothing of the page */
    ck_assert_uint_eq(given_back, length);
}
END_TEST

START_TEST(unknown_faults_are_no_mark) {
    open_pages();
    faults = 0;
    for (int i = 0; i < 3; i++) {
        touch(3), touch((size_t)(5 + i));
        ck_assert(zero() && is_zero());
        ck_assert_uint_gt(given_back, 0);
    }
}
END_TEST

START_TEST(constant_faults_are_counted_less_often) {
    open_pages();
    unsigned counted = 0;
    for (int i = 0; i < 1000; i++) {
        faults++;
        touch((size_t)i % PAGES);
        ck_assert(zero() && is_zero());
        counted += mark.faults != 0;
    }
    ck_assert_uint_lt(counted, 100);
    ck_assert_uint_gt(counted, 10);
    for (int i = 0; i < 2 * POLICY_FAULTS_PAUSE + 2; i++)
        ck_assert(zero());
    ck_assert_uint_eq(given_back, 0); /* it has none any more */
}
END_TEST

START_TEST(what_is_touched_is_looked_up_again) {
    open_pages();
    for (unsigned i = 0; i <= POLICY_RELEARN; i++) {
        touch(7), faults++;
        habit.version += zero_is_due(&habit);
        ck_assert(zero() && is_zero());
    }
    ck_assert_uint_eq(habit.runs, 1);
    ck_assert_uint_eq(habit.run[0].first, 7);
    for (unsigned i = 0; i <= POLICY_RELEARN; i++) {
        touch(9), faults++;
        habit.version += zero_is_due(&habit);
        ck_assert(zero() && is_zero());
    }
    ck_assert_uint_eq(habit.run[0].first, 9);
}
END_TEST

START_TEST(every_call_may_be_refused) {
    open_pages();
    touch(0), touch(20);
    machine_refuse(&machine, 1, 1); /* mincore */
    ck_assert(zero() && is_zero());
    ck_assert_uint_eq(given_back, length);
    for (size_t refused = 1; refused <= 2; refused++) { /* one of two madvise */
        habit = (struct zero_habit){
            .length = length, .uses = 1, .runs = 2, .run = {{0, 1}, {20, 1}}};
        touch(1), touch(30), faults++;
        machine_refuse(&machine, refused, 1);
        ck_assert(!zero());
    }
}
END_TEST

int main(void) {
    return suite_run(
        "zero",
        SUITE(what_was_touched_is_cleared_and_the_rest_given_back,
              runs_beyond_those_that_are_known_are_given_back,
              without_a_fault_nothing_is_given_back, a_mark_is_good_for_one_habit_only,
              unknown_faults_are_no_mark, constant_faults_are_counted_less_often,
              what_is_touched_is_looked_up_again, every_call_may_be_refused));
}
