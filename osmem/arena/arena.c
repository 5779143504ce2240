#include "osmem/arena/arena.h"

#include <string.h>

#include "osmem/arena/bins.h"
#include "osmem/arena/carve.h"
#include "osmem/arena/state.h"
#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"

void arena_init(struct os_arena *arena, struct os_space *space,
                const uint64_t random[4]) {
    memset(arena, 0, sizeof *arena);
    EXPECT(space->kernel != NULL);
    arena->lock = (struct os_lock)OS_LOCK_INIT;
    arena->space = space;
    memcpy(arena->key, random, sizeof arena->key);
    memcpy(arena->canary_key, random + 2, sizeof arena->canary_key);
    bins_init(arena);
}

/* ---- taking and giving ---- */

size_t arena_loose(size_t granules, size_t alignment) {
    size_t loose;
    EXPECT(num_is_pow2(alignment) && alignment >= GRANULE);
    return num_add(granules, alignment / GRANULE - 1, &loose) ? loose : 0;
}

/* [ block ] => ( left padding )[ aligned, granules ]( rest ) */
static block_id arena_align(struct os_arena *arena, block_id id, size_t granules,
                            size_t alignment) {
    uintptr_t address = num_address(block_address(arena->space, id));
    size_t padding = (num_ceil(address, alignment) - address) / GRANULE;
    if (padding) {
        carve_cut(arena, id, padding);
        carve_give(arena, id, false);
        id = block_right(id, padding);
    }
    carve_shrink(arena, id, granules);
    EXPECT(num_address(block_address(arena->space, id)) % alignment == 0);
    return id;
}

block_id arena_take(struct os_arena *arena, size_t granules, size_t alignment,
                    bool *zero) {
    size_t loose = arena_loose(granules, alignment);
    EXPECT(granules > 0);
    block_id id = loose ? bins_best(arena, loose) : NO_BLOCK;
    if (id == NO_BLOCK)
        return NO_BLOCK;
    *zero = carve_take(arena, id, loose);
    if (loose > granules)
        id = arena_align(arena, id, granules, alignment);
    EXPECT(carve_extent(arena, id).granules == granules);
    return id;
}

void arena_give(struct os_arena *arena, block_id id, bool zero) {
    EXPECT(id != NO_BLOCK);
    carve_give(arena, id, zero);
}

/* ---- resizing ---- */

/* The granules of the free block right behind, or 0. */
static size_t arena_free_behind(const struct os_arena *arena, block_id id,
                                size_t granules) {
    struct tags_extent extent;
    block_id right = block_right(id, granules);
    EXPECT(granules > 0);
    return tags_read(block_tag(arena->space, right), &extent) &&
                   extent.state == STATE_FREE
               ? extent.granules
               : 0;
}

bool arena_resize(struct os_arena *arena, block_id id, size_t granules, bool *zero) {
    struct tags_extent extent = carve_extent(arena, id);
    EXPECT(granules > 0 && extent.state == STATE_BUSY);
    *zero = false;
    if (granules <= extent.granules) {
        carve_shrink(arena, id, granules);
        return true;
    }
    if (extent.granules + arena_free_behind(arena, id, extent.granules) < granules)
        return false;
    *zero = carve_grow(arena, id, granules);
    return true;
}

bool arena_ends_span(const struct os_arena *arena, block_id id) {
    size_t granules = carve_extent(arena, id).granules;
    size_t end = block_granule(id) + granules + arena_free_behind(arena, id, granules);
    EXPECT(end <= span_granules(block_span(arena->space, id)));
    return end == span_granules(block_span(arena->space, id));
}

/* ---- discarding ---- */

block_id arena_take_to_discard(struct os_arena *arena, block_id *from) {
    EXPECT(POLICY_DISCARD / GRANULE >= TAG_LINKS_MIN_GRANULES);
    while (block_span_number(*from) < space_spans(arena->space)) {
        block_id id = *from;
        if (block_granule(id) >= span_granules(block_span(arena->space, id))) {
            *from = block_id_of(block_span_number(id) + 1, 0);
            continue;
        }
        /* It may lie within a block by now: then at the next one. */
        tag_byte *tag = block_tag(arena->space, id);
        id -= tags_distance_to_first(tag, block_granule(id));
        struct tags_extent extent = carve_extent(arena, id);
        bool starts = id == *from;
        *from = block_right(id, extent.granules);
        if (!starts || extent.state != STATE_FREE || extent.zero ||
            extent.granules * GRANULE < POLICY_DISCARD)
            continue;
        carve_take(arena, id, extent.granules);
        return id;
    }
    return NO_BLOCK;
}

/* ---- what is where ---- */

enum os_status arena_classify(const struct os_arena *arena, unsigned span,
                              const void *address, struct os_block *block) {
    const struct os_span *at = &arena->space->span[span];
    size_t offset = num_address(address) - num_address(span_base(at));
    size_t granule = offset / GRANULE;
    EXPECT(granule < span_granules(at));
    size_t distance = tags_distance_to_first(at->tags + granule, granule);
    block_id id = block_id_of(span, granule - distance);
    enum block_state state = tag_state(tags_load_first(block_tag(arena->space, id)));
    bool starts = distance == 0 && offset % GRANULE == 0;
    *block = (struct os_block){.id = NO_BLOCK};
    if (state == STATE_NOT_OURS)
        return OS_FAULT_FOREIGN;
    *block = space_block(arena->space, id);
    if (offset % GRANULE)
        return OS_FAULT_MISALIGNED;
    if (starts && state == STATE_IN_USE)
        return OS_OK;
    /* A busy one is being freed by its owner, or will be in use again in a moment. */
    bool has_owner = state == STATE_IN_USE || state == STATE_BUSY;
    return has_owner && !starts ? OS_FAULT_INTERIOR : OS_FAULT_DOUBLE_FREE;
}

bool arena_left(const struct os_arena *arena, block_id id, block_id *left) {
    size_t granule = block_granule(id);
    EXPECT(id != NO_BLOCK);
    if (granule == 0)
        return false;
    tag_byte *tag = block_tag(arena->space, id);
    size_t distance = tags_left_free(tag);
    if (distance == 0)
        distance = 1 + tags_distance_to_first(tag - 1, granule - 1);
    *left = id - distance;
    return true;
}

bool arena_right(const struct os_arena *arena, block_id id, block_id *right) {
    EXPECT(id != NO_BLOCK);
    *right = block_right(id, carve_extent(arena, id).granules);
    return block_granule(*right) < span_granules(block_span(arena->space, *right));
}
