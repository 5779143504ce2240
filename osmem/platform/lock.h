/*
 * lock: mutual exclusion, in one place so that a rig build can put a schedule behind it.
 *
 * Held for short stretches, never while a program's code runs: each thread counts the locks that it
 * holds, and report/ expects none. Not recursive. A lock that is frozen for a fork stays with its
 * thread, which may take and release it meanwhile: what other libraries do around a fork allocates.
 *
 * A signal handler may interrupt a call of its own thread that holds locks. A call made by such a
 * handler is nested: it must not wait for one of these. The count says that it is (it goes up before a
 * lock is taken, and down after its release), and a lock's word whose the lock is: a pthread_mutex
 * does not say that, hence one of our own, over futex(2).
 */
#ifndef OSMEM_PLATFORM_LOCK_H
#define OSMEM_PLATFORM_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct os_lock {
    _Atomic(uintptr_t) word; /* its owner's pthread_self(), LOCK_WAITERS; 0: free */
    _Atomic(struct os_lock *)
        blocked_on; /* by its owner, who has nothing half done under this one */
    _Atomic(uintptr_t) frozen_by; /* pthread_self() of the thread that forks; 0: none */
    bool left; /* not frozen by the fork: its owner could not release it */
};

#define OS_LOCK_INIT {0, NULL, 0, false}

enum {
    LOCK_WAITERS = 1, /* a thread may be waiting */
};

#define LOCK_THREAD _Thread_local __attribute__((tls_model("initial-exec")))

/* How many locks the calling thread's call holds, and how many the calls that it interrupted do; frozen
 * ones are not counted. */
extern LOCK_THREAD unsigned lock_held, lock_interrupted;

/* Whether the caller, who holds no lock himself, runs in a handler that interrupted a call. */
static inline bool lock_is_nested(void) {
    return lock_held + lock_interrupted > 0;
}

/* A nested call begins: what is held is the interrupted one's; and it ends. */
static inline unsigned lock_interrupt(void) {
    unsigned held = lock_held;
    lock_interrupted += held;
    atomic_signal_fence(memory_order_seq_cst);
    lock_held = 0;
    return held;
}

static inline void lock_resume(unsigned held) {
    lock_held = held;
    atomic_signal_fence(memory_order_seq_cst);
    lock_interrupted -= held;
}

/* ---- the word; for this header and lock.c ---- */

static inline uintptr_t lock_self(void) {
    return (uintptr_t)pthread_self();
}

static inline bool lock_acquire(struct os_lock *lock) {
    uintptr_t none = 0;
    return atomic_compare_exchange_strong_explicit(
        &lock->word, &none, lock_self(), memory_order_acquire, memory_order_relaxed);
}

void lock_wait(struct os_lock *lock); /* and acquires it */
void lock_wake(struct os_lock *lock);

static inline void lock_free(struct os_lock *lock) {
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) & LOCK_WAITERS)
        lock_wake(lock);
}

static inline bool lock_is_frozen(const struct os_lock *lock) {
    return atomic_load_explicit(&lock->frozen_by, memory_order_relaxed) == lock_self();
}

static inline void lock_count(unsigned one) {
    atomic_signal_fence(memory_order_seq_cst);
    lock_held += one;
    atomic_signal_fence(memory_order_seq_cst);
}

/* ---- taking and releasing ---- */

static inline void lock_take(struct os_lock *lock) {
    lock_count(1);
    if (!lock_acquire(lock) && !lock_is_frozen(lock))
        lock_wait(lock);
}

/* The same by the owner of another lock, under which nothing is half done: a fork in a handler that
 * interrupted the owner of the inner one need not wait for the outer one. */
static inline void lock_take_within(struct os_lock *outer, struct os_lock *lock) {
    atomic_store_explicit(&outer->blocked_on, lock, memory_order_release);
    lock_take(lock);
    atomic_store_explicit(&outer->blocked_on, NULL, memory_order_relaxed);
}

static inline bool lock_try(struct os_lock *lock) {
    lock_count(1);
    bool acquired = lock_acquire(lock);
    if (!acquired)
        lock_count(-1U);
    return acquired;
}

/* For a signal handler, whose thread may hold the lock itself: waits for a while, and then does without. */
bool lock_try_for_a_while(struct os_lock *lock);

static inline void lock_release(struct os_lock *lock) {
    if (!lock_is_frozen(lock))
        lock_free(lock);
    lock_count(-1U);
}

/* ---- around a fork ---- */

/*
 * Before a fork, and after it in both processes. Where the fork is made by a handler, a lock of the
 * interrupted call stays its, in both processes; and one whose owner waits for such a lock is
 * left alone, and is free in the child.
 */
void lock_freeze(struct os_lock *lock);
void lock_thaw(struct os_lock *lock);
void lock_thaw_in_child(struct os_lock *lock);

#endif
