#include "osmem/heap/carve.h"

#include "osmem/heap/bins.h"
#include "osmem/platform/expect.h"

struct tags_extent carve_extent(const struct os_heap *heap, block_id block) {
    struct tags_extent extent = {0};
    bool starts = tags_read(block_tag(heap, block), &extent);
    (void)starts;
    EXPECT(starts);
    return extent;
}

static void carve_write(struct os_heap *heap, block_id block, struct tags_extent extent) {
    tags_write(block_tag(heap, block), &extent);
    heap->counters.granules[extent.state] += extent.granules;
    heap->counters.blocks_in_use += extent.state == STATE_IN_USE;
    heap->counters.slack += extent.slack;
}

static void carve_erase(struct os_heap *heap, block_id block, struct tags_extent extent) {
    tags_erase(block_tag(heap, block), &extent);
    heap->counters.granules[extent.state] -= extent.granules;
    heap->counters.blocks_in_use -= extent.state == STATE_IN_USE;
    heap->counters.slack -= extent.slack;
}

static void carve_write_in_use(struct os_heap *heap, block_id block, size_t granules) {
    carve_write(heap, block,
                (struct tags_extent){.granules = granules, .state = STATE_IN_USE});
}

/* Writes a free block and lists it; none where nothing is left. */
static void carve_write_free(struct os_heap *heap, block_id block, size_t granules,
                             bool zero) {
    if (granules == 0)
        return;
    carve_write(
        heap, block,
        (struct tags_extent){.granules = granules, .state = STATE_FREE, .zero = zero});
    bins_put(heap, block, granules);
}

/* Unlists a free block and uncovers its granules. */
static void carve_unfree(struct os_heap *heap, block_id block,
                         struct tags_extent extent) {
    EXPECT(extent.state == STATE_FREE);
    bins_drop(heap, block, extent.granules);
    carve_erase(heap, block, extent);
}

bool carve_take(struct os_heap *heap, block_id block, size_t granules) {
    struct tags_extent extent = carve_extent(heap, block);
    EXPECT(extent.granules >= granules);
    carve_unfree(heap, block, extent);
    carve_write_free(heap, block_right(block, granules),
                     block_rest(extent.granules, granules), extent.zero);
    carve_write_in_use(heap, block, granules);
    return extent.zero;
}

/* Takes a free neighbour in. */
static void carve_absorb(struct os_heap *heap, block_id neighbour,
                         struct tags_extent *sum) {
    struct tags_extent extent = carve_extent(heap, neighbour);
    carve_unfree(heap, neighbour, extent);
    sum->granules = block_sum(sum->granules, extent.granules);
    sum->zero = sum->zero && extent.zero;
}

void carve_add(struct os_heap *heap, block_id block, size_t granules, bool zero) {
    struct tags_extent sum = {.granules = granules, .zero = zero};
    block_id right = block_right(block, granules);
    uint8_t right_tag = tags_load(block_tag(heap, right));
    if (tag_is_first(right_tag) && tag_state(right_tag) == STATE_FREE)
        carve_absorb(heap, right, &sum);
    size_t left_granules = tags_left_free(block_tag(heap, block));
    if (left_granules) {
        block -= left_granules;
        carve_absorb(heap, block, &sum);
    }
    carve_write_free(heap, block, sum.granules, sum.zero);
}

void carve_give(struct os_heap *heap, block_id block) {
    struct tags_extent extent = carve_extent(heap, block);
    carve_erase(heap, block, extent);
    carve_add(heap, block, extent.granules, false);
}

void carve_hold(struct os_heap *heap, block_id block) {
    struct tags_extent extent = carve_extent(heap, block);
    EXPECT(extent.state == STATE_IN_USE);
    carve_erase(heap, block, extent);
    carve_write(
        heap, block,
        (struct tags_extent){.granules = extent.granules, .state = STATE_QUARANTINED});
}

void carve_shrink(struct os_heap *heap, block_id block, size_t granules) {
    struct tags_extent extent = carve_extent(heap, block);
    EXPECT(granules > 0 && granules <= extent.granules);
    if (granules == extent.granules)
        return;
    carve_cut(heap, block, granules);
    carve_give(heap, block_right(block, granules));
}

void carve_grow(struct os_heap *heap, block_id block, size_t granules) {
    struct tags_extent extent = carve_extent(heap, block);
    block_id right = block_right(block, extent.granules);
    struct tags_extent more = carve_extent(heap, right);
    EXPECT(extent.granules + more.granules >= granules);
    carve_unfree(heap, right, more);
    carve_erase(heap, block, extent);
    carve_write_free(heap, block_right(block, granules),
                     block_rest(block_sum(extent.granules, more.granules), granules),
                     more.zero);
    carve_write_in_use(heap, block, granules);
}

void carve_cut(struct os_heap *heap, block_id block, size_t lead) {
    struct tags_extent extent = carve_extent(heap, block);
    EXPECT(extent.state == STATE_IN_USE);
    EXPECT(lead > 0 && lead < extent.granules);
    carve_erase(heap, block, extent);
    carve_write_in_use(heap, block, lead);
    carve_write_in_use(heap, block_right(block, lead), block_rest(extent.granules, lead));
}

void carve_cover_less(struct os_heap *heap, block_id block, size_t granules) {
    struct tags_extent extent = carve_extent(heap, block);
    EXPECT(granules < extent.granules);
    carve_unfree(heap, block, extent);
    carve_write_free(heap, block, granules, extent.zero);
}

void carve_add_not_ours(struct os_heap *heap, block_id block, size_t granules) {
    carve_write(heap, block,
                (struct tags_extent){.granules = granules, .state = STATE_NOT_OURS});
}

void carve_mark_zero(struct os_heap *heap, block_id block) {
    struct tags_extent extent = carve_extent(heap, block);
    EXPECT(extent.state == STATE_FREE && extent.granules > 2);
    tags_store(block_tag(heap, block) + 1, tag_digit(1, 0));
}
