/*
 * lock: mutual exclusion, in one place so that a rig build can put a schedule behind it.
 *
 * Taken for short stretches; held over a program's code only in os_walk. Not recursive.
 */
#ifndef OSMEM_PLATFORM_LOCK_H
#define OSMEM_PLATFORM_LOCK_H

#include <pthread.h>
#include <stdbool.h>

struct os_lock {
    pthread_mutex_t mutex;
};

#define OS_LOCK_INIT {PTHREAD_MUTEX_INITIALIZER}

static inline void lock_take(struct os_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
}

static inline bool lock_try(struct os_lock *lock) {
    return pthread_mutex_trylock(&lock->mutex) == 0;
}

static inline void lock_give(struct os_lock *lock) {
    pthread_mutex_unlock(&lock->mutex);
}

#endif
