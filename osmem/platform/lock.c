#define _GNU_SOURCE /* syscall */

#include "osmem/platform/lock.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

LOCK_THREAD unsigned lock_held, lock_interrupted;

bool lock_try_for_a_while(struct os_lock *lock) {
    enum {
        TRIES = 1000
    };
    for (int i = 0; i < TRIES; i++) {
        if (lock_try(lock))
            return true;
        sched_yield();
    }
    return false;
}

/* ---- waiting ---- */

/* futex(2) looks at 32 bits; those that hold LOCK_WAITERS will do. */
static void lock_futex(struct os_lock *lock, int operation, uint32_t value) {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low half is first");
    int saved = errno;
    syscall(SYS_futex, &lock->word, operation | FUTEX_PRIVATE_FLAG, value, NULL);
    errno = saved;
}

/* Who waited does not know whether others do: it acquires the lock as one with waiters. */
void lock_wait(struct os_lock *lock) {
    uintptr_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);
    for (;;) {
        uintptr_t marked = (word ? word : lock_self()) | LOCK_WAITERS;
        if (word != marked &&
            !atomic_compare_exchange_weak_explicit(
                &lock->word, &word, marked, memory_order_acquire, memory_order_relaxed))
            continue;
        if (word == 0)
            return;
        lock_futex(lock, FUTEX_WAIT, (uint32_t)marked);
        word = atomic_load_explicit(&lock->word, memory_order_relaxed);
    }
}

void lock_wake(struct os_lock *lock) {
    lock_futex(lock, FUTEX_WAKE, 1);
}

/* ---- around a fork ---- */

static bool lock_is_ours(const struct os_lock *lock) {
    uintptr_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);
    return (word & ~(uintptr_t)LOCK_WAITERS) == lock_self();
}

/* For a fork in a handler: takes the lock, or finds that its owner cannot release it meanwhile. */
static bool lock_acquire_nested(struct os_lock *lock) {
    const struct timespec step = {.tv_nsec = 100000};
    int saved = errno;
    while (!lock_acquire(lock)) {
        const struct os_lock *inner =
            atomic_load_explicit(&lock->blocked_on, memory_order_acquire);
        if (lock_is_ours(lock) || (inner && lock_is_ours(inner)))
            return false;
        nanosleep(&step, NULL);
    }
    errno = saved;
    return true;
}

void lock_freeze(struct os_lock *lock) {
    bool nested = lock_is_nested();
    lock_count(1); /* until it is frozen, a handler must not wait for it */
    lock->left = nested && !lock_acquire_nested(lock);
    if (!nested && !lock_acquire(lock))
        lock_wait(lock);
    if (!lock->left)
        atomic_store_explicit(&lock->frozen_by, lock_self(), memory_order_relaxed);
    lock_count(-1U);
}

void lock_thaw(struct os_lock *lock) {
    lock_count(1);
    if (!lock->left) {
        atomic_store_explicit(&lock->frozen_by, 0, memory_order_relaxed);
        lock_free(lock);
    }
    lock_count(-1U);
}

void lock_thaw_in_child(struct os_lock *lock) {
    if (lock->left && !lock_is_ours(lock)) /* a thread's that the child has not */
        *lock = (struct os_lock)OS_LOCK_INIT;
    else
        lock_thaw(lock);
}
