/* Each invariant broken on purpose is reported by exactly its number. */
#include "osmem/check/check.h"

#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/check/dump.h"
#include "osmem/check/walk.h"
#include "osmem/heap/bins.h"
#include "osmem/heap/carve.h"
#include "osmem/heap/link.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct os_heap heap;

/* In use and free blocks of every kind: small, with links in tags, in the trie, large. */
static struct os_block small, lone, medium, big, large, other_large;

static void open_heap(void) {
    struct os_block wall;
    ck_assert(machine_open(&machine));
    heap_init(&heap, &machine.kernel);
    heap_take(&heap, 48, GRANULE, &small);
    heap_take(&heap, 16, GRANULE, &wall);
    heap_take(&heap, 16, GRANULE, &lone);
    heap_take(&heap, 16, GRANULE, &wall);
    heap_take(&heap, 480, GRANULE, &medium);
    heap_take(&heap, 16, GRANULE, &wall);
    heap_take(&heap, 4000, GRANULE, &big);
    heap_take(&heap, 16, GRANULE, &wall);
    heap_take(&heap, 200000, GRANULE, &large);
    heap_take(&heap, 200000, GRANULE, &other_large);
    heap_give(&heap, &small);
    heap_give(&heap, &lone);
    heap_give(&heap, &medium);
    heap_give(&heap, &big);
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
}

static tag_byte *tag_of(struct os_block place) {
    return block_tag(&heap, place.block);
}

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
    block_id top = block_name(0, heap.span[0].granules - 1);
    size_t granules = tags_left_free(block_tag(&heap, top + 1));
    tags_store(block_tag(&heap, top + 1 - granules) + 2, tag_digit(granules + 1, 0));
    expect(INVARIANT_B1, block_address(&heap, top + 1 - granules));
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
    block_id wall = lone.block + 1;
    struct tags_extent extent = carve_extent(&heap, wall);
    tags_erase(block_tag(&heap, wall), &extent);
    extent.state = STATE_FREE;
    tags_write(block_tag(&heap, wall), &extent);
    expect(INVARIANT_B4, block_address(&heap, wall));
}
END_TEST

START_TEST(h1_a_free_block_in_no_bin) {
    open_heap();
    bins_drop(&heap, small.block, 3);
    expect(INVARIANT_H1, NULL);
}
END_TEST

START_TEST(h1_a_trie_block_in_no_bin) {
    open_heap();
    bins_drop(&heap, big.block, 250);
    expect(INVARIANT_H1, NULL);
}
END_TEST

START_TEST(h1_a_bit_that_lies) {
    open_heap();
    heap.bins.filled ^= 4; /* of three granules */
    expect(INVARIANT_H1, small.address);
    heap.bins.filled ^= 4 | 1u << 20; /* of 21, of which there is none */
    expect(INVARIANT_H1, NULL);
    heap.bins.filled ^= 1u << 20;
    heap.bins.rooted ^= 1u << 20;
    expect(INVARIANT_H1, NULL);
    heap.bins.rooted ^= 1u << 20 | 2; /* of 128 to 255 granules */
    expect(INVARIANT_H1, big.address);
}
END_TEST

/* In a list of its own, with links as they should be. */
static void list(size_t granules, block_id block, size_t links_as) {
    heap.bins.head[granules] = block;
    heap.bins.filled |= (uint64_t)1 << (granules - 1);
    link_set(&heap, block, links_as, LINK_NEXT, NO_BLOCK);
    link_set(&heap, block, links_as, LINK_PREVIOUS, NO_BLOCK);
}

START_TEST(h1_a_block_in_use_that_is_listed) {
    open_heap();
    bins_drop(&heap, lone.block, 1);
    list(1, lone.block + 1, 1); /* a wall */
    expect(INVARIANT_H1, lone.address + GRANULE);
}
END_TEST

START_TEST(h1_a_trie_node_on_another_path) {
    open_heap();
    block_id end = block_name(0, heap.span[0].granules);
    size_t granules = tags_left_free(block_tag(&heap, end));
    bins_drop(&heap, big.block, 250);
    heap.bins.root[1] = end - granules;
    heap.bins.rooted |= 2;
    expect(INVARIANT_H1, block_address(&heap, end - granules));
}
END_TEST

START_TEST(h1_a_block_in_another_sizes_bin) {
    open_heap();
    bins_drop(&heap, small.block, 3);
    list(5, small.block, 3);
    expect(INVARIANT_H1, small.address);
}
END_TEST

START_TEST(h1_links_that_disagree) {
    open_heap();
    tags_set_link(tag_of(medium), LINK_PREVIOUS, small.block);
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
    tags_set_link(tag_of(medium), LINK_NEXT, medium.block);
    expect(INVARIANT_H1, medium.address);
}
END_TEST

START_TEST(h1_a_trie_node_astray) {
    open_heap();
    tags_set_link(tag_of(big), LINK_LOW, medium.block);
    expect(INVARIANT_H1, medium.address);
    tags_set_link(tag_of(big), LINK_LOW, NO_BLOCK);
    tags_set_link(tag_of(big), LINK_PARENT, small.block);
    expect(INVARIANT_H1, big.address);
}
END_TEST

START_TEST(h1_a_link_to_nowhere) {
    open_heap();
    tags_set_link(tag_of(medium), LINK_NEXT, block_name(5, 3));
    expect(INVARIANT_H1, medium.address);
}
END_TEST

START_TEST(h2_a_count_that_is_off) {
    open_heap();
    heap.counters.granules[STATE_FREE]++;
    expect(INVARIANT_H2, NULL);
    heap.counters.granules[STATE_FREE]--;
    heap.counters.blocks_in_use++;
    expect(INVARIANT_H2, NULL);
}
END_TEST

START_TEST(h3_a_break_below_the_end) {
    open_heap();
    machine.brk -= 16;
    expect(INVARIANT_H3, NULL);
}
END_TEST

START_TEST(l1_a_registry_that_is_off) {
    open_heap();
    struct large_entry *entries = large_entries(&heap);
    struct large_entry saved = entries[1];
    entries[1] = entries[0];
    entries[0] = saved;
    expect(INVARIANT_L1, entries[1].address);
    entries[0] = entries[1];
    entries[1] = saved;
    entries[1].length += 16;
    expect(INVARIANT_L1, entries[1].address);
    entries[1] = saved;
    entries[1].room = saved.length;
    expect(INVARIANT_L1, entries[1].address);
    entries[1] = saved;
    entries[1].live = false;
    expect(INVARIANT_L1, NULL);
    entries[1] = saved;
    expect(INVARIANT_NONE, NULL);
}
END_TEST

/* What the front does when a block has a canary. */
static void dress(struct os_block *place, size_t slack) {
    heap_set_slack(&heap, place, slack);
    heap_write_canary(&heap, place);
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
}

START_TEST(f1_a_canary_that_was_written_over) {
    open_heap();
    struct os_block block;
    heap_take(&heap, 64, GRANULE, &block);
    dress(&block, 5);
    block.address[59] ^= 1;
    expect(INVARIANT_F1, block.address);
    block.address[59] ^= 1;
    dress(&large, 4000);
    char *end = large.address + large.room - large.slack;
    end[15] ^= 1;
    expect(INVARIANT_F1, large.address);
    end[15] ^= 1;
    end[16] ^= 1; /* behind the canary */
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
    heap.counters.slack++;
    expect(INVARIANT_L1, NULL);
}
END_TEST

START_TEST(l2_a_byte_in_front_of_a_large_block) {
    open_heap();
    struct os_block alone;
    heap_take_alone(&heap, 48, GRANULE, &alone);
    size_t lead = MACHINE_PAGE - 48;
    expect(INVARIANT_NONE, NULL);
    for (size_t at = 1; at <= lead; at += lead - 1) {
        alone.address[-(ptrdiff_t)at] = 1;
        expect(INVARIANT_L2, alone.address);
        alone.address[-(ptrdiff_t)at] = 0;
    }
}
END_TEST

START_TEST(z1_a_byte_that_is_not_zero) {
    open_heap();
    block_id top = block_name(0, heap.span[0].granules);
    size_t granules = tags_left_free(block_tag(&heap, top));
    char *address = block_address(&heap, top - granules);
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

START_TEST(q1_a_block_that_waits_was_written_to) {
    open_heap();
    struct os_block block;
    heap_take(&heap, 64, GRANULE, &block);
    heap_hold(&heap, &block);
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
    heap_give(&heap, &block);
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
}
END_TEST

START_TEST(z2_a_free_block_that_is_not_clear) {
    open_heap();
    heap_is_clear(&heap, true);
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
    struct os_block free_ones[] = {small, medium, big};
    for (size_t i = 0; i < 3; i++) {
        char *last = free_ones[i].address + free_ones[i].room - 1;
        *last = 1;
        struct check_breach breach = check_heap(&heap, CHECK_FULL);
        ck_assert_int_eq(breach.invariant, INVARIANT_Z2);
        ck_assert_ptr_eq(breach.where, free_ones[i].address);
        *last = 0;
    }
    heap_is_clear(&heap, false);
    big.address[0] = 1;
    ck_assert_int_eq(check_heap(&heap, CHECK_FULL).invariant, INVARIANT_NONE);
}
END_TEST

static bool count_blocks(void *context, const struct walk_block *block) {
    (void)block;
    ++*(size_t *)context;
    return true;
}

START_TEST(the_walk_stops_where_no_block_starts) {
    open_heap();
    size_t blocks = 0;
    ck_assert(walk_heap(&heap, count_blocks, &blocks));
    ck_assert_uint_eq(blocks, 4 + 4 + 1 + 2);
    *tag_of(medium) = TAG_INSIDE;
    ck_assert(!walk_heap(&heap, count_blocks, &blocks));
}
END_TEST

static void append(void *context, const char *text, size_t length) {
    strncat(context, text, length);
}

START_TEST(the_picture_shows_what_is_where) {
    open_heap();
    struct os_block more;
    machine_foreign_sbrk(&machine, 65536);
    heap_take(&heap, 130000, GRANULE, &more);
    static char text[8192];
    dump_picture(&heap, append, text);
    ck_assert_ptr_nonnull(strstr(text, "xxxxxxxx"));
    ck_assert_ptr_nonnull(strstr(text, "########"));
    ck_assert_ptr_nonnull(strstr(text, "........"));
    ck_assert_ptr_nonnull(strstr(text, "+"));
    text[0] = '\0';
    dump_blocks(&heap, append, text);
    ck_assert_ptr_nonnull(strstr(text, " not-ours 65536\n"));
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
              h2_a_count_that_is_off, h3_a_break_below_the_end, l1_a_registry_that_is_off,
              l2_a_byte_in_front_of_a_large_block, f1_a_canary_that_was_written_over,
              q1_a_block_that_waits_was_written_to, z1_a_byte_that_is_not_zero,
              z2_a_free_block_that_is_not_clear, the_walk_stops_where_no_block_starts,
              the_picture_shows_what_is_where));
}
