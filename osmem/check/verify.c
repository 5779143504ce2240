#include "osmem/check/verify.h"

#include <errno.h>

#include "osmem/alloc/inspect.h"
#include "osmem/alloc/state.h"
#include "osmem/check/check.h"

/* What a check found, read while the locks were held. */
struct verify_found {
    struct check_breach breach;
    struct os_block block;
    struct heap_filled filled;
    struct fill_damage damage;
};

/* The caller has heap_lock. */
static void verify_read(struct os_heap *heap, struct verify_found *found) {
    heap_find_locked(heap, found->breach.where, &found->block);
    switch (found->breach.invariant) {
    case INVARIANT_F1:
        found->damage = heap_canary_damage(heap, &found->block);
        return;
    case INVARIANT_L2:
        found->filled = heap_left_padding(heap, &found->block);
        break;
    case INVARIANT_Q1:
        found->filled = heap_filled(heap, &found->block, STATE_QUARANTINED);
        break;
    case INVARIANT_Z1:
    case INVARIANT_Z2:
        found->filled = heap_filled(heap, &found->block, STATE_FREE);
        break;
    default:
        return;
    }
    found->damage =
        fill_damage(found->filled.at, found->filled.length, found->filled.byte);
}

/* By what the program can have done to it, else osmem's own mistake. */
static void verify_classify(struct os_alloc *alloc, struct os_call *call,
                            const struct verify_found *found) {
    switch (found->breach.invariant) {
    case INVARIANT_F1:
        finding_canary(alloc, call, &found->block, &found->damage);
        return;
    case INVARIANT_L2:
        finding_left_padding(alloc, call, &found->block, &found->filled, &found->damage);
        return;
    case INVARIANT_Q1:
    case INVARIANT_Z1:
    case INVARIANT_Z2:
        finding_fill(alloc, call, &found->block, &found->damage, found->filled.length);
        return;
    default:
        finding_invariant(alloc, call, check_rule(found->breach.invariant),
                          found->breach.where);
    }
}

bool verify_heap(struct os_alloc *alloc, struct os_call *call, const char *function) {
    struct verify_found found;
    int saved = errno;
    call->function = function;
    call->site.operation = record_operation(&alloc->record);
    heap_lock(&alloc->heap);
    found.breach = check_heap(&alloc->heap, CHECK_FULL);
    bool sound = found.breach.invariant == INVARIANT_NONE;
    if (!sound)
        verify_read(&alloc->heap, &found);
    heap_unlock(&alloc->heap);
    if (!sound && (found.breach.invariant != INVARIANT_H1 || !inspect_links(alloc, call)))
        verify_classify(alloc, call, &found);
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
