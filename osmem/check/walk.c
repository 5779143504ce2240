#include "osmem/check/walk.h"

#include "osmem/alloc/heap_state.h"
#include "osmem/base/num.h"
#include "osmem/space/registry.h"

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

/* The span with the lowest base at or above an address, or SPANS_MAX. */
static unsigned walk_next_span(const struct os_space *space, uintptr_t from) {
    unsigned next = SPANS_MAX;
    for (unsigned i = 0; i < space_spans(space); i++) {
        uintptr_t base = num_address(span_base(&space->span[i]));
        if (base && base >= from &&
            (next == SPANS_MAX || base < num_address(span_base(&space->span[next]))))
            next = i;
    }
    return next;
}

static void walk_enter_next_span(struct walk *walk, uintptr_t from) {
    walk->span = walk_next_span(&walk->heap->space, from);
    walk->granule = 0;
}

/* At the first block of a span that starts at or above an address within. */
static void walk_enter_span(struct walk *walk, unsigned number, uintptr_t address) {
    const struct os_span *span = &walk->heap->space.span[number];
    size_t offset = address - num_address(span_base(span));
    size_t granule = offset / GRANULE;
    size_t distance = tags_distance_to_first(span->tags + granule, granule);
    struct tags_extent extent;
    walk->span = number;
    walk->granule = granule - distance;
    if ((distance || offset % GRANULE) && tags_read(span->tags + walk->granule, &extent))
        walk->granule += extent.granules;
}

struct walk walk_start(const struct os_heap *heap, const void *address) {
    const struct os_space *space = &heap->space;
    struct walk walk = {.heap = heap, .large = registry_next(space, address)};
    walk_enter_next_span(&walk, num_address(address));
    for (unsigned i = 0; i < space_spans(space); i++) {
        const struct os_span *span = &space->span[i];
        uintptr_t offset = num_address(address) - num_address(span_base(span));
        if (offset < span_granules(span) * GRANULE)
            walk_enter_span(&walk, i, num_address(address));
    }
    return walk;
}

static enum walk_step walk_next_in_span(struct walk *walk, struct walk_block *block) {
    const struct os_span *span = &walk->heap->space.span[walk->span];
    struct tags_extent extent;
    if (!tags_read(span->tags + walk->granule, &extent) || extent.granules == 0)
        return WALK_BROKEN;
    enum block_state state = extent.state == STATE_BUSY ? STATE_IN_USE : extent.state;
    *block = (struct walk_block){.address = span_base(span) + walk->granule * GRANULE,
                                 .size = extent.granules * GRANULE,
                                 .slack = extent.state == STATE_BUSY ? 0 : extent.slack,
                                 .state = state,
                                 .zero = extent.zero};
    walk->granule += extent.granules;
    return WALK_BLOCK;
}

static enum walk_step walk_next_large(struct walk *walk, struct walk_block *block) {
    const struct large_entry *entry = walk->large;
    bool busy = large_state(entry) == LARGE_BUSY;
    *block = (struct walk_block){.address = large_address(entry),
                                 .size = large_size(entry),
                                 .slack = busy ? 0 : large_slack(entry),
                                 .state = STATE_IN_USE,
                                 .large = true};
    walk->large = registry_next(&walk->heap->space, block->address + 1);
    return WALK_BLOCK;
}

enum walk_step walk_next(struct walk *walk, struct walk_block *block) {
    const struct os_space *space = &walk->heap->space;
    while (walk->span != SPANS_MAX &&
           walk->granule >= span_granules(&space->span[walk->span]))
        walk_enter_next_span(walk, num_address(span_base(&space->span[walk->span])) + 1);
    if (!walk->large && walk->span == SPANS_MAX)
        return WALK_END;
    uintptr_t address = UINTPTR_MAX;
    if (walk->span != SPANS_MAX)
        address =
            num_address(span_base(&space->span[walk->span])) + walk->granule * GRANULE;
    if (walk->large && num_address(large_address(walk->large)) < address)
        return walk_next_large(walk, block);
    return walk_next_in_span(walk, block);
}

bool walk_heap_from(const struct os_heap *heap, const void *address, walk_visitor *visit,
                    void *context) {
    struct walk walk = walk_start(heap, address);
    struct walk_block block;
    enum walk_step step;
    while ((step = walk_next(&walk, &block)) == WALK_BLOCK)
        if (!visit(context, &block))
            return false;
    return step == WALK_END;
}

bool walk_heap(const struct os_heap *heap, walk_visitor *visit, void *context) {
    return walk_heap_from(heap, NULL, visit, context);
}

size_t heap_slack_sum(const struct os_heap *heap) {
    struct walk walk = walk_start(heap, NULL);
    struct walk_block block;
    size_t sum = 0;
    while (walk_next(&walk, &block) == WALK_BLOCK)
        if (block.state == STATE_IN_USE)
            sum += block.slack;
    return sum;
}
