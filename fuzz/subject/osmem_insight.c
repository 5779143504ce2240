#include "fuzz/subject/osmem_insight.h"

#include "osmem/base/num.h"
#include "osmem/block/canary.h"
#include "osmem/check/walk.h"
#include "osmem/space/policy.h"

/* The page in which a block starts. */
static const char *insight_start(const struct large_entry *entry) {
    const char *address = large_address(entry);
    return address - num_address(address) % MACHINE_PAGE;
}

bool insight_guards_hold(const struct os_heap *heap, const struct machine *machine) {
    for (uint32_t i = 0; i < heap->space.registry.used; i++) {
        const struct large_entry *entry = large_entry(&heap->space, i);
        if (large_is_live(entry) && entry->guarded &&
            (machine_holds(machine, insight_start(entry) - 1, 1) ||
             machine_holds(machine, large_address(entry) + large_size(entry), 1)))
            return false;
    }
    return true;
}

bool insight_top_is_trimmed(const struct os_heap *heap, const struct machine *machine) {
    const struct os_space *space = &heap->space;
    if (space->break_span == SPANS_MAX || machine->refused || machine->foreign_moved ||
        !span_granules(&space->span[space->break_span]))
        return true;
    const struct os_span *span = &space->span[space->break_span];
    return tags_left_free(span->tags + span_granules(span)) * GRANULE <
           POLICY_TRIM_AT + POLICY_LARGE;
}

struct subject_statistics insight_statistics(const struct os_heap *heap) {
    const struct arena_counters *arena = &heap->arena.counters;
    const struct space_counters *space = &heap->space.counters;
    return (struct subject_statistics){.blocks =
                                           arena->blocks_in_use + space->large_blocks,
                                       .bytes = arena->granules[STATE_IN_USE] * GRANULE +
                                                space->large_size - heap_slack_sum(heap)};
}

size_t insight_own_mappings(const struct os_heap *heap) {
    const struct os_space *space = &heap->space;
    size_t bytes = space->registry.table.length + page_map_reserved(&space->pages) +
                   heap->arena.quarantine.ring.length;
    for (unsigned i = 0; i < space_spans(space); i++)
        bytes += space->span[i].plane.length + space->span[i].reservation;
    return bytes;
}

static const char *insight_span_leftover(const struct os_span *span) {
    struct tags_extent extent;
    for (size_t at = 0; at < span_granules(span); at += extent.granules) {
        if (!tags_read(span->tags + at, &extent) ||
            (extent.state != STATE_FREE && extent.state != STATE_NOT_OURS))
            return "a span is not free";
        if (extent.state == STATE_FREE && !extent.zero &&
            extent.granules * GRANULE >= POLICY_DISCARD)
            return "the pages of a large free block were not given back";
    }
    return NULL;
}

const char *insight_leftover(const struct os_heap *heap, const struct machine *machine) {
    const struct os_space *space = &heap->space;
    if (insight_statistics(heap).blocks)
        return "blocks are in use";
    if (space->registry.count)
        return "large mappings are registered";
    if (machine_mapped(machine) != insight_own_mappings(heap))
        return "the kernel's ledger knows mappings that the heap does not";
    for (unsigned i = 0; i < space_spans(space); i++) {
        const char *leftover = insight_span_leftover(&space->span[i]);
        if (leftover)
            return leftover;
    }
    if (space->break_span == SPANS_MAX)
        return NULL;
    const struct os_span *span = &space->span[space->break_span];
    bool foreign =
        machine_foreign_top(machine) || heap->arena.counters.granules[STATE_NOT_OURS];
    if (!foreign && num_ceil(num_address(span->break_end), MACHINE_PAGE) !=
                        num_ceil(num_address(span->first_end), MACHINE_PAGE))
        return "the break is not in the page where the first call left it";
    return NULL;
}

void insight_free_blocks(const struct os_heap *heap,
                         void (*block)(void *context, const char *address, size_t size),
                         void *context) {
    struct walk walk = walk_start(heap, NULL);
    struct walk_block at;
    while (walk_next(&walk, &at) == WALK_BLOCK)
        if (at.state == STATE_FREE)
            block(context, at.address, at.size);
}

/* In front of a block with pages of its own, in its first one. */
static enum subject_region insight_region_in_front(struct os_heap *heap,
                                                   const char *address) {
    struct os_block block;
    if (heap_locate(heap, address, &block) != LOCATED_IN_FRONT)
        return REGION_NONE;
    return address >= heap_left_padding(heap, &block).at ? REGION_LEFT_PADDING
                                                         : REGION_NONE;
}

/* Behind a large block's last byte, beyond what is promised to be watched. */
static bool insight_is_rest(const struct os_heap *heap, const struct os_block *block,
                            const char *address) {
    if (block->id != NO_BLOCK || block->slack == 0)
        return false;
    const char *end = block->address + block->size - block->slack;
    size_t promised = canary_length(block->slack);
    if (heap_is_zeroed(heap)) /* to the end of the page that its canary begins in */
        promised = num_max(promised, MACHINE_PAGE - num_address(end) % MACHINE_PAGE);
    return address >= end + promised;
}

enum subject_region insight_region(struct os_heap *heap, const void *address) {
    struct os_block block;
    enum os_status status = heap_find(heap, address, &block);
    if (!block.address)
        return insight_region_in_front(heap, address);
    if (insight_is_rest(heap, &block, address))
        return REGION_UNCHECKED;
    if (status == OS_OK || block.id == NO_BLOCK)
        return REGION_IN_USE;
    enum block_state state = tag_state(tags_load(block_tag(&heap->space, block.id)));
    if (state == STATE_QUARANTINED)
        return REGION_QUARANTINED;
    if (state != STATE_FREE)
        return REGION_IN_USE;
    struct heap_filled filled = heap_filled(heap, &block, state);
    return (const char *)address < filled.at ? REGION_LINK : REGION_FREE;
}

char *insight_metadata(const struct os_heap *heap, unsigned number) {
    unsigned spans = space_spans(&heap->space);
    if (spans == 0)
        return NULL;
    const struct guarded_region *plane = &heap->space.span[number % spans].plane;
    return plane->mapping + num_floor(number * (plane->length / 256), GRANULE);
}
