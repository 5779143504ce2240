#include "osmem/check/verify.h"

#include <errno.h>

#include "osmem/alloc/inspect.h"
#include "osmem/alloc/state.h"
#include "osmem/check/check.h"

/* By what the program can have done to it, else osmem's own mistake. The locks are released: where the
 * damage is gone meanwhile, its owner was at work on the block. */
static void verify_classify(struct os_alloc *alloc, struct os_call *call,
                            struct check_breach breach) {
    struct os_block block;
    struct heap_filled filled;
    heap_find(&alloc->heap, breach.where, &block);
    switch (breach.invariant) {
    case INVARIANT_F1:
        finding_canary(alloc, call, &block);
        return;
    case INVARIANT_L2:
        filled = heap_left_padding(&alloc->heap, &block);
        finding_left_padding(alloc, call, &block, &filled);
        return;
    case INVARIANT_Q1:
        filled = heap_filled(&alloc->heap, &block, STATE_QUARANTINED);
        finding_fill(alloc, call, &block, &filled);
        return;
    case INVARIANT_Z1:
    case INVARIANT_Z2:
        filled = heap_filled(&alloc->heap, &block, STATE_FREE);
        finding_fill(alloc, call, &block, &filled);
        return;
    default:
        finding_invariant(alloc, call, check_rule(breach.invariant), breach.where);
    }
}

bool verify_heap(struct os_alloc *alloc, struct os_call *call, const char *function) {
    int saved = errno;
    call->function = function;
    call->site.operation = record_operation(&alloc->record);
    heap_lock(&alloc->heap);
    struct check_breach breach = check_heap(&alloc->heap, CHECK_FULL);
    heap_unlock(&alloc->heap);
    bool sound = breach.invariant == INVARIANT_NONE;
    if (!sound && (breach.invariant != INVARIANT_H1 || !inspect_links(alloc, call)))
        verify_classify(alloc, call, breach);
    finding_recorded(alloc, call);
    errno = saved;
    return sound;
}

void verify_sometimes(struct os_alloc *alloc, struct os_call *call,
                      const char *function) {
    uint64_t every = alloc->options->check_every;
    if (every &&
        (1 + atomic_fetch_add_explicit(&alloc->unchecked, 1, memory_order_relaxed)) %
                every ==
            0)
        verify_heap(alloc, call, function);
}
