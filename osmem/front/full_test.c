/* What the full tier adds: what waits, what is looked at, and what has pages of its own. */
#include <errno.h>
#include <string.h>

#include "osmem/front/front_testing.h"

START_TEST(what_waits_is_verified_when_it_leaves) {
    static const size_t sizes[] = {1, 24, 200, 2000, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        open_full();
        size_t room = sizes[i] / 16 * 16 + 16;
        char *block = front_malloc(&front, &cache, sizes[i]);
        front_free(&front, &cache, block);
        front_free(&front, &cache, block);
        expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
        block[room - 3] = 0;
        front_trim(&front);
        expect_fault(OS_FAULT_WRITE_AFTER_FREE, "os_trim");
        ck_assert_ptr_eq(last.block, block);
        ck_assert_uint_eq(last.room, room);
        ck_assert_uint_eq(last.changed, 1);
        ck_assert_uint_eq(last.first, room - 3);
        ck_assert_int_eq(last.found, 0);
        ck_assert_uint_eq(front.quarantine.count, 0);
        front_trim(&front);
        ck_assert_int_eq(faults, 0);
        machine_close(&machine);
    }
}
END_TEST

START_TEST(what_was_free_is_verified_when_it_is_handed_out) {
    open_full();
    char *block = front_malloc(&front, &cache, 300),
         *wall = front_malloc(&front, &cache, 1);
    front_free(&front, &cache, block);
    front_trim(&front);
    memset(block + 100, 0x41, 7);
    char *again = front_malloc(&front, &cache, 300);
    expect_fault(OS_FAULT_WRITE_AFTER_FREE, "os_malloc");
    ck_assert_ptr_eq(again, block);
    ck_assert_uint_eq(last.first, 100);
    ck_assert_uint_eq(last.changed, 7);
    ck_assert_ptr_null(memchr(again, 0x41, 300));
    front_free(&front, &cache, wall);
    front_trim(&front);
    again[400] = 1; /* where the block is about to grow to */
    again = front_realloc(&front, &cache, again, 500);
    expect_fault(OS_FAULT_WRITE_AFTER_FREE, "os_realloc");
    ck_assert_int_eq(again[400], 0);
}
END_TEST

START_TEST(a_free_looks_at_both_neighbours) {
    open_full();
    char *left = front_malloc(&front, &cache, 40),
         *middle = front_malloc(&front, &cache, 40),
         *right = front_malloc(&front, &cache, 40);
    left[40] ^= 1;
    front_free(&front, &cache, middle);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
    ck_assert_ptr_eq(last.block, left);
    left[40] ^= 1;
    middle = front_malloc(&front, &cache, 40);
    middle = front_malloc(&front, &cache, 100);
    char *last_one = front_malloc(&front, &cache, 100);
    last_one[100] ^= 1;
    front_free(&front, &cache, middle);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
    ck_assert_ptr_eq(last.block, last_one);
    (void)right;
}
END_TEST

START_TEST(what_was_written_in_front_is_no_overflow) {
    static const int states[] = {STATE_IN_USE, STATE_QUARANTINED, STATE_FREE};
    for (int state = 0; state < 3; state++)
        for (size_t past = 1; past < 16; past++) {
            open_full();
            char *left = front_malloc(&front, &cache, 32),
                 *block = front_malloc(&front, &cache, 100);
            if (states[state] != STATE_IN_USE)
                front_free(&front, &cache, left);
            if (states[state] == STATE_FREE)
                front_trim(&front);
            for (size_t i = 1; i <= past; i++)
                block[-(ptrdiff_t)i] ^= 0x41;
            front_free(&front, &cache, block);
            expect_fault(OS_FAULT_UNDERFLOW, "os_free");
            ck_assert_ptr_eq(last.block, block);
            ck_assert_uint_eq(last.asked, 100);
            ck_assert_uint_eq(last.first, past);
            ck_assert_ptr_eq(last.left.address, left);
            machine_close(&machine);
        }
}
END_TEST

START_TEST(the_quarantine_is_given_up_before_null) {
    open_full();
    char *held[40];
    for (int i = 0; i < 40; i++)
        held[i] = front_malloc(&front, &cache, 3000);
    for (int i = 0; i < 40; i++)
        front_free(&front, &cache, held[i]);
    ck_assert_uint_eq(front.quarantine.count, 40);
    machine_refuse(&machine, 1, 1000);
    held[0][5] ^= 1; /* and it is verified then as well */
    ck_assert_ptr_nonnull(front_malloc(&front, &cache, 100000));
    expect_fault(OS_FAULT_WRITE_AFTER_FREE, "os_malloc");
    ck_assert_uint_eq(front.quarantine.count, 0);
}
END_TEST

/* No block comes back before half of the bytes have gone by, and none stays for ever. */
START_TEST(blocks_wait) {
    open_full();
    size_t bytes = front.options->quarantine;
    for (int round = 0; round < 50; round++) {
        char *block = front_malloc(&front, &cache, 100);
        front_free(&front, &cache, block);
        size_t gone = 0, other = 0;
        for (; gone < 8 * bytes; gone += 112) {
            char *next = front_malloc(&front, &cache, 100);
            if (next == block)
                break;
            other++;
            front_free(&front, &cache, next);
        }
        ck_assert_uint_gt(gone, bytes / 2 - 224);
        ck_assert_uint_gt(other, 1000);
        if (gone < 8 * bytes)
            front_free(&front, &cache, block);
    }
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(the_whole_heap_is_checked_every_so_often) {
    struct os_options options = options_of_tier[TIER_STANDARD];
    options.check_every = 3;
    open_front();
    front_set_options(&front, &options);
    char *kept = front_malloc(&front, &cache, 40), *others[8];
    kept[40] ^= 1;
    for (int i = 0; i < 8; i++) {
        others[i] = front_malloc(&front, &cache, 5000);
        ck_assert_int_eq(faults, i % 3 == 1);
        if (faults)
            expect_fault(OS_FAULT_OVERFLOW, "os_malloc");
    }
    ck_assert_ptr_eq(last.block, kept);
    ck_assert(!front_check(&front, "exit"));
    expect_fault(OS_FAULT_OVERFLOW, "exit");
    kept[40] ^= 1;
    ck_assert(front_check(&front, "exit"));
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(without_room_for_a_quarantine_blocks_go_back) {
    open_front();
    machine_refuse(&machine, 1, 1000);
    front_set_options(&front, &options_of_tier[TIER_FULL]);
    machine_refuse(&machine, 1, 0);
    char *block = front_malloc(&front, &cache, 100);
    machine_refuse(&machine, 1, 1000);
    front_free(&front, &cache, block);
    ck_assert_uint_eq(front.quarantine.count, 0);
    ck_assert_ptr_eq(front_malloc(&front, &cache, 100), block);
    machine_refuse(&machine, 1, 0);
    front_free(&front, &cache, block);
    ck_assert_uint_eq(front.quarantine.count, 1);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(a_written_link_is_told_by_the_check) {
    for (size_t at = 0; at < 16; at++) {
        open_full();
        char *held[3], *walls[3];
        for (int i = 0; i < 3; i++) {
            held[i] = front_malloc(&front, &cache, 40);
            walls[i] = front_malloc(&front, &cache, 1);
        }
        for (int i = 0; i < 3; i++)
            front_free(&front, &cache, held[i]);
        front_trim(&front);
        held[1][at] ^= 0x10;
        ck_assert(!front_check(&front, "exit"));
        expect_fault(OS_FAULT_FREE_LINK, "exit");
        ck_assert_ptr_eq(last.block, held[1]);
        ck_assert_uint_eq(last.room, 48);
        machine_close(&machine);
        (void)walls;
    }
}
END_TEST

/* ---- pages of their own ---- */

/* A realloc that must move clears the tail first, with the canary in it; checks on the way find that. */
START_TEST(a_block_that_moves_is_sound_until_it_is_gone) {
    static struct os_options options;
    open_full();
    options = *front.options;
    options.check_every = 1;
    front_set_options(&front, &options);
    for (size_t alignment = 16; alignment <= 4096; alignment *= 16)
        for (size_t size = 199950; size > 190000; size -= 1000) {
            char *block = front_aligned_alloc(&front, &cache, alignment, 200000);
            block = front_realloc(&front, &cache, block, size);
            ck_assert_uint_eq(front_usable_size(&front, block), size);
            front_free(&front, &cache, block);
        }
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(a_large_block_ends_at_its_fence) {
    static const size_t sizes[] = {131056, 131072, 200000, 200001, 1000015, 3000000};
    bool shifted = false;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        open_full();
        char *block = front_malloc(&front, &cache, sizes[i]);
        size_t room = sizes[i] / 16 * 16 + 16;
        ck_assert(machine_holds(&machine, block, room));
        ck_assert(!machine_holds(&machine, block + room, 1));
        uintptr_t offset = (uintptr_t)block % MACHINE_PAGE;
        shifted |= offset > 0;
        ck_assert(!machine_holds(&machine, block - offset - 1, 1));
        if (offset) {
            block[-(ptrdiff_t)offset] = 1;
            ck_assert_uint_eq(front_usable_size(&front, block), sizes[i]);
            expect_fault(OS_FAULT_UNDERFLOW, "os_usable_size");
            ck_assert_uint_eq(last.first, offset);
            ck_assert(!front_check(&front, "exit"));
            expect_fault(OS_FAULT_UNDERFLOW, "exit");
            ck_assert_ptr_eq(last.block, block);
            block[-(ptrdiff_t)offset] = 0;
        }
        front_free(&front, &cache, block);
        ck_assert_int_eq(faults, 0);
        machine_close(&machine);
    }
    ck_assert(shifted);
}
END_TEST

START_TEST(a_large_block_keeps_its_bytes_at_its_fence) {
    open_full();
    char *block = front_malloc(&front, &cache, 200001);
    memset(block, 7, 200001);
    char *grown = front_realloc(&front, &cache, block, 400003);
    ck_assert_ptr_ne(grown, block); /* the old address is dead, and shows it */
    ck_assert(!machine_holds(&machine, block, 1));
    ck_assert_int_eq(grown[200000], 7);
    grown[150000] = 9;
    char *shrunk = front_realloc(&front, &cache, grown, 150001);
    ck_assert_int_eq(shrunk[150000], 9);
    ck_assert(!machine_holds(&machine, shrunk + 150016, 1));
    ck_assert(!machine_holds(&machine, grown, 1));
    shrunk[140000] = 5;
    machine_refuse(&machine, 1, 1000); /* then it stays, and is clear behind its canary */
    ck_assert_ptr_eq(front_realloc(&front, &cache, shrunk, 140001), shrunk);
    machine_refuse(&machine, 1, 0);
    ck_assert_int_eq(shrunk[140000], 5);
    for (size_t at = 140001 + 16; machine_holds(&machine, shrunk + at, 1); at++)
        ck_assert_int_eq(shrunk[at], 0);
    grown = front_realloc(&front, &cache, shrunk, 150001);
    grown[150001] ^= 1;
    front_free(&front, &cache, grown);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
}
END_TEST

START_TEST(size_0_has_no_byte) {
    open_full();
    char *held[20];
    for (int i = 0; i < 20; i++) {
        held[i] =
            i % 2 ? front_malloc(&front, &cache, 0) : front_calloc(&front, &cache, 0, 5);
        ck_assert(!machine_holds(&machine, held[i], 1));
        ck_assert_uint_eq(front_usable_size(&front, held[i]), 0);
        for (int other = 0; other < i; other++)
            ck_assert_ptr_ne(held[other], held[i]);
    }
    front_free_sized(&front, &cache, held[0], 1, 0);
    ck_assert_int_eq(faults, 0);
    front_free(&front, &cache, held[0]);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    char *grown = front_realloc(&front, &cache, held[1], 10);
    ck_assert(machine_holds(&machine, grown, 10));
    machine_refuse(&machine, 1, 1000);
    char *plain =
        front_malloc(&front, &cache, 0); /* then a byte that is watched must do */
    machine_refuse(&machine, 1, 0);
    plain[0] ^= 1;
    front_free(&front, &cache, plain);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
}
END_TEST

START_TEST(what_was_freed_stays_out_of_reach) {
    open_full();
    char *held[LARGE_KEPT + 8];
    for (int i = 0; i < LARGE_KEPT + 8; i++) {
        held[i] = front_malloc(&front, &cache, 200000);
        front_free(&front, &cache, held[i]);
    }
    for (int i = 8; i < LARGE_KEPT + 8; i++) {
        ck_assert(!machine_holds(&machine, held[i], 1));
        front_free(&front, &cache, held[i]);
        expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
        for (int other = 0; other < i; other++)
            ck_assert(other < 8 || held[other] != held[i]);
    }
    ck_assert_uint_gt(front.heap.counters.large_kept, LARGE_KEPT * 200000);
    ck_assert_uint_le(front.heap.counters.large_kept, front.options->keep);
    front_trim(&front);
    ck_assert_uint_eq(front.heap.counters.large_kept, 0);
    ck_assert_uint_eq(front.heap.large.count, 0);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(so_much_address_space_is_kept_and_no_more) {
    struct os_options options = options_of_tier[TIER_FULL];
    options.sample = 0;
    options.keep = 1000000;
    open_front();
    front_set_options(&front, &options);
    char *large = front_malloc(&front, &cache, 990000);
    front_free(&front, &cache, large); /* too long with its fences, or nearly */
    for (int i = 0; i < 40; i++) {
        front_free(&front, &cache, front_malloc(&front, &cache, 150000 + i * 1000));
        ck_assert_uint_le(front.heap.counters.large_kept, 1000000);
        ck_assert_uint_eq(front.heap.counters.large_kept == 0,
                          front.heap.large.kept_count == 0);
    }
    ck_assert_uint_ge(front.heap.large.kept_count, 3);
    machine_refuse(&machine, 1, 1);
    ck_assert_ptr_nonnull(
        front_malloc(&front, &cache, 150000)); /* what is kept goes first */
    ck_assert(front_check(&front, "exit"));
}
END_TEST

START_TEST(samples_come_by_lot_and_as_often_as_said) {
    static const size_t every[] = {1, 2, 10, 1000};
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++) {
        struct os_sample sample = {.random = i};
        size_t all = 2000 * every[i], due = 0, distance = 0, long_ones = 0;
        for (size_t n = 0; n < all; n++) {
            distance++;
            if (!sample_is_due(&sample, every[i]))
                continue;
            due++;
            long_ones += distance > every[i];
            distance = 0;
        }
        ck_assert_uint_ge(due, every[i] == 1 ? all : 1850);
        ck_assert_uint_le(due, every[i] == 1 ? all : 2150);
        if (every[i] == 1000) { /* (1 - 1/N)^N is 1/e */
            ck_assert_uint_ge(long_ones * 100, due * 33);
            ck_assert_uint_le(long_ones * 100, due * 41);
        }
    }
    struct os_sample never = {.random = 1};
    for (int n = 0; n < 10000; n++)
        ck_assert(!sample_is_due(&never, 0));
}
END_TEST

START_TEST(a_sample_has_pages_of_its_own) {
    struct os_options options = options_of_tier[TIER_FULL];
    options.sample = 1;
    open_front();
    front_set_options(&front, &options);
    char *block = front_malloc(&front, &cache, 24),
         *other = front_malloc(&front, &cache, 24);
    ck_assert(!machine_holds(&machine, block + 32, 1));
    ck_assert_uint_eq(front_usable_size(&front, block), 24);
    block = front_realloc(&front, &cache, block, 100);
    ck_assert(!machine_holds(&machine, block + 112, 1));
    char *aligned = front_aligned_alloc(&front, &cache, 256, 100);
    ck_assert_uint_eq((uintptr_t)aligned % 256, 0);
    aligned[100] ^= 1;
    front_free(&front, &cache, aligned);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
    block[99] = 1;
    front_free(&front, &cache, block);
    ck_assert(!machine_holds(&machine, block, 1));
    front_free(&front, &cache, block);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    front_free(&front, &cache, other);
    ck_assert_int_eq(faults, 0);
}
END_TEST

int main(void) {
    return suite_run(
        "full",
        SUITE(a_block_that_moves_is_sound_until_it_is_gone,
              a_written_link_is_told_by_the_check, what_waits_is_verified_when_it_leaves,
              what_was_free_is_verified_when_it_is_handed_out,
              a_free_looks_at_both_neighbours, what_was_written_in_front_is_no_overflow,
              the_quarantine_is_given_up_before_null, blocks_wait,
              the_whole_heap_is_checked_every_so_often,
              without_room_for_a_quarantine_blocks_go_back,
              a_large_block_ends_at_its_fence, a_large_block_keeps_its_bytes_at_its_fence,
              size_0_has_no_byte, what_was_freed_stays_out_of_reach,
              so_much_address_space_is_kept_and_no_more,
              samples_come_by_lot_and_as_often_as_said, a_sample_has_pages_of_its_own));
}
