/*
 * state: what the C functions keep over a heap.
 */
#ifndef OSMEM_ALLOC_STATE_H
#define OSMEM_ALLOC_STATE_H

#include <stdatomic.h>
#include <stdint.h>

#include "osmem/alloc/heap.h"
#include "osmem/alloc/heap_state.h"
#include "osmem/alloc/options.h"
#include "osmem/alloc/record.h"

struct os_alloc {
    struct os_heap heap;
    const struct os_options *options;
    struct os_record record;
    _Atomic(uint64_t) allocations; /* blocks handed out, ever */
    _Atomic(uint64_t) frees;       /* blocks taken back, ever */
    _Atomic(uint64_t) unchecked;   /* calls since the last check of check_every */
};

#endif
