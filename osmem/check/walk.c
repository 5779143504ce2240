#include "osmem/check/walk.h"

#include "osmem/base/num.h"

const char *walk_state_name(enum block_state state) {
    static const char *const names[] = {
        [STATE_NOT_OURS] = "not-ours",
        [STATE_IN_USE] = "in-use",
        [STATE_BUSY] = "busy",
        [STATE_CACHED] = "cached",
        [STATE_QUARANTINED] = "quarantined",
        [STATE_FREE] = "free",
    };
    return names[state];
}

static bool walk_span(const struct os_heap *heap, unsigned number, walk_visitor *visit,
                      void *context) {
    const struct os_span *span = &heap->span[number];
    struct tags_extent extent;
    for (size_t at = 0; at < span->granules; at += extent.granules) {
        if (!tags_read(span->tags + at, &extent))
            return false;
        struct walk_block block = {.address = span->base + at * GRANULE,
                                   .room = extent.granules * GRANULE,
                                   .slack = extent.slack,
                                   .state = extent.state,
                                   .zero = extent.zero};
        if (!visit(context, &block))
            return false;
    }
    return true;
}

static bool walk_entry(const struct large_entry *entry, walk_visitor *visit,
                       void *context) {
    struct walk_block block = {.address = entry->address,
                               .room = entry->room,
                               .slack = entry->slack,
                               .state = STATE_IN_USE,
                               .large = true};
    return !entry->live || visit(context, &block);
}

/* The span with the lowest base at or above an address, or SPANS_MAX. */
static unsigned walk_next_span(const struct os_heap *heap, uintptr_t from) {
    unsigned next = SPANS_MAX;
    for (unsigned i = 0; i < heap->spans; i++) {
        uintptr_t base = num_address(heap->span[i].base);
        if (base && base >= from &&
            (next == SPANS_MAX || base < num_address(heap->span[next].base)))
            next = i;
    }
    return next;
}

/* The registered mapping by its number, or NULL behind the last. */
static const struct large_entry *walk_large(const struct os_heap *heap, size_t number) {
    return number < heap->large.count ? large_entries(heap) + number : NULL;
}

bool walk_heap(const struct os_heap *heap, walk_visitor *visit, void *context) {
    size_t number = 0;
    const struct large_entry *large = walk_large(heap, number);
    unsigned span = walk_next_span(heap, 0);
    while (large || span != SPANS_MAX) {
        uintptr_t base =
            span == SPANS_MAX ? UINTPTR_MAX : num_address(heap->span[span].base);
        if (large && num_address(large->base) < base) {
            if (!walk_entry(large, visit, context))
                return false;
            large = walk_large(heap, ++number);
        } else {
            if (!walk_span(heap, span, visit, context))
                return false;
            span = walk_next_span(heap, base + 1);
        }
    }
    return true;
}
