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

bool walk_heap(const struct os_heap *heap, walk_visitor *visit, void *context) {
    size_t entry = 0;
    unsigned span = walk_next_span(heap, 0);
    while (entry < heap->large.count || span != SPANS_MAX) {
        const struct large_entry *large = &large_entries(heap)[entry];
        bool large_first = span == SPANS_MAX || (entry < heap->large.count &&
                                                 num_address(large->base) <
                                                     num_address(heap->span[span].base));
        if (large_first) {
            if (!walk_entry(large, visit, context))
                return false;
            entry++;
        } else {
            if (!walk_span(heap, span, visit, context))
                return false;
            span = walk_next_span(heap, num_address(heap->span[span].base) + 1);
        }
    }
    return true;
}
