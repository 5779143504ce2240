/* One thread at a time; and around a fork in a handler, whose lock is whose. */
#include "osmem/platform/lock.h"

#include <sched.h>
#include <time.h>

#include "props/testing/suite.h"

enum {
    THREADS = 4,
    ROUNDS = 200000,
};

static struct os_lock outer = OS_LOCK_INIT, inner = OS_LOCK_INIT;
static unsigned counted;
static atomic_bool taken, go_on;

static void *count(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        lock_take(&inner);
        counted++;
        lock_release(&inner);
    }
    return unused;
}

START_TEST(threads_take_turns) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(counted, THREADS * ROUNDS);
    ck_assert_uint_eq(inner.word, 0);
}
END_TEST

static void *take_once(void *unused) {
    lock_take(&inner);
    counted++;
    lock_release(&inner);
    return unused;
}

/* Both sleep, if 50 ms are enough for that; who is woken wakes the other. */
START_TEST(each_of_two_waiters_is_woken) {
    const struct timespec while_they_wait = {.tv_nsec = 50000000};
    pthread_t threads[2];
    lock_take(&inner);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, take_once, NULL);
    nanosleep(&while_they_wait, NULL);
    lock_release(&inner);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(counted, 2);
}
END_TEST

START_TEST(what_is_held_is_counted) {
    lock_take(&outer);
    ck_assert(lock_try(&inner));
    ck_assert(!lock_try(&inner));
    ck_assert_uint_eq(lock_held, 2);
    unsigned held = lock_interrupt();
    ck_assert(lock_held == 0 && lock_is_nested());
    lock_resume(held);
    lock_release(&inner);
    lock_release(&outer);
    ck_assert(lock_held == 0 && !lock_is_nested());
}
END_TEST

START_TEST(a_frozen_lock_is_its_threads) {
    lock_freeze(&outer);
    ck_assert(!lock_is_nested());
    lock_take(&outer);
    lock_release(&outer);
    ck_assert_uint_ne(outer.word, 0);
    struct os_lock child = outer;
    lock_thaw_in_child(&child);
    ck_assert_uint_eq(child.word, 0);
    lock_thaw(&outer);
    ck_assert_uint_eq(outer.word, 0);
}
END_TEST

/* The interrupted call goes on with its lock in both processes. */
START_TEST(a_fork_in_a_handler_leaves_the_lock_of_its_thread) {
    lock_take(&outer);
    uintptr_t word = outer.word;
    lock_freeze(&outer);
    struct os_lock child = outer;
    lock_thaw_in_child(&child);
    ck_assert_uint_eq(child.word, word);
    lock_thaw(&outer);
    ck_assert_uint_eq(outer.word, word);
    lock_release(&outer);
    ck_assert(lock_try(&outer));
}
END_TEST

static void *take_both(void *unused) {
    lock_take(&outer);
    lock_take_within(&outer, &inner);
    lock_release(&inner);
    lock_release(&outer);
    return unused;
}

/* It waits for this thread, which is in a handler: nothing is half done, and it is not in the child. */
START_TEST(a_fork_in_a_handler_leaves_a_lock_whose_owner_waits) {
    pthread_t thread;
    lock_take(&inner);
    pthread_create(&thread, NULL, take_both, NULL);
    while (!outer.blocked_on)
        sched_yield();
    lock_freeze(&outer);
    struct os_lock child = outer;
    lock_thaw_in_child(&child);
    ck_assert(child.word == 0 && !child.blocked_on);
    lock_thaw(&outer);
    ck_assert_uint_ne(outer.word, 0);
    lock_release(&inner);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(outer.word, 0);
}
END_TEST

static void *take_for_a_while(void *unused) {
    lock_take(&outer);
    atomic_store(&taken, true);
    while (!atomic_load(&go_on))
        sched_yield();
    lock_release(&outer);
    return unused;
}

static void *let_go_on(void *unused) {
    for (int i = 0; i < 1000; i++)
        sched_yield();
    atomic_store(&go_on, true);
    return unused;
}

START_TEST(a_fork_in_a_handler_blocked_on_another_thread) {
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, take_for_a_while, NULL);
    while (!atomic_load(&taken))
        sched_yield();
    lock_take(&inner); /* the interrupted call's */
    pthread_create(&threads[1], NULL, let_go_on, NULL);
    lock_freeze(&outer);
    ck_assert(atomic_load(&go_on) && lock_is_frozen(&outer));
    lock_thaw(&outer);
    lock_release(&inner);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}
END_TEST

int main(void) {
    return suite_run("lock", SUITE(threads_take_turns, each_of_two_waiters_is_woken,
                                   what_is_held_is_counted, a_frozen_lock_is_its_threads,
                                   a_fork_in_a_handler_leaves_the_lock_of_its_thread,
                                   a_fork_in_a_handler_leaves_a_lock_whose_owner_waits,
                                   a_fork_in_a_handler_blocked_on_another_thread));
}
