/*
 * heap_state: what a heap is made of. A value over a kernel; there is no other state.
 *
 * Where both locks are held, the arena's is taken first.
 */
#ifndef OSMEM_ALLOC_HEAP_STATE_H
#define OSMEM_ALLOC_HEAP_STATE_H

#include "osmem/arena/state.h"
#include "osmem/space/state.h"

struct os_heap {
    struct os_space space;
    struct os_arena arena;
};

/* Whether the heap met something that is to be reported: corrupted links, or a system call that failed
 * for a reason other than memory. Two loads, at the end of every call. */
static inline bool heap_has_recorded(const struct os_heap *heap) {
    return atomic_load_explicit(&heap->arena.has_suspects, memory_order_relaxed) ||
           atomic_load_explicit(&heap->space.kernel->failed_call, memory_order_relaxed);
}

#endif
