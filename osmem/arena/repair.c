#include "osmem/arena/repair.h"

#include <string.h>

#include "osmem/arena/bins.h"
#include "osmem/arena/link.h"
#include "osmem/platform/expect.h"

/* The next free block of a size in address order, from `*at` on, or NO_BLOCK. What a block that is
 * being split or joined leaves uncovered for a moment is passed over. */
static block_id repair_scan(const struct os_arena *arena, size_t granules, block_id *at) {
    while (block_span_number(*at) < space_spans(arena->space)) {
        block_id block = *at;
        if (block_granule(block) >= span_granules(block_span(arena->space, block))) {
            *at = block_id_of(block_span_number(block) + 1, 0);
            continue;
        }
        struct tags_extent extent = {.granules = 1};
        bool starts = tags_read(block_tag(arena->space, block), &extent);
        *at = block_right(block, extent.granules);
        if (starts && extent.state == STATE_FREE && extent.granules == granules)
            return block;
    }
    return NO_BLOCK;
}

/* Records what is found there, once; false where the record is full. */
static bool repair_record(struct os_arena *arena, block_id block, size_t granules) {
    struct suspects *suspects = &arena->suspects;
    EXPECT(granules < TAG_LINKS_MIN_GRANULES);
    char *address = block_address(arena->space, block);
    for (size_t i = 0; i < suspects->count; i++)
        if (suspects->block[i].address == address)
            return true;
    if (suspects->count == SUSPECTS_MAX)
        return false;
    struct suspect *suspect = &suspects->block[suspects->count++];
    atomic_store_explicit(&arena->has_suspects, true, memory_order_relaxed);
    suspect->address = address;
    suspect->size = granules * GRANULE;
    memcpy(suspect->found, address, GRANULE);
    return true;
}

/* Links of before can agree with each other and yet leave blocks out: then the list ends where it
 * should not. */
static bool repair_is_cut_short(struct os_arena *arena, size_t granules, size_t blocks) {
    block_id last = NO_BLOCK, next = arena->bins.head[granules], at = 0;
    size_t listed = 0;
    for (; next != NO_BLOCK && listed < blocks; listed++) {
        last = next;
        if (!link_follow(arena, last, granules, &next))
            next = NO_BLOCK;
    }
    if (listed == blocks)
        return false;
    repair_record(arena, last != NO_BLOCK ? last : repair_scan(arena, granules, &at),
                  granules);
    return true;
}

/* Records every block whose links are bad; whether any are. */
static bool repair_look(struct os_arena *arena, size_t granules) {
    block_id block, next, previous, suspect, at = 0;
    block_id head = arena->bins.head[granules];
    size_t blocks = 0;
    bool bad = false;
    while ((block = repair_scan(arena, granules, &at)) != NO_BLOCK) {
        blocks++;
        if (!link_neighbours(arena, block, granules, head, &next, &previous, &suspect)) {
            if (!repair_record(arena, suspect, granules) && suspect == block)
                arena->suspects.more++;
            bad = true;
        }
    }
    return bad || repair_is_cut_short(arena, granules, blocks);
}

static void repair_rebuild(struct os_arena *arena, size_t granules, block_id without) {
    EXPECT(bin_holds(granules));
    arena->bins.head[granules] = NO_BLOCK;
    arena->bins.filled &= ~((uint64_t)1 << (granules - 1));
    block_id block, at = 0;
    while ((block = repair_scan(arena, granules, &at)) != NO_BLOCK)
        if (block != without)
            bins_put(arena, block, granules);
}

bool repair_list(struct os_arena *arena, size_t granules) {
    bool bad = repair_look(arena, granules);
    if (bad)
        repair_rebuild(arena, granules, NO_BLOCK);
    return bad;
}

void repair_without(struct os_arena *arena, block_id block, size_t granules,
                    block_id suspect) {
    repair_look(arena, granules);
    repair_record(arena, suspect, granules);
    repair_rebuild(arena, granules, block);
    link_clear(arena, block, granules);
}

bool repair_take_suspects(struct os_arena *arena, struct suspects *taken) {
    if (arena->suspects.count == 0)
        return false;
    EXPECT(arena->suspects.count <= SUSPECTS_MAX);
    *taken = arena->suspects;
    arena->suspects.count = arena->suspects.more = 0;
    atomic_store_explicit(&arena->has_suspects, false, memory_order_relaxed);
    return true;
}
