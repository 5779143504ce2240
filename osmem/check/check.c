#include "osmem/check/check.h"

#include <string.h>

#include "osmem/alloc/heap_state.h"
#include "osmem/base/num.h"
#include "osmem/space/registry.h"

static const struct {
    const char *name, *rule;
} check_rows[INVARIANT_COUNT] = {
    [INVARIANT_NONE] = {"sound", "every invariant holds"},
#define INVARIANT(number, rule) [INVARIANT_##number] = {#number, rule},
#include "osmem/check/invariant.def"
#undef INVARIANT
};

const char *check_name(enum os_invariant invariant) {
    return check_rows[invariant].name;
}

const char *check_rule(enum os_invariant invariant) {
    return check_rows[invariant].rule;
}

/* One block on the walk, and what the walk has seen before it. */
struct check_walk {
    const struct os_heap *heap;
    enum check_depth depth;
    struct tags_extent extent;
    bool after_free;
    size_t free_blocks;
    size_t blocks_in_use;
    size_t granules[STATE_FREE + 1];
};

static bool check_b1(struct check_walk *walk, const struct os_span *span, size_t at) {
    return tags_read(span->tags + at, &walk->extent) && walk->extent.granules > 0 &&
           walk->extent.granules <= span_granules(span) - at;
}

/* How many tags behind the first are details, by what the first says. */
static size_t check_details(const struct tags_extent *extent) {
    size_t granules = extent->granules;
    bool is_free = extent->state == STATE_FREE;
    if (extent->state == STATE_NOT_OURS)
        return granules > 1 ? TAG_DIGITS_MAX : 0;
    if (granules == 1 || (is_free && granules == 2))
        return 0;
    size_t links = 0;
    if (is_free && granules >= TAG_LINKS_MIN_GRANULES)
        links = granules >= TAG_TRIE_MIN_GRANULES ? 5 : 2;
    return 1 + tag_code_digits(tag_code(granules)) + links * TAG_DIGITS_MAX;
}

/* Quick: the details and up to eight tags behind them; full: every tag up to the end. */
static bool check_b2(const struct check_walk *walk, const tag_byte *first) {
    const struct tags_extent *extent = &walk->extent;
    size_t details = check_details(extent);
    size_t end = extent->granules;
    if (extent->state == STATE_FREE && end > 1)
        end -= 1 + tag_code_digits(tag_code(end));
    if (!tags_are_details(first + 1, details))
        return false;
    if (walk->depth == CHECK_QUICK)
        end = num_min(end, details + 1 + 8);
    return end <= details + 1 ||
           tags_are_inside(first + details + 1, end - (details + 1));
}

static bool check_b3(const struct check_walk *walk, const tag_byte *first) {
    size_t granules = walk->extent.granules;
    return walk->extent.state != STATE_FREE ||
           tags_left_free(first + granules) == granules;
}

static bool check_b4(const struct check_walk *walk) {
    return !(walk->after_free && walk->extent.state == STATE_FREE);
}

static bool check_z1(const struct check_walk *walk, block_id block) {
    const struct tags_extent *extent = &walk->extent;
    if (walk->depth == CHECK_QUICK || extent->state != STATE_FREE || !extent->zero)
        return true;
    const char *at = block_address(&walk->heap->space, block);
    const char *end = at + extent->granules * GRANULE;
    if (extent->granules < TAG_LINKS_MIN_GRANULES)
        at += GRANULE; /* its links */
    return *at == 0 && memcmp(at, at + 1, (size_t)(end - at) - 1) == 0;
}

/* Where a canary does not hold, its owner may be at it: only if tag and bytes still say so does it
 * count. A busy block's canary is not judged. */
static bool check_f1(const struct check_walk *walk, block_id id) {
    const tag_byte *first = block_tag(&walk->heap->space, id);
    struct tags_extent extent = walk->extent;
    for (int look = 0; look < 2; look++) {
        if (extent.state != STATE_IN_USE)
            return true;
        struct os_block block = {.address = block_address(&walk->heap->space, id),
                                 .size = extent.granules * GRANULE,
                                 .slack = extent.slack,
                                 .id = id};
        if (block.slack <= block.size && heap_canary_holds(walk->heap, &block))
            return true;
        tags_read(first, &extent);
    }
    return extent.state != STATE_IN_USE;
}

static bool check_fill(const struct check_walk *walk, block_id block) {
    if (walk->depth == CHECK_QUICK)
        return true;
    struct os_block filled_block = space_block(&walk->heap->space, block);
    struct heap_filled filled =
        heap_filled(walk->heap, &filled_block, walk->extent.state);
    return fill_holds(filled.at, filled.length, filled.byte);
}

static enum os_invariant check_block(struct check_walk *walk, block_id block) {
    const tag_byte *first = block_tag(&walk->heap->space, block);
    if (!check_b2(walk, first))
        return INVARIANT_B2;
    if (!check_b3(walk, first))
        return INVARIANT_B3;
    if (!check_b4(walk))
        return INVARIANT_B4;
    if (!check_f1(walk, block))
        return INVARIANT_F1;
    if (!check_z1(walk, block))
        return INVARIANT_Z1;
    if (check_fill(walk, block))
        return INVARIANT_NONE;
    return walk->extent.state == STATE_FREE ? INVARIANT_Z2 : INVARIANT_Q1;
}

static void check_count(struct check_walk *walk) {
    const struct tags_extent *extent = &walk->extent;
    walk->after_free = extent->state == STATE_FREE;
    walk->free_blocks += extent->state == STATE_FREE;
    bool in_use = extent->state == STATE_IN_USE || extent->state == STATE_BUSY;
    walk->blocks_in_use += in_use;
    walk->granules[in_use ? STATE_IN_USE : extent->state] += extent->granules;
}

/* The blocks end where the span does: on either side stands a tag that is not ours. */
static bool check_b1_ends(const struct os_span *span) {
    return !span_base(span) ||
           (tags_load(span->tags - 1) == TAG_NOT_OURS &&
            tags_load(span->tags + span_granules(span)) == TAG_NOT_OURS);
}

static struct check_breach check_span(struct check_walk *walk, unsigned number) {
    const struct os_span *span = &walk->heap->space.span[number];
    walk->after_free = false;
    if (!check_b1_ends(span))
        return (struct check_breach){INVARIANT_B1, span_base(span)};
    for (size_t at = 0; at < span_granules(span); at += walk->extent.granules) {
        block_id block = block_id_of(number, at);
        enum os_invariant broken =
            check_b1(walk, span, at) ? check_block(walk, block) : INVARIANT_B1;
        if (broken != INVARIANT_NONE)
            return (struct check_breach){broken,
                                         block_address(&walk->heap->space, block)};
        check_count(walk);
    }
    return (struct check_breach){INVARIANT_NONE, NULL};
}

static bool check_h2(const struct check_walk *walk) {
    const struct arena_counters *counters = &walk->heap->arena.counters;
    for (int state = 0; state <= STATE_FREE; state++)
        if (walk->granules[state] != counters->granules[state])
            return false;
    return walk->blocks_in_use == counters->blocks_in_use;
}

static bool check_h3(const struct os_space *space) {
    if (space->break_span == SPANS_MAX || !span_base(&space->span[space->break_span]))
        return true;
    const struct os_span *span = &space->span[space->break_span];
    const char *end = span_base(span) + span_granules(span) * GRANULE;
    return num_address(sys_sbrk(space->kernel, 0)) >= num_address(end);
}

/* What a live entry says fits its mapping, and it is found by its address. */
static bool check_live(const struct os_space *space, const struct large_entry *entry) {
    size_t size = large_size(entry), page = space->kernel->page;
    uintptr_t address = num_address(large_address(entry));
    size_t padding = address - num_address(entry->base);
    return address % GRANULE == 0 && (address + size) % page == 0 &&
           padding < entry->length && size <= entry->length - padding &&
           (large_state(entry) == LARGE_BUSY || large_slack(entry) <= size) &&
           registry_at(space, large_address(entry)) == entry;
}

static bool check_entry(const struct os_space *space, const struct large_entry *entry) {
    size_t page = space->kernel->page;
    if (large_state(entry) == LARGE_NONE || large_state(entry) == LARGE_LEAVING)
        return true;
    return entry->length != 0 && (num_address(entry->base) | entry->length) % page == 0 &&
           (!large_is_live(entry) || check_live(space, entry));
}

/* The same as check_f1, of a large block. */
static bool check_large_f1(const struct os_heap *heap, const struct large_entry *entry) {
    for (int look = 0; look < 2; look++) {
        struct os_block block = {.address = large_address(entry),
                                 .size = large_size(entry),
                                 .slack = large_slack(entry),
                                 .id = NO_BLOCK};
        if (large_state(entry) != LARGE_IN_USE || heap_canary_holds(heap, &block))
            return true;
    }
    return large_state(entry) != LARGE_IN_USE;
}

/* What is wrong with the bytes of a large block, and with those in front, which are no owner's. */
static enum os_invariant check_large_bytes(const struct os_heap *heap,
                                           const struct large_entry *entry) {
    struct os_block block = {.address = large_address(entry), .id = NO_BLOCK};
    if (!large_is_live(entry))
        return INVARIANT_NONE;
    if (!check_large_f1(heap, entry))
        return INVARIANT_F1;
    struct heap_filled padding = heap_left_padding(heap, &block);
    return fill_holds(padding.at, padding.length, padding.byte) ? INVARIANT_NONE
                                                                : INVARIANT_L2;
}

/* What the registry's entries add up to. */
struct check_entries {
    size_t live, size, kept, idle, used;
};

static void check_count_entry(struct check_entries *sum,
                              const struct large_entry *entry) {
    bool live = large_is_live(entry);
    sum->live += live;
    sum->size += live ? large_size(entry) : 0;
    sum->kept += large_state(entry) == LARGE_KEPT;
    sum->idle += large_state(entry) == LARGE_IDLE;
    sum->used += large_state(entry) != LARGE_NONE;
}

/* The live mappings in address order: none begins within another one; as many as there are. */
static bool check_l1_order(const struct os_space *space, size_t live) {
    const struct large_entry *entry = registry_next(space, NULL), *last = NULL;
    size_t count = 0;
    for (; entry && count <= live; count++) {
        if (last && num_address(last->base) + last->length > num_address(entry->base))
            return false;
        last = entry;
        entry = registry_next(space, large_address(entry) + 1);
    }
    return count == live;
}

/* And F1 and L2 for large blocks. */
static struct check_breach check_l1(const struct os_heap *heap) {
    const struct os_space *space = &heap->space;
    struct check_entries sum = {.live = 0};
    for (uint32_t i = 0; i < space->registry.used; i++) {
        const struct large_entry *entry = large_entry(space, i);
        enum os_invariant broken =
            check_entry(space, entry) ? check_large_bytes(heap, entry) : INVARIANT_L1;
        if (broken != INVARIANT_NONE)
            return (struct check_breach){broken, large_address(entry)};
        check_count_entry(&sum, entry);
    }
    bool counted = sum.live == space->counters.large_blocks &&
                   sum.size == space->counters.large_size &&
                   sum.kept == space->retired.kept_count &&
                   sum.idle == space->counters.large_idle &&
                   sum.used == space->registry.count && check_l1_order(space, sum.live);
    return (struct check_breach){counted ? INVARIANT_NONE : INVARIANT_L1, NULL};
}

struct check_breach check_heap(const struct os_heap *heap, enum check_depth depth) {
    struct check_walk walk = {.heap = heap, .depth = depth};
    for (unsigned i = 0; i < space_spans(&heap->space); i++) {
        struct check_breach breach = check_span(&walk, i);
        if (breach.invariant != INVARIANT_NONE)
            return breach;
    }
    struct check_breach breach = check_bins(heap, walk.free_blocks);
    if (breach.invariant != INVARIANT_NONE)
        return breach;
    if (!check_h2(&walk))
        return (struct check_breach){INVARIANT_H2, NULL};
    if (!check_h3(&heap->space))
        return (struct check_breach){INVARIANT_H3, NULL};
    return check_l1(heap);
}
