#include "osmem/heap/heap.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/block/canary.h"
#include "osmem/heap/bins.h"
#include "osmem/heap/carve.h"
#include "osmem/heap/guarded.h"
#include "osmem/heap/large.h"
#include "osmem/heap/mend.h"
#include "osmem/heap/policy.h"
#include "osmem/heap/registry.h"
#include "osmem/heap/span.h"
#include "osmem/platform/expect.h"

void heap_init(struct os_heap *heap, struct os_kernel *kernel) {
    memset(heap, 0, sizeof *heap);
    heap->kernel = kernel;
    heap->break_span = SPANS_MAX;
    heap->large_from = POLICY_LARGE;
    bins_init(heap);
    uint64_t random[4];
    if (!sys_random(kernel, random,
                    sizeof random)) /* weaker, but no two runs are alike */
        for (unsigned i = 0; i < 4; i++)
            random[i] = num_mix(num_address(heap) + i / 2);
    memcpy(heap->key, random, sizeof heap->key);
    memcpy(heap->canary_key, random + 2, sizeof heap->canary_key);
}

void heap_choose_at_random(struct os_heap *heap) {
    heap->choice = num_mix(heap->canary_key[0] + heap->key[0]) | 1;
}

void heap_guard(struct os_heap *heap, bool right, size_t keep) {
    heap->large.right = right;
    heap->large.keep = keep;
    heap->large.random = num_mix(heap->canary_key[0] ^ heap->key[1]);
}

bool heap_adopt(struct os_heap *heap, char *memory, size_t size) {
    EXPECT(heap->spans == 0);
    heap->large_from = SIZE_MAX;
    return span_adopt(heap, memory, size) == OS_OK;
}

bool heap_is_large(const struct os_heap *heap, size_t room) {
    return room >= heap->large_from;
}

/* ---- taking ---- */

static struct os_block heap_place(const struct os_heap *heap, block_id block, bool zero) {
    struct tags_extent extent = carve_extent(heap, block);
    return (struct os_block){.address = block_address(heap, block),
                             .room = extent.granules * GRANULE,
                             .slack = extent.slack,
                             .zero = zero,
                             .block = block};
}

/* [ block ] => ( lead )[ aligned, granules ]( rest ) */
static block_id heap_align(struct os_heap *heap, block_id block, size_t granules,
                           size_t alignment) {
    uintptr_t address = num_address(block_address(heap, block));
    size_t lead = (num_ceil(address, alignment) - address) / GRANULE;
    if (lead) {
        carve_cut(heap, block, lead);
        carve_give(heap, block);
        block += lead;
    }
    carve_shrink(heap, block, granules);
    return block;
}

enum os_status heap_take(struct os_heap *heap, size_t room, size_t alignment,
                        struct os_block *place) {
    EXPECT(room > 0 && room % GRANULE == 0);
    EXPECT(num_is_pow2(alignment) && alignment >= GRANULE);
    size_t loose;
    if (!num_add(room, alignment - GRANULE, &loose))
        return OS_NO_MEMORY;
    if (heap_is_large(heap, loose))
        return large_take(heap, room, alignment, heap->large.right, place);
    block_id block = bins_best(heap, loose / GRANULE);
    if (block == NO_BLOCK) {
        enum os_status fault = span_grow(heap, loose / GRANULE);
        if (fault != OS_OK)
            return fault;
        block = bins_best(heap, loose / GRANULE);
    }
    bool zero = carve_take(heap, block, loose / GRANULE);
    if (loose > room)
        block = heap_align(heap, block, room / GRANULE, alignment);
    *place = heap_place(heap, block, zero);
    return OS_OK;
}

enum os_status heap_take_alone(struct os_heap *heap, size_t room, size_t alignment,
                              struct os_block *place) {
    if (heap->large_from == SIZE_MAX || heap->counters.large_alone >= POLICY_ALONE)
        return OS_NO_MEMORY;
    return large_take(heap, room, alignment, true, place);
}

/* ---- finding ---- */

/* What is wrong with an address in a span at which no block in use starts. */
static enum os_status heap_blame(const struct os_heap *heap, unsigned span, size_t offset,
                                struct os_block *place) {
    size_t granule = offset / GRANULE;
    size_t distance = tags_distance_to_first(heap->span[span].tags + granule, granule);
    block_id block = block_name(span, granule - distance);
    enum block_state state = carve_extent(heap, block).state;
    if (state == STATE_NOT_OURS)
        return OS_FAULT_FOREIGN;
    *place = heap_place_of(heap, block);
    if (offset % GRANULE)
        return OS_FAULT_MISALIGNED;
    return state == STATE_IN_USE || state == STATE_BUSY ? OS_FAULT_INTERIOR
                                                        : OS_FAULT_DOUBLE_FREE;
}

/* What is wrong with an address in no span and in no large mapping. */
static enum os_status heap_blame_stranger(const struct os_heap *heap,
                                         const void *address) {
    for (unsigned i = 0; i < heap->spans; i++) {
        const struct os_span *span = &heap->span[i];
        if (guarded_holds(&span->plane, address) ||
            num_address(address) - num_address(span->base) < span->reservation)
            return OS_FAULT_FORGED;
    }
    if (guarded_holds(&heap->large.table, address))
        return OS_FAULT_FORGED;
    return registry_was_freed(heap, address) ? OS_FAULT_DOUBLE_FREE : OS_FAULT_FOREIGN;
}

static enum os_status heap_find_large(const struct os_heap *heap, const void *address,
                                     struct os_block *place) {
    const struct large_entry *entry = registry_find(heap, address);
    if (!entry)
        return heap_blame_stranger(heap, address);
    if (!entry->live)
        return OS_FAULT_DOUBLE_FREE;
    size_t offset = num_address(address) - num_address(entry->address);
    if (offset && offset >= entry->room)
        return OS_FAULT_FORGED;
    *place = (struct os_block){.address = entry->address,
                               .room = entry->room,
                               .slack = entry->slack,
                               .block = NO_BLOCK};
    if (offset == 0)
        return OS_OK;
    return offset % GRANULE ? OS_FAULT_MISALIGNED : OS_FAULT_INTERIOR;
}

enum os_status heap_find(const struct os_heap *heap, const void *address,
                        struct os_block *place) {
    *place = (struct os_block){.block = NO_BLOCK};
    unsigned span = span_of(heap, address);
    if (span == SPANS_MAX)
        return heap_find_large(heap, address, place);
    size_t offset = num_address(address) - num_address(heap->span[span].base);
    block_id block = block_name(span, offset / GRANULE);
    if (offset % GRANULE || !tag_is_in_use(tags_load_first(block_tag(heap, block))))
        return heap_blame(heap, span, offset, place);
    *place = heap_place_of(heap, block);
    return OS_OK;
}

struct os_block heap_place_of(const struct os_heap *heap, block_id block) {
    return heap_place(heap, block, false);
}

bool heap_links_hold(const struct os_heap *heap, const struct os_block *place) {
    return bins_links_hold(heap, place->block, place->room / GRANULE);
}

bool heap_mend_links(struct os_heap *heap) {
    bool bad = false;
    for (size_t granules = 1; granules < TAG_LINKS_MIN_GRANULES; granules++)
        bad |= mend_list(heap, granules);
    return bad;
}

bool heap_suspects(struct os_heap *heap, struct suspects *taken) {
    if (heap->suspects.count == 0)
        return false;
    *taken = heap->suspects;
    heap->suspects.count = heap->suspects.more = 0;
    return true;
}

/* ---- slack and canaries ---- */

void heap_set_slack(struct os_heap *heap, struct os_block *place, size_t slack) {
    heap->counters.slack += slack - place->slack;
    place->slack = slack;
    if (place->block == NO_BLOCK)
        large_set_slack(heap, place);
    else
        tags_set_slack(block_tag(heap, place->block), (unsigned)slack);
}

/* How many bytes behind the user's last nobody may change: those of the canary, and behind that of a
 * large block all up to its page's end, where what is freed is cleared. */
static size_t heap_watched(const struct os_heap *heap, const struct os_block *place) {
    size_t canary = canary_length(place->slack);
    if (place->block != NO_BLOCK || !heap->clear)
        return canary;
    uintptr_t end = num_address(place->address) + place->room - place->slack;
    size_t page = heap->kernel->page, rest = num_floor(end, page) + page - end;
    return num_max(canary, num_min(rest, place->slack));
}

bool heap_canary_holds(const struct os_heap *heap, const struct os_block *place) {
    if (place->slack == 0)
        return true;
    const char *end = place->address + place->room - place->slack;
    size_t length = canary_length(place->slack), watched = heap_watched(heap, place);
    return canary_holds(heap->canary_key, num_address(place->address), end,
                        place->slack) &&
           (watched == length || fill_holds(end + length, watched - length, FILL_CLEAR));
}

void heap_write_canary(const struct os_heap *heap, const struct os_block *place) {
    canary_write(heap->canary_key, num_address(place->address),
                 place->address + place->room - place->slack, place->slack);
}

struct fill_damage heap_canary_damage(const struct os_heap *heap,
                                      const struct os_block *place) {
    unsigned char canary[CANARY_MAX];
    struct fill_damage damage = {.changed = 0};
    const char *end = place->address + place->room - place->slack;
    canary_make(heap->canary_key, num_address(place->address), canary);
    size_t watched = heap_watched(heap, place);
    for (size_t i = 0; i < watched; i++)
        fill_note(&damage, i, i < CANARY_MAX ? (char)canary[i] : FILL_CLEAR, end[i]);
    return damage;
}

/* ---- fills ---- */

void heap_is_clear(struct os_heap *heap, bool clear) {
    heap->clear = clear;
}

struct heap_filled heap_filled(const struct os_heap *heap, const struct os_block *place,
                               enum block_state state) {
    if (state == STATE_QUARANTINED)
        return (struct heap_filled){place->address, place->room, FILL_DEAD};
    bool is_clear =
        state == STATE_FREE && (heap->clear || carve_extent(heap, place->block).zero);
    size_t links = place->room < TAG_LINKS_MIN_GRANULES * GRANULE ? GRANULE : 0;
    return (struct heap_filled){place->address + links,
                                is_clear ? place->room - links : 0, FILL_CLEAR};
}

struct heap_filled heap_lead(const struct os_heap *heap, const struct os_block *place) {
    size_t length =
        place->block == NO_BLOCK ? num_address(place->address) % heap->kernel->page : 0;
    return (struct heap_filled){place->address - length, length, FILL_CLEAR};
}

/* ---- neighbours ---- */

static bool heap_neighbour_at(const struct os_heap *heap, block_id block,
                              struct heap_neighbour *neighbour) {
    struct tags_extent extent;
    if (!tags_read(block_tag(heap, block), &extent))
        return false;
    *neighbour = (struct heap_neighbour){.place = heap_place_of(heap, block),
                                         .state = extent.state};
    return true;
}

bool heap_left(const struct os_heap *heap, const struct os_block *place,
               struct heap_neighbour *left) {
    size_t granule = block_granule(place->block);
    if (place->block == NO_BLOCK || granule == 0)
        return false;
    tag_byte *tag = block_tag(heap, place->block);
    size_t distance = tags_left_free(tag);
    if (distance == 0)
        distance = 1 + tags_distance_to_first(tag - 1, granule - 1);
    return heap_neighbour_at(heap, place->block - distance, left);
}

bool heap_right(const struct os_heap *heap, const struct os_block *place,
                struct heap_neighbour *right) {
    if (place->block == NO_BLOCK)
        return false;
    block_id block = block_right(place->block, place->room / GRANULE);
    return block_granule(block) < block_span(heap, block)->granules &&
           heap_neighbour_at(heap, block, right);
}

/* ---- giving back ---- */

static void heap_trim_if_much(struct os_heap *heap) {
    block_id top;
    size_t granules;
    if (heap->counters.granules[STATE_FREE] * GRANULE < POLICY_TRIM_AT ||
        heap->break_span == SPANS_MAX ||
        !span_top(heap, heap->break_span, &top, &granules) ||
        granules * GRANULE < POLICY_TRIM_AT)
        return;
    span_trim(heap, POLICY_TRIM_KEEP);
}

void heap_hold(struct os_heap *heap, const struct os_block *place) {
    EXPECT(place->block != NO_BLOCK);
    carve_hold(heap, place->block);
}

void heap_give(struct os_heap *heap, const struct os_block *place) {
    if (place->block == NO_BLOCK) {
        large_give(heap, place);
        return;
    }
    carve_give(heap, place->block);
    heap_trim_if_much(heap);
}

bool heap_give_up(struct os_heap *heap) {
    return registry_let_go(heap);
}

void heap_trim(struct os_heap *heap) {
    registry_let_go(heap);
    span_trim(heap, 0);
    span_discard(heap);
}

/* ---- resizing ---- */

/* The granules of the free block right behind, or 0. */
static size_t heap_free_behind(const struct os_heap *heap, block_id block,
                               size_t granules) {
    struct tags_extent extent;
    block_id right = block_right(block, granules);
    return tags_read(block_tag(heap, right), &extent) && extent.state == STATE_FREE
               ? extent.granules
               : 0;
}

static enum os_status heap_grow(struct os_heap *heap, block_id block, size_t granules) {
    size_t have = carve_extent(heap, block).granules;
    size_t behind = heap_free_behind(heap, block, have);
    unsigned span = block_span_number(block);
    bool ends_span = block_granule(block) + have + behind == heap->span[span].granules;
    if (have + behind < granules && ends_span) {
        enum os_status fault = span_grow_at(heap, span, granules - have);
        if (fault != OS_OK)
            return fault;
        behind = heap_free_behind(heap, block, have);
    }
    if (have + behind < granules)
        return OS_NO_MEMORY;
    carve_grow(heap, block, granules);
    return OS_OK;
}

enum os_status heap_resize(struct os_heap *heap, struct os_block *place, size_t room) {
    EXPECT(room > 0 && room % GRANULE == 0);
    bool is_large = place->block == NO_BLOCK;
    if (is_large != heap_is_large(heap, room))
        return OS_NO_MEMORY;
    if (is_large)
        return large_resize(heap, place, room);
    enum os_status fault = OS_OK;
    if (room < place->room)
        carve_shrink(heap, place->block, room / GRANULE);
    else if (room > place->room)
        fault = heap_grow(heap, place->block, room / GRANULE);
    else
        heap_set_slack(heap, place, 0);
    if (fault == OS_OK) {
        place->room = room;
        place->slack = 0;
    }
    return fault;
}
