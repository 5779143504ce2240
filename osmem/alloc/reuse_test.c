/* Freed mappings that are taken again for blocks of the same size, in light and standard. */
#include <errno.h>
#include <string.h>

#include "osmem/alloc/alloc_testing.h"
#include "osmem/space/policy.h"

static void open_tier(enum os_tier tier, size_t reuse) {
    static struct os_options options;
    options = options_of_tier[tier];
    options.reuse = reuse;
    open_light();
    alloc_set_options(&alloc, &options);
}

static void free_large(unsigned count) {
    for (unsigned i = 0; i < count; i++)
        do_free(do_malloc(150000));
}

static size_t kept(void) {
    return heap_count(&alloc.heap).large_kept;
}

START_TEST(a_program_that_frees_few_never_gets_one_again) {
    open_tier(TIER_STANDARD, (size_t)4 << 20);
    for (unsigned i = 0; i < POLICY_REUSE_AFTER; i++) {
        char *block = do_malloc(150000);
        do_free(block);
        ck_assert(!machine_holds(&machine, block, 1));
    }
    char *block = do_malloc(150000);
    do_free(block);
    ck_assert(machine_holds(&machine, block, 150000));
    ck_assert_ptr_eq(do_malloc(150000), block);
}
END_TEST

START_TEST(what_is_kept_is_no_block) {
    open_tier(TIER_LIGHT, (size_t)4 << 20);
    free_large(POLICY_REUSE_AFTER);
    char *block = do_malloc(150000);
    do_free(block);
    do_free(block);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    ck_assert_uint_eq(do_usable_size(block), 0);
    expect_fault(OS_FAULT_USE_AFTER_FREE, "os_usable_size");
    ck_assert(do_check("exit"));
    ck_assert_uint_eq(heap_count(&alloc.heap).large_blocks, 0);
}
END_TEST

START_TEST(a_taken_one_is_a_block_like_any_other) {
    for (int tier = TIER_LIGHT; tier <= TIER_STANDARD; tier++) {
        open_tier((enum os_tier)tier, (size_t)4 << 20);
        free_large(POLICY_REUSE_AFTER);
        for (int i = 0; i < 200; i++) {
            char *block = do_malloc(150000);
            memset(block, i, 150000);
            ck_assert(!machine_holds(&machine, block + 150000 + MACHINE_PAGE, 1));
            ck_assert(do_check("exit"));
            if (i % 3 == 0)
                block = do_realloc(block, 140000);
            if (i % 3 == 1)
                block = do_realloc(block, 300000 + (size_t)i * 100);
            do_free(block);
            char *zeroed = do_calloc(1, 150000);
            ck_assert(zeroed[0] == 0 && memcmp(zeroed, zeroed + 1, 149999) == 0);
            if (tier == TIER_STANDARD) {
                zeroed[150000] ^= 1;
                do_free(zeroed);
                expect_fault(OS_FAULT_OVERFLOW, "os_free");
                zeroed[150000] ^= 1;
            }
            do_free(zeroed);
        }
        ck_assert_int_eq(faults, 0);
        ck_assert_uint_eq(blocks_out(), 0);
        machine_close(&machine);
    }
}
END_TEST

START_TEST(in_standard_nothing_of_before_is_in_a_new_block) {
    open_tier(TIER_STANDARD, (size_t)4 << 20);
    free_large(POLICY_REUSE_AFTER);
    for (size_t i = 0; i < 300; i++) {
        char *block = do_malloc(150000);
        ck_assert(block[0] == 0 && memcmp(block, block + 1, 149999) == 0);
        block[i * 499] = block[149999 - i * 13] = 1;
        do_free(block);
        ck_assert(block[0] == 0 && memcmp(block, block + 1, 149999) == 0);
    }
}
END_TEST

static uint64_t count_no_faults(struct os_kernel *kernel) {
    (void)kernel;
    return 1;
}

/* Such as the child of a vfork, whose faults are not its parent's. */
START_TEST(a_calloc_is_zero_by_all_means) {
    open_tier(TIER_STANDARD, (size_t)4 << 20);
    machine.kernel.faults = count_no_faults;
    free_large(POLICY_REUSE_AFTER + 2);
    for (size_t at = 5000; at < 150000; at += 7000) {
        char *block = do_malloc(150000);
        block[at] = 1;
        do_free(block);
        char *zeroed = do_calloc(1, 150000);
        ck_assert(zeroed[0] == 0 && memcmp(zeroed, zeroed + 1, 149999) == 0);
        do_free(zeroed);
    }
}
END_TEST

START_TEST(sizes_and_alignments_fit) {
    open_tier(TIER_STANDARD, (size_t)16 << 20);
    free_large(POLICY_REUSE_AFTER);
    char *held[20];
    for (size_t round = 0; round < 5; round++) {
        for (size_t i = 0; i < 20; i++) {
            size_t alignment = (size_t)16 << i % 12, size = 140000 + i / 2 * 4096;
            held[i] = do_aligned_alloc(alignment, size);
            ck_assert_uint_eq((uintptr_t)held[i] % alignment, 0);
            ck_assert_uint_eq(do_usable_size(held[i]), size);
            ck_assert(!machine_holds(&machine, held[i] + size + MACHINE_PAGE, 1));
            memset(held[i], 7, size);
        }
        for (size_t i = 0; i < 20; i++)
            do_free(held[(i * 7 + round) % 20]);
        ck_assert_uint_gt(kept(), 0);
        ck_assert(do_check("exit"));
    }
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(a_block_that_grows_moves_seldom) {
    open_tier(TIER_LIGHT, (size_t)4 << 20);
    free_large(POLICY_REUSE_AFTER);
    do_free(do_malloc(204800)); /* what is kept has no reserve behind it */
    char *block = do_malloc(100000);
    unsigned moved = 0;
    for (size_t size = 135168; size <= 800000; size += 4096) {
        char *grown = do_realloc(block, size);
        moved += grown != block;
        block = grown;
    }
    ck_assert_uint_lt(moved, 10);
}
END_TEST

START_TEST(so_much_is_kept_and_no_more) {
    open_tier(TIER_STANDARD, 1000000);
    free_large(POLICY_REUSE_AFTER);
    char *held[12];
    for (size_t i = 0; i < 12; i++)
        held[i] = do_malloc(150000 + i * 4096);
    for (size_t i = 0; i < 12; i++) {
        do_free(held[i]);
        ck_assert_uint_le(kept(), 1000000);
    }
    ck_assert_uint_gt(kept(), 500000);
    do_free(do_malloc(2000000));
    ck_assert_uint_gt(kept(), 500000); /* it was too long, and the others stay */
    for (unsigned i = 0; i < (LARGE_KEPT_MAX + 2) * POLICY_REUSE_DECAY && kept() > 160000;
         i++)
        do_free(do_malloc(150000));
    ck_assert_uint_lt(kept(), 200000); /* what is not taken again goes in time */
    do_trim();
    ck_assert_uint_eq(kept(), 0);
    ck_assert_uint_eq(alloc.heap.space.registry.count, 0);
}
END_TEST

START_TEST(what_is_kept_goes_before_a_request_is_refused) {
    open_tier(TIER_STANDARD, (size_t)4 << 20);
    free_large(POLICY_REUSE_AFTER + 1);
    ck_assert_uint_gt(kept(), 0);
    machine_refuse(&machine, 1, 2); /* the guarded mapping, and the one without guards */
    ck_assert_ptr_nonnull(do_malloc(300000));
    ck_assert_uint_eq(kept(), 0);
}
END_TEST

START_TEST(what_cannot_be_cleared_is_not_kept) {
    open_tier(TIER_STANDARD, (size_t)4 << 20);
    free_large(POLICY_REUSE_AFTER);
    char *block = do_malloc(150000);
    machine_refuse(&machine, 1, 2); /* mincore, madvise */
    do_free(block);
    ck_assert(!machine_holds(&machine, block, 1));
    ck_assert_uint_eq(kept(), 0);
    ck_assert_uint_eq(alloc.heap.space.registry.count, 0);
}
END_TEST

START_TEST(guarded_blocks_are_never_taken_again) {
    static struct os_options options;
    options = options_of_tier[TIER_STANDARD];
    options.sample = 1;
    open_light();
    alloc_set_options(&alloc, &options);
    for (unsigned i = 0; i < 2 * POLICY_REUSE_AFTER; i++) {
        char *block = do_malloc(i % 2 ? 100 : 135152);
        do_free(block);
        ck_assert(!machine_holds(&machine, block, 1));
    }
    ck_assert_uint_eq(kept(), 0);
}
END_TEST

START_TEST(one_without_guard_pages_serves_where_there_are_none) {
    size_t *split = &alloc.heap.space.counters.large_split;
    open_tier(TIER_STANDARD, (size_t)4 << 20);
    free_large(POLICY_REUSE_AFTER);
    *split += POLICY_GUARDED_LARGE;
    char *bare = do_malloc(150000);
    do_free(bare);
    ck_assert_ptr_eq(do_malloc(150000), bare);
    do_free(bare);
    *split -= POLICY_GUARDED_LARGE;
    char *guarded = do_malloc(150000);
    ck_assert_ptr_ne(guarded, bare);
    ck_assert(!machine_holds(&machine, guarded + 150000 + MACHINE_PAGE, 1));
    ck_assert(do_check("exit"));
}
END_TEST

START_TEST(none_where_the_option_says_so) {
    open_tier(TIER_STANDARD, 0);
    free_large(POLICY_REUSE_AFTER + 10);
    ck_assert_uint_eq(kept(), 0);
    ck_assert_uint_eq(alloc.heap.space.registry.count, 0);
}
END_TEST

int main(void) {
    return suite_run(
        "reuse",
        SUITE(a_program_that_frees_few_never_gets_one_again, what_is_kept_is_no_block,
              a_taken_one_is_a_block_like_any_other,
              in_standard_nothing_of_before_is_in_a_new_block,
              a_calloc_is_zero_by_all_means, sizes_and_alignments_fit,
              a_block_that_grows_moves_seldom, so_much_is_kept_and_no_more,
              what_is_kept_goes_before_a_request_is_refused,
              what_cannot_be_cleared_is_not_kept, guarded_blocks_are_never_taken_again,
              one_without_guard_pages_serves_where_there_are_none,
              none_where_the_option_says_so));
}
