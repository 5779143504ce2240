/* What the full tier adds: the quarantine, and what is verified. */
#include <errno.h>
#include <string.h>

#include "osmem/alloc/alloc_testing.h"

START_TEST(what_is_quarantined_is_verified_when_it_leaves) {
    static const size_t sizes[] = {1, 24, 200, 2000, 70000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        open_full();
        size_t block_size = sizes[i] / 16 * 16 + 16;
        char *block = do_malloc(sizes[i]);
        do_free(block);
        do_free(block);
        expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
        block[block_size - 3] = 0;
        do_trim();
        expect_fault(OS_FAULT_WRITE_AFTER_FREE, "os_trim");
        ck_assert_ptr_eq(last.block, block);
        ck_assert_uint_eq(last.size, block_size);
        ck_assert_uint_eq(last.changed, 1);
        ck_assert_uint_eq(last.first, block_size - 3);
        ck_assert_int_eq(last.found, 0);
        ck_assert_uint_eq(alloc.heap.arena.quarantine.count, 0);
        do_trim();
        ck_assert_int_eq(faults, 0);
        machine_close(&machine);
    }
}
END_TEST

START_TEST(what_was_free_is_verified_when_it_is_handed_out) {
    open_full();
    char *block = do_malloc(300), *barrier = do_malloc(1);
    do_free(block);
    do_trim();
    memset(block + 100, 0x41, 7);
    char *again = do_malloc(300);
    expect_fault(OS_FAULT_WRITE_AFTER_FREE, "os_malloc");
    ck_assert_ptr_eq(again, block);
    ck_assert_uint_eq(last.first, 100);
    ck_assert_uint_eq(last.changed, 7);
    ck_assert_ptr_null(memchr(again, 0x41, 300));
    do_free(barrier);
    do_trim();
    again[400] = 1; /* where the block is about to grow to */
    again = do_realloc(again, 500);
    expect_fault(OS_FAULT_WRITE_AFTER_FREE, "os_realloc");
    ck_assert_int_eq(again[400], 0);
}
END_TEST

START_TEST(a_free_verifies_both_neighbours) {
    open_full();
    char *left = do_malloc(40), *middle = do_malloc(40), *right = do_malloc(40);
    left[40] ^= 1;
    do_free(middle);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
    ck_assert_ptr_eq(last.block, left);
    left[40] ^= 1;
    middle = do_malloc(40);
    middle = do_malloc(100);
    char *last_one = do_malloc(100);
    last_one[100] ^= 1;
    do_free(middle);
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
            char *left = do_malloc(32), *block = do_malloc(100);
            if (states[state] != STATE_IN_USE)
                do_free(left);
            if (states[state] == STATE_FREE)
                do_trim();
            for (size_t i = 1; i <= past; i++)
                block[-(ptrdiff_t)i] ^= 0x41;
            do_free(block);
            expect_fault(OS_FAULT_UNDERFLOW, "os_free");
            ck_assert_ptr_eq(last.block, block);
            ck_assert_uint_eq(last.requested, 100);
            ck_assert_uint_eq(last.first, past);
            ck_assert_ptr_eq(last.left.address, left);
            ck_assert_int_eq(last.other.kind,
                             state ? OS_FAULT_WRITE_AFTER_FREE : OS_FAULT_OVERFLOW);
            ck_assert_ptr_eq(last.other.block, left);
            ck_assert_uint_eq(last.other.size, state ? last.left.size : 32);
            ck_assert(last.at_least);
            machine_close(&machine);
        }
}
END_TEST

START_TEST(the_quarantine_is_drained_before_null) {
    open_full();
    char *held[40];
    for (int i = 0; i < 40; i++)
        held[i] = do_malloc(3000);
    for (int i = 0; i < 40; i++)
        do_free(held[i]);
    ck_assert_uint_eq(alloc.heap.arena.quarantine.count, 40);
    machine_refuse(&machine, 1, 1000);
    held[0][5] ^= 1; /* and it is verified then as well */
    ck_assert_ptr_nonnull(do_malloc(100000));
    expect_fault(OS_FAULT_WRITE_AFTER_FREE, "os_malloc");
    ck_assert_uint_eq(alloc.heap.arena.quarantine.count, 0);
}
END_TEST

/* No block comes back before half of the bytes have gone by, and none stays for ever. */
START_TEST(blocks_are_quarantined) {
    open_full();
    size_t bytes = alloc.options->quarantine;
    for (int round = 0; round < 50; round++) {
        char *block = do_malloc(100);
        do_free(block);
        size_t gone = 0, other = 0;
        for (; gone < 8 * bytes; gone += 112) {
            char *next = do_malloc(100);
            if (next == block)
                break;
            other++;
            do_free(next);
        }
        ck_assert_uint_gt(gone, bytes / 2 - 224);
        ck_assert_uint_gt(other, 1000);
        if (gone < 8 * bytes)
            do_free(block);
    }
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(the_whole_heap_is_checked_every_so_often) {
    struct os_options options = options_of_tier[TIER_STANDARD];
    options.check_every = 3;
    open_light();
    alloc_set_options(&alloc, &options);
    char *kept = do_malloc(40), *others[8];
    kept[40] ^= 1;
    for (int i = 0; i < 8; i++) {
        others[i] = do_malloc(5000);
        ck_assert_int_eq(faults, i % 3 == 1);
        if (faults)
            expect_fault(OS_FAULT_OVERFLOW, "os_malloc");
    }
    ck_assert_ptr_eq(last.block, kept);
    ck_assert(!do_check("exit"));
    expect_fault(OS_FAULT_OVERFLOW, "exit");
    kept[40] ^= 1;
    ck_assert(do_check("exit"));
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(without_memory_for_a_quarantine_blocks_go_back) {
    open_light();
    machine_refuse(&machine, 1, 1000);
    alloc_set_options(&alloc, &options_of_tier[TIER_FULL]);
    machine_refuse(&machine, 1, 0);
    char *block = do_malloc(100);
    machine_refuse(&machine, 1, 1000);
    do_free(block);
    ck_assert_uint_eq(alloc.heap.arena.quarantine.count, 0);
    ck_assert_ptr_eq(do_malloc(100), block);
    machine_refuse(&machine, 1, 0);
    do_free(block);
    ck_assert_uint_eq(alloc.heap.arena.quarantine.count, 1);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(the_check_finds_a_written_link) {
    for (size_t at = 0; at < 16; at++) {
        open_full();
        char *held[3], *barriers[3];
        for (int i = 0; i < 3; i++) {
            held[i] = do_malloc(40);
            barriers[i] = do_malloc(1);
        }
        for (int i = 0; i < 3; i++)
            do_free(held[i]);
        do_trim();
        held[1][at] ^= 0x10;
        ck_assert(!do_check("exit"));
        expect_fault(OS_FAULT_FREE_LINK, "exit");
        ck_assert_ptr_eq(last.block, held[1]);
        ck_assert_uint_eq(last.size, 48);
        machine_close(&machine);
        (void)barriers;
    }
}
END_TEST

/* A free finds the damage on its left, and drains the quarantine: out comes the same block. */
START_TEST(one_call_reports_a_damage_once) {
    static struct os_options options;
    open_full();
    options = *alloc.options;
    options.quarantine = 64;
    alloc_set_options(&alloc, &options);
    char *left = do_malloc(40), *block = do_malloc(40), *divider = do_malloc(1);
    do_free(left);
    block[-1] ^= 1;
    do_free(block);
    expect_fault(OS_FAULT_UNDERFLOW, "os_free");
    do_trim();
    ck_assert_int_eq(faults, 0);
    (void)divider;
}
END_TEST

int main(void) {
    return suite_run(
        "full",
        SUITE(what_is_quarantined_is_verified_when_it_leaves,
              what_was_free_is_verified_when_it_is_handed_out,
              a_free_verifies_both_neighbours, what_was_written_in_front_is_no_overflow,
              the_quarantine_is_drained_before_null, blocks_are_quarantined,
              the_whole_heap_is_checked_every_so_often,
              without_memory_for_a_quarantine_blocks_go_back,
              the_check_finds_a_written_link, one_call_reports_a_damage_once));
}
