/* Two threads that free one block at the same time: one frees it, the other is reported. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "osmem/osmem.h"
#include "props/testing/suite.h"

const char *os_default_options(void) {
    return "tier=standard:on_error=report:log=/dev/null";
}

enum {
    ROUNDS = 20000,
    DELAYS = 256, /* some nanoseconds each, to meet in every order */
};

static struct {
    atomic_int turn, done; /* the round that has begun, and frees made, ever */
    void *_Atomic block;
    atomic_int double_frees, others;
} race;

static void count_report(const struct os_fault_report *report, void *context) {
    (void)context;
    atomic_fetch_add(
        strcmp(report->kind, "double-free") == 0 ? &race.double_frees : &race.others, 1);
}

/* Without sleeping, so that both threads come at once. */
static void wait_for(atomic_int *number, int least) {
    for (int spins = 0; atomic_load(number) < least; spins++)
        if (spins > 2000)
            sched_yield();
}

static void delay(int steps) {
    for (volatile int i = 0; i < steps; i++)
        ;
}

static void free_in_round(int round, int steps) {
    wait_for(&race.turn, round);
    delay(steps);
    os_free(atomic_load(&race.block));
    atomic_fetch_add(&race.done, 1);
}

static void *free_each(void *unused) {
    for (int round = 1; round <= ROUNDS; round++)
        free_in_round(round, round % DELAYS);
    return unused;
}

static void free_twice_at_once(size_t size) {
    pthread_t thread;
    atomic_store(&race.turn, 0);
    atomic_store(&race.done, 0);
    atomic_store(&race.double_frees, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, free_each, NULL), 0);
    for (int round = 1; round <= ROUNDS; round++) {
        atomic_store(&race.block, os_malloc(size));
        atomic_store(&race.turn, round);
        free_in_round(round, DELAYS / 2);
        wait_for(&race.done, 2 * round);
    }
    pthread_join(thread, NULL);
    ck_assert_int_eq(atomic_load(&race.double_frees), ROUNDS);
    ck_assert_int_eq(atomic_load(&race.others), 0);
    ck_assert(os_check(NULL));
}

START_TEST(of_two_frees_at_once_one_is_reported) {
    static const size_t sizes[] = {8, 400, 200000};
    struct os_stats before, after;
    os_stats(&before);
    os_set_fault_handler(count_report, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        free_twice_at_once(sizes[i]);
    os_set_fault_handler(NULL, NULL);
    os_stats(&after);
    ck_assert_uint_eq(after.frees - before.frees, 3 * ROUNDS);
    ck_assert_uint_eq(after.blocks_in_use, before.blocks_in_use);
}
END_TEST

int main(void) {
    return suite_run("threads", SUITE(of_two_frees_at_once_one_is_reported));
}
