#include "osmem/arena/carve.h"

#include "osmem/arena/bins.h"
#include "osmem/arena/repair.h"
#include "osmem/platform/expect.h"

struct tags_extent carve_extent(const struct os_arena *arena, block_id block) {
    struct tags_extent extent = {0};
    bool starts = tags_read(block_tag(arena->space, block), &extent);
    (void)starts;
    EXPECT(starts);
    return extent;
}

/* The counter that a state belongs to: what is busy is in use, seen from outside. */
static size_t *carve_counter(struct os_arena *arena, enum block_state state) {
    EXPECT(state <= STATE_FREE);
    return &arena->counters.granules[state == STATE_BUSY ? STATE_IN_USE : state];
}

static void carve_write(struct os_arena *arena, block_id block,
                        struct tags_extent extent) {
    EXPECT(extent.state != STATE_IN_USE);
    tags_write(block_tag(arena->space, block), &extent);
    *carve_counter(arena, extent.state) += extent.granules;
    arena->counters.blocks_in_use += extent.state == STATE_BUSY;
}

static void carve_erase(struct os_arena *arena, block_id block,
                        struct tags_extent extent) {
    EXPECT(extent.state != STATE_IN_USE);
    EXPECT(*carve_counter(arena, extent.state) >= extent.granules);
    tags_erase(block_tag(arena->space, block), &extent);
    *carve_counter(arena, extent.state) -= extent.granules;
    arena->counters.blocks_in_use -= extent.state == STATE_BUSY;
}

static void carve_write_busy(struct os_arena *arena, block_id block, size_t granules) {
    EXPECT(granules > 0);
    carve_write(arena, block,
                (struct tags_extent){.granules = granules, .state = STATE_BUSY});
}

/* Writes a free block and lists it; none where nothing is left. */
static void carve_write_free(struct os_arena *arena, block_id block, size_t granules,
                             bool zero) {
    if (granules == 0)
        return;
    carve_write(
        arena, block,
        (struct tags_extent){.granules = granules, .state = STATE_FREE, .zero = zero});
    bins_put(arena, block, granules);
}

/* Unlists a free block and uncovers its granules. */
static void carve_unfree(struct os_arena *arena, block_id block,
                         struct tags_extent extent) {
    EXPECT(extent.state == STATE_FREE);
    block_id suspect = bins_drop(arena, block, extent.granules);
    if (suspect != NO_BLOCK)
        repair_without(arena, block, extent.granules, suspect);
    carve_erase(arena, block, extent);
}

bool carve_take(struct os_arena *arena, block_id block, size_t granules) {
    struct tags_extent extent = carve_extent(arena, block);
    EXPECT(extent.granules >= granules);
    carve_unfree(arena, block, extent);
    carve_write_free(arena, block_right(block, granules),
                     block_rest(extent.granules, granules), extent.zero);
    carve_write_busy(arena, block, granules);
    return extent.zero;
}

/* Takes a free neighbour in. */
static void carve_absorb(struct os_arena *arena, block_id neighbour,
                         struct tags_extent *sum) {
    struct tags_extent extent = carve_extent(arena, neighbour);
    carve_unfree(arena, neighbour, extent);
    sum->granules = block_sum(sum->granules, extent.granules);
    sum->zero = sum->zero && extent.zero;
}

void carve_add(struct os_arena *arena, block_id block, size_t granules, bool zero) {
    EXPECT(tags_load(block_tag(arena->space, block)) == TAG_INSIDE);
    struct tags_extent sum = {.granules = granules, .zero = zero};
    block_id right = block_right(block, granules);
    uint8_t right_tag = tags_load(block_tag(arena->space, right));
    if (tag_is_first(right_tag) && tag_state(right_tag) == STATE_FREE)
        carve_absorb(arena, right, &sum);
    size_t left_granules = tags_left_free(block_tag(arena->space, block));
    if (left_granules) {
        block -= left_granules;
        carve_absorb(arena, block, &sum);
    }
    carve_write_free(arena, block, sum.granules, sum.zero);
}

void carve_give(struct os_arena *arena, block_id block, bool zero) {
    struct tags_extent extent = carve_extent(arena, block);
    EXPECT(extent.state == STATE_BUSY);
    carve_erase(arena, block, extent);
    carve_add(arena, block, extent.granules, zero);
}

/* The granules of a block count for another state: busy ones as in use. */
static void carve_count_as(struct os_arena *arena, size_t granules, enum block_state from,
                           enum block_state to) {
    struct arena_counters *counters = &arena->counters;
    EXPECT(counters->granules[from] >= granules);
    counters->granules[from] -= granules;
    counters->granules[to] += granules;
    counters->blocks_in_use += to == STATE_IN_USE ? 1 : (size_t)-1;
}

size_t carve_quarantine(struct os_arena *arena, block_id block) {
    struct tags_extent extent = carve_extent(arena, block);
    EXPECT(extent.state == STATE_BUSY);
    tags_quarantine(block_tag(arena->space, block));
    carve_count_as(arena, extent.granules, STATE_IN_USE, STATE_QUARANTINED);
    return extent.granules;
}

void carve_take_quarantined(struct os_arena *arena, block_id block, size_t granules) {
    EXPECT(carve_extent(arena, block).granules == granules);
    tags_take_quarantined(block_tag(arena->space, block));
    carve_count_as(arena, granules, STATE_QUARANTINED, STATE_IN_USE);
}

void carve_shrink(struct os_arena *arena, block_id block, size_t granules) {
    struct tags_extent extent = carve_extent(arena, block);
    EXPECT(granules > 0 && granules <= extent.granules);
    if (granules == extent.granules)
        return;
    carve_cut(arena, block, granules);
    carve_give(arena, block_right(block, granules), false);
}

bool carve_grow(struct os_arena *arena, block_id block, size_t granules) {
    struct tags_extent extent = carve_extent(arena, block);
    block_id right = block_right(block, extent.granules);
    struct tags_extent more = carve_extent(arena, right);
    EXPECT(extent.state == STATE_BUSY && granules > extent.granules);
    EXPECT(extent.granules + more.granules >= granules);
    carve_unfree(arena, right, more);
    carve_erase(arena, block, extent);
    carve_write_free(arena, block_right(block, granules),
                     block_rest(block_sum(extent.granules, more.granules), granules),
                     more.zero);
    carve_write_busy(arena, block, granules);
    return more.zero;
}

void carve_cut(struct os_arena *arena, block_id block, size_t granules) {
    struct tags_extent extent = carve_extent(arena, block);
    EXPECT(extent.state == STATE_BUSY);
    EXPECT(granules > 0 && granules < extent.granules);
    carve_erase(arena, block, extent);
    carve_write_busy(arena, block, granules);
    carve_write_busy(arena, block_right(block, granules),
                     block_rest(extent.granules, granules));
}

void carve_cover_less(struct os_arena *arena, block_id block, size_t granules) {
    struct tags_extent extent = carve_extent(arena, block);
    EXPECT(granules < extent.granules);
    carve_unfree(arena, block, extent);
    carve_write_free(arena, block, granules, extent.zero);
}

void carve_add_not_ours(struct os_arena *arena, block_id block, size_t granules) {
    EXPECT(tags_load(block_tag(arena->space, block)) == TAG_INSIDE);
    carve_write(arena, block,
                (struct tags_extent){.granules = granules, .state = STATE_NOT_OURS});
}
