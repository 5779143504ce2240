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

#endif
