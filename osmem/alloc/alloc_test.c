/* What the C functions do with a bad call: nothing but a finding, and the heap goes on. */
#include "osmem/alloc/alloc.h"

#include <errno.h>
#include <string.h>

#include "osmem/alloc/alloc_testing.h"
#include "osmem/alloc/prepare.h"

START_TEST(bad_pointers_do_nothing) {
    open_light();
    char *block = do_malloc(100), *dead = do_malloc(100);
    do_malloc(16);
    do_free(dead);
    do_free(dead);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    ck_assert_ptr_eq(last.block, dead);
    ck_assert_uint_eq(last.size, 112);
    do_free(block + 16);
    expect_fault(OS_FAULT_INTERIOR, "os_free");
    ck_assert_ptr_null(do_realloc(block + 8, 10));
    expect_fault(OS_FAULT_MISALIGNED, "os_realloc");
    ck_assert_uint_eq(do_usable_size(dead), 0);
    expect_fault(OS_FAULT_USE_AFTER_FREE, "os_usable_size");
    ck_assert_uint_eq(do_usable_size(&machine), 0);
    expect_fault(OS_FAULT_FOREIGN, "os_usable_size");
    ck_assert_uint_eq(do_usable_size(block), 112);
    do_free(block);
    ck_assert_int_eq(faults, 0);
    ck_assert_uint_eq(blocks_out(), 1);
}
END_TEST

START_TEST(what_is_refused_to_a_free_or_a_trim_leaves_errno) {
    open_light();
    char *large = do_malloc(200000);
    machine_refuse(&machine, 1, 1000);
    errno = 77;
    do_free(large);
    ck_assert_int_eq(errno, 77);
    do_trim();
    ck_assert_int_eq(errno, 77);
    machine_refuse(&machine, 1, 0);
}
END_TEST

START_TEST(a_shrink_that_cannot_move_stays) {
    open_light();
    char *large = do_malloc(200000);
    large[99] = 5;
    machine_refuse(&machine, 1, 1000);
    ck_assert_ptr_eq(do_realloc(large, 100), large);
    ck_assert_int_eq(large[99], 5);
    ck_assert_ptr_null(do_realloc(large, 300000));
    machine_refuse(&machine, 1, 0);
    ck_assert_ptr_ne(do_realloc(large, 100), large);
    ck_assert_int_eq(faults, 0);
}
END_TEST

/* Handed out in the standard tier: exactly as many bytes as were requested. */
static void open_standard(void) {
    open_light();
    alloc_set_options(&alloc, &options_of_tier[TIER_STANDARD]);
}

START_TEST(a_shrink_that_cannot_move_has_its_canary) {
    open_standard();
    char *large = do_malloc(200000);
    machine_refuse(&machine, 1, 1000);
    ck_assert_ptr_eq(do_realloc(large, 100), large);
    machine_refuse(&machine, 1, 0);
    ck_assert_uint_eq(do_usable_size(large), 100);
    large[100] ^= 1;
    do_free(large);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
}
END_TEST

START_TEST(every_byte_behind_the_last_is_watched) {
    static const size_t sizes[] = {0,    1,    15,     16,     17,     24,     200,
                                   2000, 2047, 100000, 131056, 200000, 1000003};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t past = 0; past < 16; past++) {
            open_standard();
            size_t requested = sizes[i];
            char *block = do_malloc(requested);
            ck_assert_uint_eq(do_usable_size(block), requested);
            if (past >= 16 - requested % 16 && requested < 131056)
                continue; /* another block's */
            ck_assert_int_ne(block[requested], 0);
            block[requested + past] ^= 1;
            do_free(block);
            expect_fault(OS_FAULT_OVERFLOW, "os_free");
            ck_assert_uint_eq(last.requested, requested);
            ck_assert_uint_eq(last.first, past);
            ck_assert_uint_eq(last.changed, 1);
            ck_assert_int_eq(last.expected, last.found ^ 1);
            ck_assert_ptr_null(do_realloc(block, requested + 100));
            expect_fault(OS_FAULT_OVERFLOW, "os_realloc");
            ck_assert_uint_eq(do_usable_size(block), 0);
            expect_fault(OS_FAULT_OVERFLOW, "os_usable_size");
            block[requested + past] ^= 1;
            do_free(block);
            ck_assert_int_eq(faults, 0);
            machine_close(&machine);
        }
}
END_TEST

static bool holds(const char *bytes, int byte, size_t length) {
    return memchr(bytes, byte, length) != NULL;
}

/* One byte somewhere behind a large block's last is found with its place. */
static void expect_watched(char *block, size_t requested, size_t past) {
    block[requested + past] ^= 1;
    ck_assert_uint_eq(do_usable_size(block), 0);
    expect_fault(OS_FAULT_OVERFLOW, "os_usable_size");
    ck_assert_uint_eq(last.first, past);
    ck_assert_uint_eq(last.changed, 1);
    ck_assert(!do_check("os_check"));
    expect_fault(OS_FAULT_OVERFLOW, "os_check");
    block[requested + past] ^= 1;
}

static void expect_rest_watched(char *block, size_t requested) {
    size_t rest = MACHINE_PAGE - ((uintptr_t)block + requested) % MACHINE_PAGE;
    for (size_t past = 0; past < rest; past += past < 32 ? 1 : 100)
        expect_watched(block, requested, past);
    expect_watched(block, requested, rest - 1);
    ck_assert(do_check("os_check"));
}

START_TEST(behind_a_large_block_its_page_is_watched) {
    open_standard();
    for (size_t requested = 262143; requested < 262146;
         requested++) { /* around whole pages */
        char *whole = do_malloc(requested);
        expect_rest_watched(whole, requested);
        do_free(whole);
    }
    char *block = do_malloc(300000);
    expect_rest_watched(block, 300000);
    static const size_t sizes[] = {298000, 298900, 200000, 200600, 150001};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memset(block, 0x5a, do_usable_size(block));
        ck_assert_ptr_eq(do_realloc(block, sizes[i]), block);
        expect_rest_watched(block, sizes[i]);
    }
    do_free(block);
    alloc_set_options(&alloc, &options_of_tier[TIER_FULL]);
    block = do_aligned_alloc(1024, 200000);
    expect_rest_watched(block, 200000);
    do_free(block);
    ck_assert_int_eq(faults, 0);
}
END_TEST

/* A guard page that is refused leaves the block as long as it was: nothing stays of what was there. */
START_TEST(what_cannot_be_guarded_is_cleared) {
    open_standard();
    for (size_t refused = 1; refused < 3; refused++) {
        char *block = do_malloc(300000);
        memset(block, 0x5a, 300000);
        machine_refuse(&machine, 1, refused); /* mprotect, and then madvise */
        ck_assert_ptr_eq(do_realloc(block, 150000), block);
        machine_refuse(&machine, 1, 0);
        expect_rest_watched(block, 150000);
        ck_assert_ptr_eq(do_realloc(block, 200000), block);
        ck_assert(holds(block, 0x5a, 150000) && holds(block + 150000, 0, 50000));
        expect_rest_watched(block, 200000);
        do_free(block);
        ck_assert_int_eq(faults, 0);
    }
}
END_TEST

START_TEST(a_canary_moves_with_every_resize) {
    open_standard();
    char *block = do_malloc(10), *divider = do_malloc(1);
    for (size_t size = 1; size < 400000; size += size / 7 + 1) {
        size_t usable = do_usable_size(block);
        block = do_realloc(block, size);
        ck_assert_uint_eq(do_usable_size(block), size);
        ck_assert(usable >= size || block[usable] == 0); /* where the canary was */
        block[size] ^= 0x40;
        ck_assert_ptr_null(do_realloc(block, size / 2));
        expect_fault(OS_FAULT_OVERFLOW, "os_realloc");
        block[size] ^= 0x40;
    }
    for (size_t size = 400000; size > 0; size -= size / 5 + 1) {
        block = do_realloc(block, size);
        block[size] ^= 0x40;
        do_free(block);
        expect_fault(OS_FAULT_OVERFLOW, "os_free");
        block[size] ^= 0x40;
    }
    do_free(block);
    do_free(divider);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(no_two_canaries_are_alike) {
    open_standard();
    char *a = do_malloc(8), *b = do_malloc(8);
    ck_assert_int_ne(memcmp(a + 8, b + 8, 8), 0);
}
END_TEST

START_TEST(nothing_stays_of_what_was_freed_or_cut_off) {
    open_standard();
    char *divider = do_malloc(16);
    for (size_t size = 16; size < 120000; size += size / 3 + 1) {
        char *block = do_malloc(size);
        memset(block, 0x77, size);
        char *shrunk = do_realloc(block, size / 2);
        ck_assert_ptr_eq(shrunk, block);
        char *grown = do_realloc(shrunk, size);
        ck_assert(!holds(grown + size / 2, 0x77, size - size / 2));
        memset(grown, 0x77, size);
        do_free(grown);
        ck_assert(!holds(grown + 16, 0x77, size - 16)); /* its links may be in front */
    }
    char *large = do_malloc(300000);
    memset(large, 0x77, 300000);
    large = do_realloc(large, 200001);
    large = do_realloc(large, 300000);
    ck_assert(!holds(large + 200001, 0x77, 300000 - 200001));
    do_free(divider);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(blocks_of_before_stay_right) {
    open_light();
    char *light = do_malloc(100);
    alloc_set_options(&alloc, &options_of_tier[TIER_STANDARD]);
    ck_assert_uint_eq(do_usable_size(light), 112);
    memset(light, 1, 112);
    char *armed = do_malloc(100);
    light = do_realloc(light, 104);
    ck_assert_uint_eq(do_usable_size(light), 104);
    do_free_sized(light, 1, 104);
    alloc_set_options(&alloc, &options_of_tier[TIER_LIGHT]);
    armed[100] ^= 1;
    do_free(armed);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
    armed[100] ^= 1;
    do_free_sized(armed, 1, 101);
    expect_fault(OS_FAULT_SIZE_MISMATCH, "os_free_sized");
    ck_assert_uint_eq(blocks_out(), 0);
}
END_TEST

/* A bad call does nothing; but a block whose size is wrong would leak. */
START_TEST(a_block_of_another_size_is_freed_where_that_is_tolerated) {
    static struct os_options options;
    for (enum os_on_error word = ON_ERROR_ABORT; word <= ON_ERROR_TRAP; word++)
        for (size_t size = 100; size <= 300000; size += 299900) {
            open_light();
            options = options_of_tier[TIER_FULL];
            options.of_kind[OS_FAULT_SIZE_MISMATCH] = (struct os_policy){true, word, 0};
            alloc_set_options(&alloc, &options);
            char *block = do_malloc(size);
            do_free_sized(block, 1, size + 1);
            expect_fault(OS_FAULT_SIZE_MISMATCH, "os_free_sized");
            bool tolerated = options_tolerates(&options, OS_FAULT_SIZE_MISMATCH);
            ck_assert_uint_eq(blocks_out(), tolerated ? 0 : 1);
            ck_assert_int_eq(last.is_freed, tolerated);
            do_free(block);
            ck_assert_int_eq(faults, tolerated ? 1 : 0);
            ck_assert(do_check("os_check"));
            machine_close(&machine);
        }
}
END_TEST

/* Of eight free blocks of one size the next one is not always the last that was freed. */
START_TEST(equal_fits_are_chosen_at_random) {
    open_standard();
    char *held[16], *divider[16];
    for (int i = 0; i < 16; i++) {
        held[i] = do_malloc(40);
        divider[i] = do_malloc(1);
    }
    for (int i = 0; i < 16; i++)
        do_free(held[i]);
    unsigned in_order = 0;
    for (int i = 15; i >= 0; i--)
        in_order += do_malloc(40) == held[i];
    ck_assert_uint_lt(in_order, 12);
    (void)divider;
}
END_TEST

START_TEST(block_sizes) {
    struct os_options light = options_of_tier[TIER_LIGHT], guarded = {.canary = 1};
    size_t size;
    for (size_t requested = 0; requested < 5000; requested++) {
        ck_assert(prepare_size(&light, requested, &size));
        ck_assert(size % 16 == 0 && size >= requested && size > 0 &&
                  size < requested + 17);
        ck_assert(prepare_size(&guarded, requested, &size));
        ck_assert(size % 16 == 0 && size > requested && size <= requested + 16);
    }
    ck_assert(!prepare_size(&light, PTRDIFF_MAX, &size));
    ck_assert(!prepare_size(&light, SIZE_MAX, &size));
}
END_TEST

int main(void) {
    return suite_run(
        "alloc",
        SUITE(bad_pointers_do_nothing, what_is_refused_to_a_free_or_a_trim_leaves_errno,
              a_shrink_that_cannot_move_stays, a_shrink_that_cannot_move_has_its_canary,
              every_byte_behind_the_last_is_watched,
              behind_a_large_block_its_page_is_watched, what_cannot_be_guarded_is_cleared,
              a_canary_moves_with_every_resize, no_two_canaries_are_alike,
              nothing_stays_of_what_was_freed_or_cut_off, blocks_of_before_stay_right,
              a_block_of_another_size_is_freed_where_that_is_tolerated,
              equal_fits_are_chosen_at_random, block_sizes));
}
