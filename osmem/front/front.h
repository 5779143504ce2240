/*
 * front: serves the C functions over a heap value; speaks pointers.
 *
 * Semantics of C: ENOMEM and NULL where memory is refused, and the heap is then as it
 * was. A bad pointer is a fault: it is told to `on_fault`, and if that returns, the call
 * does nothing. The caller holds the heap's lock; `cache` is the calling thread's.
 */
#ifndef OSMEM_FRONT_FRONT_H
#define OSMEM_FRONT_FRONT_H

#include <stddef.h>
#include <stdint.h>

#include "osmem/front/ledger.h"
#include "osmem/front/options.h"
#include "osmem/front/quarantine.h"
#include "osmem/front/sample.h"
#include "osmem/front/trail.h"
#include "osmem/heap/heap.h"
#include "osmem/platform/fault.h"

/* What belongs to one thread. */
struct os_cache {
    uint64_t taken;      /* blocks handed out, ever */
    uint64_t given;      /* blocks taken back, ever */
    struct os_site site; /* of the call that is being made, where sites are recorded */
};

struct os_front {
    struct os_heap heap;
    struct os_quarantine quarantine;
    struct os_sample sample;
    struct os_ledger ledger;
    struct os_trail trail;
    uint64_t operations; /* allocations and frees, ever */
    uint64_t told;       /* faults, ever */
    const struct os_options *options;
    size_t calls; /* since the last check of check_every */
    void (*on_fault)(struct os_front *front, const struct os_finding *info);
};

/* In the light tier. */
void front_init(struct os_front *front, struct os_kernel *kernel);

/* From now on; blocks that were handed out before stay right. The options must stay. */
void front_set_options(struct os_front *front, const struct os_options *options);

void *front_malloc(struct os_front *front, struct os_cache *cache, size_t size);
void *front_calloc(struct os_front *front, struct os_cache *cache, size_t count,
                   size_t size);
void *front_realloc(struct os_front *front, struct os_cache *cache, void *address,
                    size_t size);
void *front_aligned_alloc(struct os_front *front, struct os_cache *cache,
                          size_t alignment, size_t size);
void front_free(struct os_front *front, struct os_cache *cache, void *address);
/* The same for a caller who says how the block was asked for; alignment 1: not at all. */
void front_free_sized(struct os_front *front, struct os_cache *cache, void *address,
                      size_t alignment, size_t size);
size_t front_usable_size(struct os_front *front, const void *address);
void front_trim(struct os_front *front);

/* Every invariant; what does not hold is a fault, told as the `verb`'s. */
bool front_check(struct os_front *front, const char *verb);

#endif
