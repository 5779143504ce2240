#include "osmem/alloc/alloc.h"

#include <errno.h>
#include <string.h>

#include "osmem/alloc/inspect.h"
#include "osmem/alloc/prepare.h"
#include "osmem/alloc/state.h"
#include "osmem/base/num.h"
#include "osmem/platform/expect.h"

void alloc_init(struct os_alloc *alloc, struct os_kernel *kernel) {
    heap_init(&alloc->heap, kernel);
    record_init(&alloc->record);
    alloc->options = &options_of_tier[TIER_LIGHT];
    atomic_init(&alloc->allocations, 0);
    atomic_init(&alloc->frees, 0);
    atomic_init(&alloc->unchecked, 0);
}

void alloc_set_options(struct os_alloc *alloc, const struct os_options *options) {
    struct os_heap *heap = &alloc->heap;
    heap_set_zeroed(heap, options->zero);
    alloc->options = options;
    if (options->quarantine)
        heap_quarantine_open(heap, options->quarantine);
    if (options->random)
        heap_set_random(heap);
    heap_set_guard(heap, options->guard, options->keep, options->reuse);
    record_open(&alloc->record, heap->space.kernel, options, heap_random(heap));
}

/* A shortage of memory is no finding: errno reports it. */
static void *alloc_refuse(void) {
    errno = ENOMEM;
    return NULL;
}

static void alloc_begin(struct os_alloc *alloc, struct os_call *call,
                        const char *function, const void *address) {
    EXPECT(lock_held == 0);
    call->function = function;
    call->address = address;
    record_begin(&alloc->record, call);
}

static void alloc_end(struct os_alloc *alloc, struct os_call *call) {
    if (heap_has_recorded(&alloc->heap))
        finding_recorded(alloc, call);
    EXPECT(lock_held == 0);
}

/* ---- one block out ---- */

/* A guarded allocation, where this one is to be one; false: take one like the others. */
static bool alloc_take_guarded(struct os_alloc *alloc, size_t requested, size_t size,
                               size_t alignment, struct os_block *block) {
    size_t every = alloc->options->sample;
    bool sampled = every && sample_is_due(&alloc->record.sample, every);
    if (requested == 0 && alloc->options->guard)
        size = 0;
    else if (!sampled)
        return false;
    return heap_take_guarded(&alloc->heap, size, alignment, block) == OS_OK;
}

/* Before a request is refused: what is quarantined, verified, and what is only kept. */
static bool alloc_release_reserve(struct os_alloc *alloc, struct os_call *call) {
    bool any = inspect_drain(alloc, call, 0);
    return heap_release_reserve(&alloc->heap) || any;
}

/* For a block that takes the place of one that grew, or for a new one. */
enum alloc_purpose {
    ALLOC_NEW,
    ALLOC_GROWN,
};

static bool alloc_take_at_once(struct os_alloc *alloc, size_t size, size_t alignment,
                               enum alloc_purpose purpose, struct os_block *block) {
    enum os_status status = purpose == ALLOC_GROWN
                                ? heap_take_to_grow(&alloc->heap, size, block)
                                : heap_take(&alloc->heap, size, alignment, block);
    return status == OS_OK;
}

static bool alloc_take_plain(struct os_alloc *alloc, struct os_call *call, size_t size,
                             size_t alignment, enum alloc_purpose purpose,
                             struct os_block *block) {
    return alloc_take_at_once(alloc, size, alignment, purpose, block) ||
           (alloc_release_reserve(alloc, call) &&
            alloc_take_at_once(alloc, size, alignment, purpose, block));
}

/* A busy block for a request, verified. */
static bool alloc_take(struct os_alloc *alloc, struct os_call *call, size_t requested,
                       size_t alignment, enum alloc_purpose purpose,
                       struct os_block *block) {
    size_t size;
    if (!prepare_size(alloc->options, requested, &size))
        return false;
    if (!alloc_take_guarded(alloc, requested, size, alignment, block) &&
        !alloc_take_plain(alloc, call, size, alignment, purpose, block))
        return false;
    inspect_fresh(alloc, call, block, 0);
    return true;
}

/* A busy block is the program's from now on. */
static void *alloc_publish(struct os_alloc *alloc, struct os_call *call,
                           struct os_block *block, size_t requested) {
    prepare_arm(&alloc->heap, alloc->options, block, requested);
    record_allocation(&alloc->record, call, block->address, requested);
    heap_publish(&alloc->heap, block);
    return block->address;
}

/* Takes a block and publishes it; NULL and ENOMEM where that is refused. */
static void *alloc_new(struct os_alloc *alloc, struct os_call *call, size_t requested,
                       size_t alignment, bool zeroed) {
    struct os_block block;
    if (!alloc_take(alloc, call, requested, alignment, ALLOC_NEW, &block))
        return alloc_refuse();
    if (zeroed)
        prepare_zero(&alloc->heap, &block, requested);
    atomic_fetch_add_explicit(&alloc->allocations, 1, memory_order_relaxed);
    return alloc_publish(alloc, call, &block, requested);
}

/* ---- one block back ---- */

/* The block in use at an address, busy from now on; false where there is none, or its canary does not
 * hold: then it stays in use. */
static bool alloc_claim(struct os_alloc *alloc, struct os_call *call,
                        struct os_block *block) {
    enum os_status status = heap_claim(&alloc->heap, call->address, block);
    if (status != OS_OK) {
        finding_pointer(alloc, call, status, block);
        return false;
    }
    if (inspect_canary(alloc, call, block))
        return true;
    heap_publish(&alloc->heap, block);
    return false;
}

/* A busy block goes back, into the quarantine or to the heap. */
static void alloc_give(struct os_alloc *alloc, struct os_call *call,
                       const struct os_block *block) {
    inspect_neighbours(alloc, call, block);
    record_free(&alloc->record, call, block->address);
    atomic_fetch_add_explicit(&alloc->frees, 1, memory_order_relaxed);
    if (inspect_quarantine(alloc, call, block))
        return;
    prepare_clear(alloc->options, block);
    heap_give(&alloc->heap, block);
}

/* ---- the C functions ---- */

void *alloc_malloc(struct os_alloc *alloc, struct os_call *call, size_t size) {
    alloc_begin(alloc, call, "os_malloc", NULL);
    void *address = alloc_new(alloc, call, size, GRANULE, false);
    record_history(&alloc->record, &(struct history_call){.function = call->function,
                                                          .result = address,
                                                          .size = size});
    alloc_end(alloc, call);
    return address;
}

void *alloc_calloc(struct os_alloc *alloc, struct os_call *call, size_t count,
                   size_t size) {
    size_t total;
    if (!num_mul(count, size, &total))
        return alloc_refuse();
    alloc_begin(alloc, call, "os_calloc", NULL);
    void *address = alloc_new(alloc, call, total, GRANULE, true);
    record_history(&alloc->record, &(struct history_call){.function = call->function,
                                                          .result = address,
                                                          .count = count,
                                                          .size = size});
    alloc_end(alloc, call);
    return address;
}

void *alloc_aligned_alloc(struct os_alloc *alloc, struct os_call *call, size_t alignment,
                          size_t size) {
    if (!num_is_pow2(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    alloc_begin(alloc, call, "os_aligned_alloc", NULL);
    void *address = alloc_new(alloc, call, size, num_max(alignment, GRANULE), false);
    record_history(&alloc->record, &(struct history_call){.function = call->function,
                                                          .result = address,
                                                          .size = size,
                                                          .alignment = alignment});
    alloc_end(alloc, call);
    return address;
}

/* The block keeps its place for now: its old canary, where there was one, stands again. */
static void *alloc_stay(struct os_alloc *alloc, struct os_block *block, size_t slack) {
    block->slack = slack;
    if (slack)
        heap_arm_canary(&alloc->heap, block);
    heap_publish(&alloc->heap, block);
    return alloc_refuse();
}

/* Before the old block is given back: its address may be another thread's a moment later. */
static void alloc_record_realloc(struct os_alloc *alloc, const struct os_call *call,
                                 const void *resized, size_t size) {
    record_history(&alloc->record, &(struct history_call){.function = call->function,
                                                          .block = call->address,
                                                          .result = resized,
                                                          .size = size});
}

/* Where the block cannot be resized: another block, a copy, and the old one is given back. `usable`
 * and `slack` were the old one's, which is busy and has no canary now. */
static void *alloc_move(struct os_alloc *alloc, struct os_call *call,
                        struct os_block *old, size_t usable, size_t slack, size_t size) {
    struct os_block block;
    enum alloc_purpose purpose = size > usable ? ALLOC_GROWN : ALLOC_NEW;
    if (alloc_take(alloc, call, size, GRANULE, purpose, &block)) {
        memcpy(block.address, old->address, num_min(usable, size));
        atomic_fetch_add_explicit(&alloc->allocations, 1, memory_order_relaxed);
        alloc_record_realloc(alloc, call, block.address, size);
        alloc_give(alloc, call, old);
        return alloc_publish(alloc, call, &block, size);
    }
    if (size > usable)
        return alloc_stay(alloc, old, slack);
    /* It is large enough where it is. */
    prepare_clear_tail(&alloc->heap, alloc->options, old, size, old->size);
    alloc_record_realloc(alloc, call, old->address, size);
    return alloc_publish(alloc, call, old, size);
}

/* Disarms the canary, resizes, arms the canary. */
static void *alloc_resize(struct os_alloc *alloc, struct os_call *call,
                          struct os_block *block, size_t size) {
    size_t usable = prepare_usable(block), slack = block->slack, had = block->size, need;
    if (!prepare_size(alloc->options, size, &need)) {
        heap_publish(&alloc->heap, block);
        return alloc_refuse();
    }
    heap_disarm_canary(&alloc->heap, block);
    block->slack = 0;
    bool same_kind = heap_is_large(&alloc->heap, need) == (block->id == NO_BLOCK);
    if (same_kind && size < usable)
        prepare_clear_tail(&alloc->heap, alloc->options, block, size, need);
    if (heap_resize(&alloc->heap, block, need) != OS_OK)
        return alloc_move(alloc, call, block, usable, slack, size);
    if (block->size > had)
        inspect_fresh(alloc, call, block, had);
    alloc_record_realloc(alloc, call, block->address, size);
    return alloc_publish(alloc, call, block, size);
}

void *alloc_realloc(struct os_alloc *alloc, struct os_call *call, void *address,
                    size_t size) {
    struct os_block block;
    void *resized = NULL;
    int saved = errno;
    if (!address)
        return alloc_malloc(alloc, call, size);
    alloc_begin(alloc, call, "os_realloc", address);
    if (alloc_claim(alloc, call, &block)) {
        if (size == 0) {
            alloc_record_realloc(alloc, call, NULL, 0);
            alloc_give(alloc, call, &block);
            errno = saved; /* NULL with ENOMEM would mean that the block is still there */
        } else {
            resized = alloc_resize(alloc, call, &block, size);
        }
    }
    alloc_end(alloc, call);
    return resized;
}

void alloc_free(struct os_alloc *alloc, struct os_call *call, void *address) {
    struct os_block block;
    int saved = errno;
    alloc_begin(alloc, call, "os_free", address);
    if (address && alloc_claim(alloc, call, &block)) {
        record_history(&alloc->record, &(struct history_call){.function = call->function,
                                                              .block = address});
        alloc_give(alloc, call, &block);
    }
    alloc_end(alloc, call);
    errno = saved;
}

void alloc_free_sized(struct os_alloc *alloc, struct os_call *call, void *address,
                      size_t alignment, size_t size) {
    struct os_block block;
    int saved = errno;
    alloc_begin(alloc, call, "os_free_sized", address);
    if (address && alloc_claim(alloc, call, &block)) {
        bool fits = num_is_pow2(alignment) && num_address(address) % alignment == 0 &&
                    prepare_fits(alloc->options, &block, size);
        if (!fits)
            finding_size(alloc, call, &block, alignment, size);
        if (fits || options_tolerates(alloc->options, OS_FAULT_SIZE_MISMATCH)) {
            record_history(&alloc->record, &(struct history_call){.function = "os_free",
                                                                  .block = address});
            alloc_give(alloc, call, &block);
        } else {
            heap_publish(&alloc->heap, &block);
        }
    }
    alloc_end(alloc, call);
    errno = saved;
}

size_t alloc_usable_size(struct os_alloc *alloc, struct os_call *call,
                         const void *address) {
    struct os_block block;
    size_t usable = 0;
    if (!address)
        return 0;
    alloc_begin(alloc, call, "os_usable_size", address);
    enum os_status status = heap_find(&alloc->heap, address, &block);
    if (status != OS_OK)
        finding_pointer(alloc, call,
                        status == OS_FAULT_DOUBLE_FREE ? OS_FAULT_USE_AFTER_FREE : status,
                        &block);
    else if (inspect_canary(alloc, call, &block))
        usable = prepare_usable(&block);
    alloc_end(alloc, call);
    return usable;
}

size_t alloc_usable_at_once(struct os_alloc *alloc, const void *address) {
    struct os_block block;
    return heap_find_at_once(&alloc->heap, address, &block) ? prepare_usable(&block) : 0;
}

void alloc_trim(struct os_alloc *alloc, struct os_call *call) {
    int saved = errno;
    alloc_begin(alloc, call, "os_trim", NULL);
    inspect_drain(alloc, call, 0);
    heap_trim(&alloc->heap);
    alloc_end(alloc, call);
    errno = saved;
}
