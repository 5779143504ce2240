/* The call history of a program with threads: each call once, and none that was refused. */
#include <pthread.h>
#include <stdint.h>

#include "osmem/alloc/state.h"
#include "osmem/osmem.h"
#include "osmem/process/process.h"
#include "props/testing/suite.h"

const char *os_default_options(void) {
    return "tier=standard:on_error=report:log=/dev/null:history=4096";
}

enum {
    THREADS = 2,
    ROUNDS = 1000000,
};

/* The calls that were added to it, ever. */
static uint64_t added(void) {
    struct os_call call;
    return process_enter(&call, NULL)->record.history.added;
}

/* At once: what calls of the C functions do besides takes turns, and this would be seldom at once. */
static pthread_barrier_t start;

static void *add(void *unused) {
    struct os_call call;
    struct os_record *record = &process_enter(&call, NULL)->record;
    pthread_barrier_wait(&start);
    for (int i = 0; i < ROUNDS; i++)
        record_history(record,
                       &(struct history_call){.function = "os_free", .block = record});
    return unused;
}

START_TEST(calls_of_threads_are_added_each) {
    pthread_t threads[THREADS];
    uint64_t before = added();
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, add, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(added() - before, THREADS * ROUNDS);
}
END_TEST

START_TEST(what_is_refused_is_not_added) {
    void *volatile block = os_malloc(100);
    uint64_t before = added();
    os_free((char *)block + 16);
    ck_assert_ptr_null(os_realloc(block, SIZE_MAX));
    ck_assert_uint_eq(added() - before, 0);
    os_free_sized(block, 99); /* is tolerated, and frees it */
    ck_assert_uint_eq(added() - before, 1);
    os_free(block);
    ck_assert_uint_eq(added() - before, 1);
}
END_TEST

int main(void) {
    return suite_run(
        "history", SUITE(calls_of_threads_are_added_each, what_is_refused_is_not_added));
}
