#include "osmem/platform/lock.h"

#include <sched.h>

_Thread_local unsigned lock_held;

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
