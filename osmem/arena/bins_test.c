#include "osmem/arena/bins.h"

#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/alloc/heap.h"
#include "osmem/alloc/heap_state.h"
#include "osmem/arena/carve.h"
#include "osmem/arena/link.h"
#include "osmem/check/check.h"
#include "props/testing/suite.h"

enum {
    SLOTS = 400,
};

static struct machine machine;
static struct os_heap heap;
static struct os_block slots[SLOTS];
static uint64_t random_state = 7;

static uint64_t next_random(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return random_state >> 33;
}

static void open_heap(void) {
    ck_assert(machine_open(&machine));
    heap_init(&heap, &machine.kernel);
}

static void expect_sound(void) {
    struct check_breach breach = check_heap(&heap, CHECK_FULL);
    ck_assert_msg(breach.invariant == INVARIANT_NONE, "%s", check_rule(breach.invariant));
}

/* The smallest free block that fits, by looking at every block there is. */
static size_t naive_best(size_t granules) {
    size_t best = SIZE_MAX;
    for (unsigned i = 0; i < heap.space.spans; i++) {
        struct tags_extent extent;
        for (size_t at = 0; at < heap.space.span[i].granules; at += extent.granules) {
            ck_assert(tags_read(heap.space.span[i].tags + at, &extent));
            if (extent.state == STATE_FREE && extent.granules >= granules &&
                extent.granules < best)
                best = extent.granules;
        }
    }
    return best;
}

static size_t best(size_t granules) {
    block_id block = bins_best(&heap.arena, granules);
    return block == NO_BLOCK ? SIZE_MAX : carve_extent(&heap.arena, block).granules;
}

/* Sizes of every code: mostly small, some up to the largest that the heap serves. */
static size_t random_size(void) {
    static const size_t most[] = {4, 16, 64, 130, 600, 4000};
    return (next_random() % most[next_random() % 6] + 1) * GRANULE;
}

START_TEST(the_best_fit_is_taken) {
    open_heap();
    for (int i = 0; i < 8000; i++) {
        struct os_block *block = &slots[next_random() % SLOTS];
        if (block->address) {
            heap_give(&heap, block);
            block->address = NULL;
            continue;
        }
        size_t size = random_size();
        size_t granules = size / GRANULE;
        ck_assert_uint_eq(best(granules), naive_best(granules));
        if (i % 64 == 0)
            for (size_t other = 1; other < 4200; other = other * 5 / 4 + 1)
                ck_assert_uint_eq(best(other), naive_best(other));
        ck_assert_int_eq(heap_take(&heap, size, GRANULE, block), OS_OK);
        ck_assert_uint_eq(block->size, size);
    }
    expect_sound();
}
END_TEST

START_TEST(an_empty_heap_has_nothing) {
    open_heap();
    for (size_t granules = 1; granules < (size_t)1 << 34; granules *= 3)
        ck_assert(bins_best(&heap.arena, granules) == NO_BLOCK);
}
END_TEST

/* Free blocks that do not touch, of every size from 1 to 200, listed and dropped in turn.
 */
START_TEST(every_size_can_be_listed_and_dropped) {
    open_heap();
    static struct os_block held[201], dividers[201];
    for (size_t granules = 1; granules <= 200; granules++) {
        ck_assert_int_eq(heap_take(&heap, granules * GRANULE, GRANULE, &held[granules]),
                         OS_OK);
        ck_assert_int_eq(heap_take(&heap, GRANULE, GRANULE, &dividers[granules]), OS_OK);
    }
    for (size_t granules = 200; granules >= 1; granules--)
        heap_give(&heap, &held[granules]);
    expect_sound();
    for (size_t granules = 1; granules <= 200; granules++) {
        struct os_block block;
        ck_assert_uint_eq(best(granules), granules);
        ck_assert_int_eq(heap_take(&heap, granules * GRANULE, GRANULE, &block), OS_OK);
        ck_assert_ptr_eq(block.address, held[granules].address);
    }
    expect_sound();
}
END_TEST

START_TEST(equal_sizes_hang_behind_one_node) {
    open_heap();
    static struct os_block held[40], dividers[40];
    for (size_t i = 0; i < 40; i++) {
        heap_take(&heap, (i % 4 + 100) * GRANULE, GRANULE, &held[i]);
        heap_take(&heap, GRANULE, GRANULE, &dividers[i]);
    }
    for (size_t i = 0; i < 40; i++)
        heap_give(&heap, &held[i * 7 % 40]);
    expect_sound();
    /* Joining with the divider drops a block from
     * wherever it stands in the list or the trie. */
    for (size_t i = 0; i < 40; i++) {
        heap_give(&heap, &dividers[i * 11 % 40]);
        expect_sound();
    }
    ck_assert_uint_eq(heap.arena.counters.blocks_in_use, 0);
}
END_TEST

/* Three free blocks of two granules with dividers between them; the last one heads the list. */
static struct os_block held[3], dividers[3];

static void open_three(void) {
    open_heap();
    for (int i = 0; i < 3; i++) {
        heap_take(&heap, 2 * GRANULE, GRANULE, &held[i]);
        heap_take(&heap, GRANULE, GRANULE, &dividers[i]);
    }
    for (int i = 0; i < 3; i++)
        heap_give(&heap, &held[i]);
}

static struct suspects suspects;

static void expect_suspect(const struct os_block *block, const void *found) {
    ck_assert(heap_suspects(&heap, &suspects));
    ck_assert_uint_eq(suspects.count, 1);
    ck_assert_uint_eq(suspects.more, 0);
    ck_assert_ptr_eq(suspects.block[0].address, block->address);
    ck_assert_uint_eq(suspects.block[0].size, block->size);
    ck_assert_mem_eq(suspects.block[0].found, found, GRANULE);
    ck_assert(!heap_suspects(&heap, &suspects));
}

/* An operation that finds an overwritten link records it, rebuilds the list, and continues. */
START_TEST(a_written_link_is_repaired) {
    for (int written = 0; written < 3; written++)
        for (int joined = 0; joined < 3; joined++)
            for (size_t at = 0; at < GRANULE; at++) {
                open_three();
                struct os_block block;
                held[written].address[at] ^= (char)(1 << at % 8);
                char found = held[written].address[at];
                heap_give(&heap, &dividers[joined]);
                heap_take(&heap, 2 * GRANULE, GRANULE, &block);
                heap_take(&heap, 2 * GRANULE, GRANULE, &block);
                heap_take(&heap, 2 * GRANULE, GRANULE, &block);
                ck_assert(heap_suspects(&heap, &suspects));
                ck_assert_uint_eq(suspects.count, 1);
                ck_assert_ptr_eq(suspects.block[0].address, held[written].address);
                ck_assert_int_eq((char)suspects.block[0].found[at], found);
                expect_sound();
                machine_close(&machine);
            }
}
END_TEST

/* The first operation that finds a bad link records all bad ones, each once, and repairs them. */
START_TEST(every_written_link_is_named_once) {
    open_three();
    memset(held[0].address, 0x41, GRANULE);
    memset(held[2].address, 0x42, GRANULE);
    heap_give(&heap, &dividers[1]); /* joins the one that is right */
    expect_sound();
    ck_assert(heap_suspects(&heap, &suspects));
    ck_assert_uint_eq(suspects.count, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_eq(suspects.block[i].address, held[2 * i].address);
        ck_assert_mem_eq(suspects.block[i].found,
                         i ? "BBBBBBBBBBBBBBBB" : "AAAAAAAAAAAAAAAA", GRANULE);
    }
}
END_TEST

START_TEST(all_links_are_repaired_on_request) {
    open_three();
    ck_assert(!heap_repair_links(&heap));
    char found[GRANULE];
    held[0].address[3] ^=
        1; /* the next one of held[1], and its previous one is damaged */
    memcpy(found, held[0].address, GRANULE);
    ck_assert(bins_links_hold(&heap.arena, held[2].id, held[2].size / GRANULE));
    ck_assert(!bins_links_hold(&heap.arena, held[0].id, held[0].size / GRANULE));
    ck_assert(heap_repair_links(&heap));
    expect_suspect(&held[0], found);
    for (int i = 0; i < 3; i++)
        ck_assert(bins_links_hold(&heap.arena, held[i].id, held[i].size / GRANULE));
    expect_sound();
}
END_TEST

/* More than fit: the first ones are named, the others counted, and all are repaired. */
START_TEST(of_many_written_links_the_first_are_named) {
    enum {
        MANY = SUSPECTS_MAX + 3
    };
    struct os_block many[MANY], divider[MANY], block;
    open_heap();
    for (int i = 0; i < MANY; i++) {
        heap_take(&heap, 2 * GRANULE, GRANULE, &many[i]);
        heap_take(&heap, GRANULE, GRANULE, &divider[i]);
    }
    for (int i = 0; i < MANY; i++)
        heap_give(&heap, &many[i]);
    for (int i = 0; i < MANY; i++)
        memset(many[i].address, 0x41, GRANULE);
    heap_take(&heap, 2 * GRANULE, GRANULE, &block);
    ck_assert(heap_suspects(&heap, &suspects));
    ck_assert_uint_eq(suspects.count, SUSPECTS_MAX);
    ck_assert_uint_eq(suspects.more, MANY - SUSPECTS_MAX);
    for (int i = 0; i < SUSPECTS_MAX; i++)
        ck_assert_ptr_eq(suspects.block[i].address, many[i].address);
    expect_sound();
}
END_TEST

/* A block freed in front of a damaged head leaves the damage where it can be seen. */
START_TEST(a_damaged_head_is_not_repaired) {
    open_heap();
    struct os_block pair[2], divider[2];
    for (int i = 0; i < 2; i++) {
        heap_take(&heap, 2 * GRANULE, GRANULE, &pair[i]);
        heap_take(&heap, GRANULE, GRANULE, &divider[i]);
    }
    heap_give(&heap, &pair[0]);
    memset(pair[0].address + 8, 0x41, 8);
    ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_H1);
    heap_give(&heap, &pair[1]);
    ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_H1);
}
END_TEST

/* The list's head has links that were sealed, but not as they are now. */
static void expect_not_followed(const char *links) {
    struct os_block block;
    memcpy(held[2].address, links, GRANULE);
    heap_take(&heap, 2 * GRANULE, GRANULE, &block);
    expect_suspect(&held[2], links);
    expect_sound();
}

/* A sealed link copied from elsewhere is none here: replay does not help. */
START_TEST(a_replayed_link_is_never_followed) {
    char other[GRANULE];
    open_three();
    memcpy(other, held[1].address, GRANULE);
    expect_not_followed(other);
}
END_TEST

/* Nor does the same block's link of before. */
START_TEST(an_old_link_is_never_followed) {
    char old[GRANULE];
    open_three();
    memcpy(old, held[2].address, GRANULE); /* the next one is held[1] */
    heap_give(&heap, &dividers[0]);        /* which is no longer free by itself */
    expect_not_followed(old);
}
END_TEST

/* Not even where the block that it names, in use by now, is made to point back. */
START_TEST(an_old_pair_of_links_is_never_followed) {
    open_three();
    struct os_block block, next;
    char old[2][GRANULE];
    for (int i = 0; i < 2; i++)
        memcpy(old[i], held[i + 1].address, GRANULE);
    for (int i = 0; i < 2; i++)
        heap_take(&heap, 2 * GRANULE, GRANULE, &block);
    ck_assert_ptr_eq(block.address, held[1].address);
    heap_give(&heap, &held[2]);
    for (int i = 0; i < 2; i++)
        memcpy(held[i + 1].address, old[i], GRANULE);
    heap_take(&heap, 2 * GRANULE, GRANULE, &block);
    heap_take(&heap, 2 * GRANULE, GRANULE, &next);
    ck_assert_ptr_ne(block.address, held[1].address);
    ck_assert_ptr_ne(next.address, held[1].address);
    expect_suspect(&held[2], old[1]);
    expect_sound();
}
END_TEST

/* Two blocks that agree with each other, and a list that ends before them. */
START_TEST(a_list_cut_short_is_repaired) {
    for (int taken = 0; taken < 2; taken++) {
        open_three();
        struct os_block block;
        link_set(&heap.arena, held[2].id, 2, LINK_NEXT, NO_BLOCK);
        link_set(&heap.arena, held[1].id, 2, LINK_PREVIOUS, held[0].id);
        link_set(&heap.arena, held[0].id, 2, LINK_NEXT, held[1].id);
        for (int i = 0; i < 3; i++)
            ck_assert(bins_links_hold(&heap.arena, held[i].id, held[i].size / GRANULE));
        if (taken)
            heap_take(&heap, 2 * GRANULE, GRANULE, &block);
        ck_assert(heap_repair_links(&heap));
        ck_assert(heap_suspects(&heap, &suspects));
        ck_assert_uint_eq(suspects.count, 1);
        ck_assert_ptr_eq(suspects.block[0].address, held[taken ? 0 : 2].address);
        expect_sound();
        machine_close(&machine);
    }
}
END_TEST

int main(void) {
    return suite_run(
        "bins",
        SUITE(the_best_fit_is_taken, an_empty_heap_has_nothing,
              every_size_can_be_listed_and_dropped, equal_sizes_hang_behind_one_node,
              a_written_link_is_repaired, every_written_link_is_named_once,
              all_links_are_repaired_on_request,
              of_many_written_links_the_first_are_named, a_damaged_head_is_not_repaired,
              a_replayed_link_is_never_followed, an_old_link_is_never_followed,
              an_old_pair_of_links_is_never_followed, a_list_cut_short_is_repaired));
}
