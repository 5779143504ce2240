/*
 * lock: mutual exclusion, in one place so that a rig build can put a schedule behind it.
 *
 * Held for short stretches, never while a program's code runs: each thread counts the locks that it
 * holds, and report/ expects none. Not recursive. A lock that is frozen for a fork stays with its
 * thread, which may take and release it meanwhile: what other libraries do around a fork allocates.
 */
#ifndef OSMEM_PLATFORM_LOCK_H
#define OSMEM_PLATFORM_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct os_lock {
    pthread_mutex_t mutex;
    _Atomic(pthread_t) frozen_by; /* the thread that forks; 0: none */
};

#define OS_LOCK_INIT {PTHREAD_MUTEX_INITIALIZER, 0}

/* How many locks the calling thread holds; frozen ones are not counted. */
extern _Thread_local unsigned lock_held __attribute__((tls_model("initial-exec")));

static inline bool lock_is_frozen(const struct os_lock *lock) {
    return atomic_load_explicit(&lock->frozen_by, memory_order_relaxed) == pthread_self();
}

static inline void lock_take(struct os_lock *lock) {
    lock_held++;
    if (!lock_is_frozen(lock))
        pthread_mutex_lock(&lock->mutex);
}

static inline bool lock_try(struct os_lock *lock) {
    if (lock_is_frozen(lock) || pthread_mutex_trylock(&lock->mutex) != 0)
        return false;
    lock_held++;
    return true;
}

/* For a signal handler, whose thread may hold the lock itself: waits for a while, and then does without. */
bool lock_try_for_a_while(struct os_lock *lock);

static inline void lock_release(struct os_lock *lock) {
    if (!lock_is_frozen(lock))
        pthread_mutex_unlock(&lock->mutex);
    lock_held--;
}

/* Before a fork, and after it in both processes. */
static inline void lock_freeze(struct os_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
    atomic_store_explicit(&lock->frozen_by, pthread_self(), memory_order_relaxed);
}

static inline void lock_thaw(struct os_lock *lock) {
    atomic_store_explicit(&lock->frozen_by, 0, memory_order_relaxed);
    pthread_mutex_unlock(&lock->mutex);
}

#endif
