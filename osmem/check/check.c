#include "osmem/check/check.h"

#include <string.h>

#include "osmem/base/num.h"

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
    size_t slack;
    size_t granules[STATE_FREE + 1];
};

static bool check_b1(struct check_walk *walk, const struct os_span *span, size_t at) {
    return tags_read(span->tags + at, &walk->extent) && walk->extent.granules > 0 &&
           walk->extent.granules <= span->granules - at;
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
    const char *at = block_address(walk->heap, block);
    const char *end = at + extent->granules * GRANULE;
    if (extent->granules < TAG_LINKS_MIN_GRANULES)
        at += GRANULE; /* its links */
    return *at == 0 && memcmp(at, at + 1, (size_t)(end - at) - 1) == 0;
}

static bool check_f1(const struct check_walk *walk, block_id block) {
    struct os_block place = {.address = block_address(walk->heap, block),
                             .room = walk->extent.granules * GRANULE,
                             .slack = walk->extent.slack};
    return place.slack <= place.room && heap_canary_holds(walk->heap, &place);
}

static bool check_fill(const struct check_walk *walk, block_id block) {
    if (walk->depth == CHECK_QUICK)
        return true;
    struct os_block place = heap_place_of(walk->heap, block);
    struct heap_filled filled = heap_filled(walk->heap, &place, walk->extent.state);
    return fill_holds(filled.at, filled.length, filled.byte);
}

static enum os_invariant check_block(struct check_walk *walk, block_id block) {
    const tag_byte *first = block_tag(walk->heap, block);
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
    walk->blocks_in_use += extent->state == STATE_IN_USE;
    walk->slack += extent->slack;
    walk->granules[extent->state] += extent->granules;
}

/* The blocks end where the span does: on either side stands a tag that is not ours. */
static bool check_b1_ends(const struct os_span *span) {
    return !span->base || (tags_load(span->tags - 1) == TAG_NOT_OURS &&
                           tags_load(span->tags + span->granules) == TAG_NOT_OURS);
}

static struct check_breach check_span(struct check_walk *walk, unsigned number) {
    const struct os_span *span = &walk->heap->span[number];
    walk->after_free = false;
    if (!check_b1_ends(span))
        return (struct check_breach){INVARIANT_B1, span->base};
    for (size_t at = 0; at < span->granules; at += walk->extent.granules) {
        block_id block = block_name(number, at);
        enum os_invariant broken =
            check_b1(walk, span, at) ? check_block(walk, block) : INVARIANT_B1;
        if (broken != INVARIANT_NONE)
            return (struct check_breach){broken, block_address(walk->heap, block)};
        check_count(walk);
    }
    return (struct check_breach){INVARIANT_NONE, NULL};
}

static bool check_h2(const struct check_walk *walk) {
    const struct heap_counters *counters = &walk->heap->counters;
    for (int state = 0; state <= STATE_FREE; state++)
        if (walk->granules[state] != counters->granules[state])
            return false;
    return walk->blocks_in_use == counters->blocks_in_use;
}

static bool check_h3(const struct os_heap *heap) {
    if (heap->break_span == SPANS_MAX || !heap->span[heap->break_span].base)
        return true;
    const struct os_span *span = &heap->span[heap->break_span];
    const char *end = span->base + span->granules * GRANULE;
    return num_address(sys_sbrk(heap->kernel, 0)) >= num_address(end);
}

static bool check_entry(const struct os_heap *heap, const struct large_entry *entry) {
    size_t lead = num_address(entry->address) - num_address(entry->base);
    size_t page = heap->kernel->page;
    if (entry->length == 0 || (num_address(entry->base) | entry->length) % page)
        return false;
    if (!entry->live)
        return true;
    return !entry->kept && num_address(entry->address) % GRANULE == 0 &&
           (num_address(entry->address) + entry->room) % page == 0 &&
           lead < entry->length && entry->room <= entry->length - lead &&
           entry->slack <= entry->room;
}

/* What is wrong with the bytes of a large block. */
static enum os_invariant check_large_bytes(const struct os_heap *heap,
                                           const struct large_entry *entry) {
    struct os_block place = {.address = entry->address,
                             .room = entry->room,
                             .slack = entry->slack,
                             .block = NO_BLOCK};
    if (!entry->live)
        return INVARIANT_NONE;
    if (!heap_canary_holds(heap, &place))
        return INVARIANT_F1;
    struct heap_filled lead = heap_lead(heap, &place);
    return fill_holds(lead.at, lead.length, lead.byte) ? INVARIANT_NONE : INVARIANT_L2;
}

/* And F1 and L2 for large blocks; `blocks_slack` is that of all others. */
static struct check_breach check_l1(const struct os_heap *heap, size_t blocks_slack) {
    size_t live = 0, room = 0, slack = blocks_slack;
    const struct large_entry *entries = large_entries(heap);
    for (size_t i = 0; i < heap->large.count; i++) {
        const struct large_entry *entry = &entries[i];
        bool in_order =
            i == 0 || num_address(entries[i - 1].base) + entries[i - 1].length <=
                          num_address(entry->base);
        if (!in_order || !check_entry(heap, entry))
            return (struct check_breach){INVARIANT_L1, entry->address};
        enum os_invariant broken = check_large_bytes(heap, entry);
        if (broken != INVARIANT_NONE)
            return (struct check_breach){broken, entry->address};
        live += entry->live;
        slack += entry->live ? entry->slack : 0;
        room += entry->live ? entry->room : 0;
    }
    bool counted =
        live == heap->counters.large_blocks && room == heap->counters.large_room &&
        slack == heap->counters.slack &&
        heap->large.count - live == heap->counters.large_idle + heap->large.kept_count;
    return (struct check_breach){counted ? INVARIANT_NONE : INVARIANT_L1, NULL};
}

struct check_breach check_heap(const struct os_heap *heap, enum check_depth depth) {
    struct check_walk walk = {.heap = heap, .depth = depth};
    for (unsigned i = 0; i < heap->spans; i++) {
        struct check_breach breach = check_span(&walk, i);
        if (breach.invariant != INVARIANT_NONE)
            return breach;
    }
    struct check_breach breach = check_bins(heap, walk.free_blocks);
    if (breach.invariant != INVARIANT_NONE)
        return breach;
    if (!check_h2(&walk))
        return (struct check_breach){INVARIANT_H2, NULL};
    if (!check_h3(heap))
        return (struct check_breach){INVARIANT_H3, NULL};
    return check_l1(heap, walk.slack);
}
