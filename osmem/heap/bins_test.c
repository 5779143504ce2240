#include "osmem/heap/bins.h"

#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/check/check.h"
#include "osmem/heap/carve.h"
#include "osmem/heap/heap.h"
#include "osmem/testing/suite.h"

enum {
    SLOTS = 400,
};

static struct machine machine;
static struct os_heap heap;
static struct os_place slots[SLOTS];
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
    for (unsigned i = 0; i < heap.spans; i++) {
        struct tags_extent extent;
        for (size_t at = 0; at < heap.span[i].granules; at += extent.granules) {
            ck_assert(tags_read(heap.span[i].tags + at, &extent));
            if (extent.state == STATE_FREE && extent.granules >= granules &&
                extent.granules < best)
                best = extent.granules;
        }
    }
    return best;
}

static size_t best(size_t granules) {
    os_block block = bins_best(&heap, granules);
    return block == NO_BLOCK ? SIZE_MAX : carve_extent(&heap, block).granules;
}

/* Sizes of every code: mostly small, some up to the largest that the heap serves. */
static size_t random_room(void) {
    static const size_t most[] = {4, 16, 64, 130, 600, 4000};
    return (next_random() % most[next_random() % 6] + 1) * GRANULE;
}

START_TEST(the_choice_is_the_best_fit) {
    open_heap();
    for (int i = 0; i < 8000; i++) {
        struct os_place *place = &slots[next_random() % SLOTS];
        if (place->address) {
            ck_assert_int_eq(heap_give(&heap, place), OS_OK);
            place->address = NULL;
            continue;
        }
        size_t room = random_room();
        size_t granules = room / GRANULE;
        ck_assert_uint_eq(best(granules), naive_best(granules));
        if (i % 64 == 0)
            for (size_t other = 1; other < 4200; other = other * 5 / 4 + 1)
                ck_assert_uint_eq(best(other), naive_best(other));
        ck_assert_int_eq(heap_take(&heap, room, GRANULE, place), OS_OK);
        ck_assert_uint_eq(place->room, room);
    }
    expect_sound();
}
END_TEST

START_TEST(an_empty_heap_has_nothing) {
    open_heap();
    for (size_t granules = 1; granules < (size_t)1 << 34; granules *= 3)
        ck_assert(bins_best(&heap, granules) == NO_BLOCK);
}
END_TEST

/* Free blocks that do not touch, of every size from 1 to 200, listed and dropped in turn.
 */
START_TEST(every_size_can_be_listed_and_dropped) {
    open_heap();
    static struct os_place held[201], walls[201];
    for (size_t granules = 1; granules <= 200; granules++) {
        ck_assert_int_eq(heap_take(&heap, granules * GRANULE, GRANULE, &held[granules]),
                         OS_OK);
        ck_assert_int_eq(heap_take(&heap, GRANULE, GRANULE, &walls[granules]), OS_OK);
    }
    for (size_t granules = 200; granules >= 1; granules--)
        ck_assert_int_eq(heap_give(&heap, &held[granules]), OS_OK);
    expect_sound();
    for (size_t granules = 1; granules <= 200; granules++) {
        struct os_place place;
        ck_assert_uint_eq(best(granules), granules);
        ck_assert_int_eq(heap_take(&heap, granules * GRANULE, GRANULE, &place), OS_OK);
        ck_assert_ptr_eq(place.address, held[granules].address);
    }
    expect_sound();
}
END_TEST

START_TEST(equal_sizes_hang_behind_one_node) {
    open_heap();
    static struct os_place held[40], walls[40];
    for (size_t i = 0; i < 40; i++) {
        heap_take(&heap, (i % 4 + 100) * GRANULE, GRANULE, &held[i]);
        heap_take(&heap, GRANULE, GRANULE, &walls[i]);
    }
    for (size_t i = 0; i < 40; i++)
        heap_give(&heap, &held[i * 7 % 40]);
    expect_sound();
    /* Joining with the wall drops a block from
     * wherever it stands in the list or the trie. */
    for (size_t i = 0; i < 40; i++) {
        heap_give(&heap, &walls[i * 11 % 40]);
        expect_sound();
    }
    ck_assert_uint_eq(heap.counters.blocks_in_use, 0);
}
END_TEST

START_TEST(a_written_link_is_never_followed) {
    for (size_t word = 0; word < 2; word++)
        for (int bit = 0; bit < 64; bit += 7) {
            open_heap();
            struct os_place held[3], walls[3], again;
            for (int i = 0; i < 3; i++) {
                heap_take(&heap, 2 * GRANULE, GRANULE, &held[i]);
                heap_take(&heap, GRANULE, GRANULE, &walls[i]);
            }
            for (int i = 0; i < 3; i++)
                heap_give(&heap, &held[i]);
            uint64_t *links = (uint64_t *)(void *)held[2].address; /* the list's head */
            links[word] ^= (uint64_t)1 << bit;
            ck_assert_int_eq(heap_take(&heap, 2 * GRANULE, GRANULE, &again),
                             OS_FAULT_FREE_LINK);
            ck_assert_ptr_eq(heap_suspect(&heap).address, held[2].address);
            /* Nor when a neighbour is freed and would be joined with it. */
            ck_assert_int_eq(heap_give(&heap, &walls[2]), OS_FAULT_FREE_LINK);
            machine_close(&machine);
        }
}
END_TEST

/* The neighbour whose link was written is named, not the innocent block that was asked for. */
START_TEST(the_written_block_is_the_suspect) {
    for (size_t word = 0; word < 2; word++) {
        open_heap();
        struct os_place held[3], walls[3], again;
        for (int i = 0; i < 3; i++) {
            heap_take(&heap, 2 * GRANULE, GRANULE, &held[i]);
            heap_take(&heap, GRANULE, GRANULE, &walls[i]);
        }
        for (int i = 0; i < 3; i++)
            heap_give(&heap, &held[i]);
        uint64_t *links =
            (uint64_t *)(void *)held[1].address; /* behind the list's head */
        links[word] ^= 1;
        ck_assert_int_eq(heap_give(&heap, &walls[word ? 2 : 0]), OS_FAULT_FREE_LINK);
        ck_assert_ptr_eq(heap_suspect(&heap).address, held[1].address);
        ck_assert_uint_eq(heap_suspect(&heap).room, 2 * GRANULE);
        /* Listing another one in front of it does not mend it. */
        ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_B4);
        ck_assert_int_ne(heap_take(&heap, 100 * GRANULE, GRANULE, &again),
                         OS_FAULT_FREE_LINK);
        machine_close(&machine);
    }
}
END_TEST

/* A block freed in front of a damaged head leaves the damage where it can be seen. */
START_TEST(a_damaged_head_is_not_mended) {
    open_heap();
    struct os_place held[2], walls[2];
    for (int i = 0; i < 2; i++) {
        heap_take(&heap, 2 * GRANULE, GRANULE, &held[i]);
        heap_take(&heap, GRANULE, GRANULE, &walls[i]);
    }
    heap_give(&heap, &held[0]);
    memset(held[0].address + 8, 0x41, 8);
    ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_H1);
    heap_give(&heap, &held[1]);
    ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_H1);
}
END_TEST

/* A sealed link copied from elsewhere is none here: replay does not help. */
START_TEST(a_replayed_link_is_never_followed) {
    open_heap();
    struct os_place held[4], walls[4], again;
    for (int i = 0; i < 4; i++) {
        heap_take(&heap, 2 * GRANULE, GRANULE, &held[i]);
        heap_take(&heap, GRANULE, GRANULE, &walls[i]);
    }
    for (int i = 0; i < 4; i++)
        heap_give(&heap, &held[i]);
    memcpy(held[3].address, held[1].address, GRANULE);
    ck_assert_int_eq(heap_take(&heap, 2 * GRANULE, GRANULE, &again), OS_FAULT_FREE_LINK);
}
END_TEST

int main(void) {
    return suite_run(
        "bins",
        SUITE(the_choice_is_the_best_fit, an_empty_heap_has_nothing,
              every_size_can_be_listed_and_dropped, equal_sizes_hang_behind_one_node,
              a_written_link_is_never_followed, a_replayed_link_is_never_followed,
              the_written_block_is_the_suspect, a_damaged_head_is_not_mended));
}
