/* Each invariant broken on purpose is reported by exactly its number. */
#include "osmem/check/check.h"

#include <string.h>

#include "osmem/arena/bins.h"
#include "osmem/arena/carve.h"
#include "osmem/arena/link.h"
#include "osmem/check/check_testing.h"
#include "osmem/check/walk.h"
#include "osmem/space/registry.h"

static void expect(enum os_invariant invariant, const void *where) {
    struct check_breach quick = check_heap(&heap, CHECK_QUICK);
    struct check_breach full = check_heap(&heap, CHECK_FULL);
    ck_assert_msg(quick.invariant == invariant && full.invariant == invariant,
                  "%s, not %s and %s", check_name(invariant), check_name(quick.invariant),
                  check_name(full.invariant));
    ck_assert_ptr_eq(full.where, where);
}

START_TEST(b1_a_gap) {
    open_heap();
    *tag_of(lone) = TAG_INSIDE;
    expect(INVARIANT_B1, lone.address);
}
END_TEST

START_TEST(b1_a_block_past_the_end) {
    open_heap();
    block_id top = block_id_of(0, heap.space.span[0].granules - 1);
    size_t granules = tags_left_free(block_tag(&heap.space, top + 1));
    tags_store(block_tag(&heap.space, top + 1 - granules) + 2,
               tag_digit(granules + 1, 0));
    expect(INVARIANT_B1, block_address(&heap.space, top + 1 - granules));
}
END_TEST

START_TEST(b2_a_stray_first) {
    open_heap();
    tag_of(medium)[14] = TAG_ONE_IN_USE; /* behind its links */
    expect(INVARIANT_B2, medium.address);
}
END_TEST

START_TEST(b2_a_detail_that_is_none) {
    open_heap();
    tag_of(big)[5] = TAG_INSIDE; /* among its links */
    expect(INVARIANT_B2, big.address);
}
END_TEST

START_TEST(b2_far_inside_is_for_the_full_check) {
    open_heap();
    tag_of(big)[100] = TAG_ONE_FREE;
    ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_NONE);
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_B2);
}
END_TEST

START_TEST(b3_a_stale_last) {
    open_heap();
    tag_of(small)[2] = TAG_LAST + 5;
    expect(INVARIANT_B3, small.address);
}
END_TEST

START_TEST(b4_two_free_neighbours) {
    open_heap();
    block_id divider = lone.id + 1;
    struct tags_extent extent = carve_extent(&heap.arena, divider);
    tags_erase(block_tag(&heap.space, divider), &extent);
    extent.state = STATE_FREE;
    tags_write(block_tag(&heap.space, divider), &extent);
    expect(INVARIANT_B4, block_address(&heap.space, divider));
}
END_TEST

START_TEST(h1_a_free_block_in_no_bin) {
    open_heap();
    bins_drop(&heap.arena, small.id, 3);
    expect(INVARIANT_H1, NULL);
}
END_TEST

START_TEST(h1_a_trie_block_in_no_bin) {
    open_heap();
    bins_drop(&heap.arena, big.id, 250);
    expect(INVARIANT_H1, NULL);
}
END_TEST

START_TEST(h1_a_bit_that_lies) {
    open_heap();
    heap.arena.bins.filled ^= 4; /* of three granules */
    expect(INVARIANT_H1, small.address);
    heap.arena.bins.filled ^= 4 | 1u << 20; /* of 21, of which there is none */
    expect(INVARIANT_H1, NULL);
    heap.arena.bins.filled ^= 1u << 20;
    heap.arena.bins.rooted ^= 1u << 20;
    expect(INVARIANT_H1, NULL);
    heap.arena.bins.rooted ^= 1u << 20 | 2; /* of 128 to 255 granules */
    expect(INVARIANT_H1, big.address);
}
END_TEST

/* In a list of its own, with links as they should be. */
static void list(size_t granules, block_id block, size_t links_as) {
    heap.arena.bins.head[granules] = block;
    heap.arena.bins.filled |= (uint64_t)1 << (granules - 1);
    link_set(&heap.arena, block, links_as, LINK_NEXT, NO_BLOCK);
    link_set(&heap.arena, block, links_as, LINK_PREVIOUS, NO_BLOCK);
}

START_TEST(h1_a_block_in_use_that_is_listed) {
    open_heap();
    bins_drop(&heap.arena, lone.id, 1);
    list(1, lone.id + 1, 1); /* a divider */
    expect(INVARIANT_H1, lone.address + GRANULE);
}
END_TEST

START_TEST(h1_a_trie_node_on_another_path) {
    open_heap();
    block_id end = block_id_of(0, heap.space.span[0].granules);
    size_t granules = tags_left_free(block_tag(&heap.space, end));
    bins_drop(&heap.arena, big.id, 250);
    heap.arena.bins.root[1] = end - granules;
    heap.arena.bins.rooted |= 2;
    expect(INVARIANT_H1, block_address(&heap.space, end - granules));
}
END_TEST

START_TEST(h1_a_block_in_another_sizes_bin) {
    open_heap();
    bins_drop(&heap.arena, small.id, 3);
    list(5, small.id, 3);
    expect(INVARIANT_H1, small.address);
}
END_TEST

START_TEST(h1_links_that_disagree) {
    open_heap();
    tags_set_link(tag_of(medium), LINK_PREVIOUS, small.id);
    expect(INVARIANT_H1, medium.address);
}
END_TEST

START_TEST(h1_a_written_link) {
    open_heap();
    memset(small.address, 0x41, 8);
    expect(INVARIANT_H1, small.address);
}
END_TEST

START_TEST(h1_a_list_in_a_circle) {
    open_heap();
    tags_set_link(tag_of(medium), LINK_NEXT, medium.id);
    expect(INVARIANT_H1, medium.address);
}
END_TEST

START_TEST(h1_a_trie_node_astray) {
    open_heap();
    tags_set_link(tag_of(big), LINK_LOW, medium.id);
    expect(INVARIANT_H1, medium.address);
    tags_set_link(tag_of(big), LINK_LOW, NO_BLOCK);
    tags_set_link(tag_of(big), LINK_PARENT, small.id);
    expect(INVARIANT_H1, big.address);
}
END_TEST

START_TEST(h1_a_link_to_nowhere) {
    open_heap();
    tags_set_link(tag_of(medium), LINK_NEXT, block_id_of(5, 3));
    expect(INVARIANT_H1, medium.address);
}
END_TEST

START_TEST(h2_a_count_that_is_off) {
    open_heap();
    heap.arena.counters.granules[STATE_FREE]++;
    expect(INVARIANT_H2, NULL);
    heap.arena.counters.granules[STATE_FREE]--;
    heap.arena.counters.blocks_in_use++;
    expect(INVARIANT_H2, NULL);
}
END_TEST

START_TEST(h3_a_break_below_the_end) {
    open_heap();
    machine.brk -= 16;
    expect(INVARIANT_H3, NULL);
}
END_TEST

/* What alloc does when a block has a canary. */
static void arm(struct os_block *block, size_t slack) {
    block->slack = slack;
    heap_arm_canary(&heap, block);
    heap_publish(&heap, block);
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
}

START_TEST(l1_an_entry_that_is_off) {
    open_heap();
    struct large_entry *entry = registry_at(&heap.space, large.address);
    size_t length = entry->length, size = entry->size;
    entry->length += 16;
    expect(INVARIANT_L1, large.address);
    entry->length = length;
    entry->size = length;
    expect(INVARIANT_L1, large.address);
    entry->size = size;
    expect(INVARIANT_NONE, NULL);
    uint64_t word = entry->word;
    registry_set_state(entry, LARGE_KEPT); /* and is not counted as that */
    expect(INVARIANT_L1, NULL);
    entry->word = word;
    heap.space.counters.large_size++;
    expect(INVARIANT_L1, NULL);
    heap.space.counters.large_size--;
    heap.space.registry.count++;
    expect(INVARIANT_L1, NULL);
}
END_TEST

START_TEST(l1_a_block_that_the_page_map_does_not_find) {
    open_heap();
    struct os_space *space = &heap.space;
    uintptr_t page = space_page(space, large.address);
    uint32_t value = page_map_get(&space->pages, page);
    uint32_t other = page_map_get(&space->pages, space_page(space, other_large.address));
    page_map_set(&space->pages, page, 0);
    expect(INVARIANT_L1, large.address);
    page_map_set(&space->pages, page, other);
    expect(INVARIANT_L1, large.address);
    page_map_set(&space->pages, page, value);
    expect(INVARIANT_NONE, NULL);
    ck_assert(page_map_prepare(&space->pages, space->kernel, page + 1));
    page_map_set(&space->pages, page + 1, value); /* one that is gone */
    expect(INVARIANT_L1, NULL);
}
END_TEST

START_TEST(l1_two_mappings_that_overlap) {
    open_heap();
    struct large_entry *entry = registry_next(&heap.space, NULL);
    const struct large_entry *next = registry_next(&heap.space, large_address(entry) + 1);
    entry->length = (size_t)(next->base - entry->base) + MACHINE_PAGE;
    expect(INVARIANT_L1, NULL);
}
END_TEST

/* Its owner may be changing the bytes of a busy block. */
START_TEST(a_busy_block_is_not_judged) {
    open_heap();
    struct os_block block, again;
    heap_take(&heap, 64, GRANULE, &block);
    arm(&block, 5);
    arm(&large, 4000);
    ck_assert_int_eq(heap_claim(&heap, block.address, &again), OS_OK);
    ck_assert_int_eq(heap_claim(&heap, large.address, &again), OS_OK);
    ck_assert_uint_eq(heap_slack_sum(&heap), 0);
    block.address[59] ^= 1;
    large.address[large.size - 4000] ^= 1;
    expect(INVARIANT_NONE, NULL);
    heap_publish(&heap, &block);
    expect(INVARIANT_F1, block.address);
    block.address[59] ^= 1;
    heap_publish(&heap, &large);
    expect(INVARIANT_F1, large.address);
}
END_TEST

START_TEST(f1_a_canary_that_was_written_over) {
    open_heap();
    struct os_block block;
    heap_take(&heap, 64, GRANULE, &block);
    arm(&block, 5);
    block.address[59] ^= 1;
    expect(INVARIANT_F1, block.address);
    block.address[59] ^= 1;
    arm(&large, 4000);
    char *end = large.address + large.size - large.slack;
    end[15] ^= 1;
    expect(INVARIANT_F1, large.address);
    end[15] ^= 1;
    end[16] ^= 1; /* behind the canary */
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
    ck_assert_uint_eq(heap_slack_sum(&heap), 4005);
}
END_TEST

START_TEST(l2_a_byte_in_front_of_a_large_block) {
    open_heap();
    struct os_block guarded;
    heap_take_guarded(&heap, 48, GRANULE, &guarded);
    size_t padding = MACHINE_PAGE - 48;
    expect(INVARIANT_NONE, NULL);
    for (size_t at = 1; at <= padding; at += padding - 1) {
        guarded.address[-(ptrdiff_t)at] = 1;
        expect(INVARIANT_L2, guarded.address);
        guarded.address[-(ptrdiff_t)at] = 0;
    }
}
END_TEST

START_TEST(z1_a_byte_that_is_not_zero) {
    open_heap();
    block_id top = block_id_of(0, heap.space.span[0].granules);
    size_t granules = tags_left_free(block_tag(&heap.space, top));
    char *address = block_address(&heap.space, top - granules);
    for (size_t at = 0; at < granules * GRANULE; at += granules * GRANULE - 1) {
        address[at] = 1;
        ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_NONE);
        struct check_breach breach = check_heap(&heap, CHECK_FULL);
        ck_assert_int_eq(breach.invariant, INVARIANT_Z1);
        ck_assert_ptr_eq(breach.where, address);
        address[at] = 0;
    }
}
END_TEST

START_TEST(q1_a_quarantined_block_was_written_to) {
    open_heap();
    struct os_block block;
    heap_take(&heap, 64, GRANULE, &block);
    carve_quarantine(&heap.arena, block.id);
    fill_write(block.address, 64, FILL_DEAD);
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
    for (size_t at = 0; at < 64; at += 63) {
        block.address[at] ^= 1;
        ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_NONE);
        struct check_breach breach = check_heap(&heap, CHECK_FULL);
        ck_assert_int_eq(breach.invariant, INVARIANT_Q1);
        ck_assert_ptr_eq(breach.where, block.address);
        block.address[at] ^= 1;
    }
    carve_take_quarantined(&heap.arena, block.id, 4);
    heap_give(&heap, &block);
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
}
END_TEST

START_TEST(z2_a_free_block_that_is_not_zero) {
    open_heap();
    heap.space.zeroed = true;
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
    struct os_block free_ones[] = {small, medium, big};
    for (size_t i = 0; i < 3; i++) {
        char *last = free_ones[i].address + free_ones[i].size - 1;
        *last = 1;
        struct check_breach breach = check_heap(&heap, CHECK_FULL);
        ck_assert_int_eq(breach.invariant, INVARIANT_Z2);
        ck_assert_ptr_eq(breach.where, free_ones[i].address);
        *last = 0;
    }
    heap.space.zeroed = false;
    big.address[0] = 1;
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
}
END_TEST

int main(void) {
    return suite_run(
        "check",
        SUITE(b1_a_gap, b1_a_block_past_the_end, b2_a_stray_first,
              b2_a_detail_that_is_none, b2_far_inside_is_for_the_full_check,
              b3_a_stale_last, b4_two_free_neighbours, h1_a_free_block_in_no_bin,
              h1_a_trie_block_in_no_bin, h1_a_bit_that_lies,
              h1_a_block_in_another_sizes_bin, h1_a_block_in_use_that_is_listed,
              h1_a_trie_node_on_another_path, h1_links_that_disagree, h1_a_written_link,
              h1_a_list_in_a_circle, h1_a_trie_node_astray, h1_a_link_to_nowhere,
              h2_a_count_that_is_off, h3_a_break_below_the_end, l1_an_entry_that_is_off,
              l1_a_block_that_the_page_map_does_not_find, l1_two_mappings_that_overlap,
              a_busy_block_is_not_judged, l2_a_byte_in_front_of_a_large_block,
              f1_a_canary_that_was_written_over, q1_a_quarantined_block_was_written_to,
              z1_a_byte_that_is_not_zero, z2_a_free_block_that_is_not_zero));
}
