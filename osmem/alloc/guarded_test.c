/* Guarded allocations, and large blocks at their guard pages, in the full tier. */
#include <errno.h>
#include <string.h>

#include "osmem/alloc/alloc_testing.h"

/* A realloc that must move clears the tail first, with the canary in it: never an overflow. */
START_TEST(a_block_that_moves_is_sound_until_it_is_gone) {
    static struct os_options options;
    open_full();
    options = *alloc.options;
    options.check_every = 1;
    alloc_set_options(&alloc, &options);
    for (size_t alignment = 16; alignment <= 4096; alignment *= 16)
        for (size_t size = 199950; size > 190000; size -= 1000) {
            char *block = do_aligned_alloc(alignment, 200000);
            block = do_realloc(block, size);
            ck_assert_uint_eq(do_usable_size(block), size);
            do_free(block);
        }
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(a_large_block_ends_at_its_guard_page) {
    static const size_t sizes[] = {131056, 131072, 200000, 200001, 1000015, 3000000};
    bool shifted = false;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        open_full();
        char *block = do_malloc(sizes[i]);
        size_t block_size = sizes[i] / 16 * 16 + 16;
        ck_assert(machine_holds(&machine, block, block_size));
        ck_assert(!machine_holds(&machine, block + block_size, 1));
        uintptr_t offset = (uintptr_t)block % MACHINE_PAGE;
        shifted |= offset > 0;
        ck_assert(!machine_holds(&machine, block - offset - 1, 1));
        if (offset) {
            block[-(ptrdiff_t)offset] = 1;
            ck_assert_uint_eq(do_usable_size(block), sizes[i]);
            expect_fault(OS_FAULT_UNDERFLOW, "os_usable_size");
            ck_assert_uint_eq(last.first, offset);
            ck_assert(!do_check("exit"));
            expect_fault(OS_FAULT_UNDERFLOW, "exit");
            ck_assert_ptr_eq(last.block, block);
            block[-(ptrdiff_t)offset] = 0;
        }
        do_free(block);
        ck_assert_int_eq(faults, 0);
        machine_close(&machine);
    }
    ck_assert(shifted);
}
END_TEST

/* How often a block moves that grows from `from` to `to` bytes by `step`, whole pages; its bytes stay, and what
 * is behind it is watched and inaccessible. */
static unsigned moves(size_t from, size_t to, size_t step) {
    unsigned moved = 0;
    char *block = do_malloc(from);
    memset(block, 3, from);
    for (size_t size = from; size < to; size += step) {
        char *grown = do_realloc(block, size + step);
        ck_assert_ptr_nonnull(grown);
        moved += grown != block;
        block = grown;
        ck_assert_int_eq(block[size - 1], 3);
        memset(block + size, 3, step);
        uintptr_t rest = MACHINE_PAGE - ((uintptr_t)block + size) % MACHINE_PAGE;
        ck_assert(!machine_holds(&machine, block + size + step + rest, 1));
    }
    size_t usable = do_usable_size(block);
    if (alloc.options->canary) {
        block[usable] ^= 1;
        ck_assert_uint_eq(do_usable_size(block), 0);
        expect_fault(OS_FAULT_OVERFLOW, "os_usable_size");
        block[usable] ^= 1;
    }
    ck_assert(!machine_holds(&machine, block + usable + 2 * MACHINE_PAGE, 1));
    for (size_t size = usable; size > from; size -= size / 9)
        ck_assert_ptr_eq(do_realloc(block, size), block);
    ck_assert(do_check("os_check"));
    do_free(block);
    ck_assert_int_eq(faults, 0);
    return moved;
}

START_TEST(growth_by_small_steps_moves_a_block_seldom) {
    for (int tier = TIER_LIGHT; tier <= TIER_FULL; tier++) {
        struct os_options options = options_of_tier[tier];
        options.sample = 0;
        open_light();
        alloc_set_options(&alloc, &options);
        ck_assert_uint_lt(moves(200000, 1200000, MACHINE_PAGE), 8);
        ck_assert_uint_lt(moves(200000, 12 << 20, 8 * MACHINE_PAGE), 16);
        machine_close(&machine);
    }
}
END_TEST

START_TEST(a_large_block_keeps_its_bytes_at_its_guard_page) {
    open_full();
    char *block = do_malloc(200001);
    memset(block, 7, 200001);
    char *grown = do_realloc(block, 400003);
    ck_assert_ptr_ne(grown, block); /* the old address is dead, and shows it */
    ck_assert(!machine_holds(&machine, block, 1));
    ck_assert_int_eq(grown[200000], 7);
    do_free(grown);
    grown = do_malloc(400003);
    grown[150000] = 9;
    char *shrunk = do_realloc(grown, 150001);
    ck_assert_int_eq(shrunk[150000], 9);
    ck_assert(!machine_holds(&machine, shrunk + 150016, 1));
    ck_assert(!machine_holds(&machine, grown, 1));
    shrunk[140000] = 5;
    machine_refuse(&machine, 1, 1000); /* then it stays, and is zero behind its canary */
    ck_assert_ptr_eq(do_realloc(shrunk, 140001), shrunk);
    machine_refuse(&machine, 1, 0);
    ck_assert_int_eq(shrunk[140000], 5);
    for (size_t at = 140001 + 16; machine_holds(&machine, shrunk + at, 1); at++)
        ck_assert_int_eq(shrunk[at], 0);
    grown = do_realloc(shrunk, 150001);
    grown[150001] ^= 1;
    do_free(grown);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
}
END_TEST

START_TEST(size_0_has_no_byte) {
    open_full();
    char *held[20];
    for (int i = 0; i < 20; i++) {
        held[i] = i % 2 ? do_malloc(0) : do_calloc(0, 5);
        ck_assert(!machine_holds(&machine, held[i], 1));
        ck_assert_uint_eq(do_usable_size(held[i]), 0);
        for (int other = 0; other < i; other++)
            ck_assert_ptr_ne(held[other], held[i]);
    }
    do_free_sized(held[0], 1, 0);
    ck_assert_int_eq(faults, 0);
    do_free(held[0]);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    char *grown = do_realloc(held[1], 10);
    ck_assert(machine_holds(&machine, grown, 10));
    machine_refuse(&machine, 1, 1000);
    char *plain = do_malloc(0); /* then a byte that is watched must do */
    machine_refuse(&machine, 1, 0);
    plain[0] ^= 1;
    do_free(plain);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
}
END_TEST

START_TEST(what_was_freed_stays_out_of_reach) {
    open_full();
    char *held[LARGE_KEPT_MAX + 8];
    for (int i = 0; i < LARGE_KEPT_MAX + 8; i++) {
        held[i] = do_malloc(200000);
        do_free(held[i]);
    }
    for (int i = 8; i < LARGE_KEPT_MAX + 8; i++) {
        ck_assert(!machine_holds(&machine, held[i], 1));
        do_free(held[i]);
        expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
        for (int other = 0; other < i; other++)
            ck_assert(other < 8 || held[other] != held[i]);
    }
    ck_assert_uint_gt(heap_count(&alloc.heap).large_kept, LARGE_KEPT_MAX * 200000);
    ck_assert_uint_le(heap_count(&alloc.heap).large_kept, alloc.options->keep);
    do_trim();
    ck_assert_uint_eq(heap_count(&alloc.heap).large_kept, 0);
    ck_assert_uint_eq(alloc.heap.space.registry.count, 0);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(so_much_address_space_is_kept_and_no_more) {
    struct os_options options = options_of_tier[TIER_FULL];
    options.sample = 0;
    options.keep = 1000000;
    open_light();
    alloc_set_options(&alloc, &options);
    char *large = do_malloc(990000);
    do_free(large); /* too long with its guard pages, or nearly */
    for (int i = 0; i < 40; i++) {
        do_free(do_malloc(150000 + i * 1000));
        ck_assert_uint_le(heap_count(&alloc.heap).large_kept, 1000000);
        ck_assert_uint_eq(heap_count(&alloc.heap).large_kept == 0,
                          alloc.heap.space.retired.kept_count == 0);
    }
    ck_assert_uint_ge(alloc.heap.space.retired.kept_count, 3);
    machine_refuse(&machine, 1, 1);
    ck_assert_ptr_nonnull(do_malloc(150000)); /* what is kept goes first */
    ck_assert(do_check("exit"));
}
END_TEST

START_TEST(samples_come_at_random_and_as_often_as_said) {
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
    open_light();
    alloc_set_options(&alloc, &options);
    char *block = do_malloc(24), *other = do_malloc(24);
    ck_assert(!machine_holds(&machine, block + 32, 1));
    ck_assert_uint_eq(do_usable_size(block), 24);
    block = do_realloc(block, 100);
    ck_assert(!machine_holds(&machine, block + 112, 1));
    char *aligned = do_aligned_alloc(256, 100);
    ck_assert_uint_eq((uintptr_t)aligned % 256, 0);
    aligned[100] ^= 1;
    do_free(aligned);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
    block[99] = 1;
    do_free(block);
    ck_assert(!machine_holds(&machine, block, 1));
    do_free(block);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    do_free(other);
    ck_assert_int_eq(faults, 0);
}
END_TEST

int main(void) {
    return suite_run("guarded",
                     SUITE(a_block_that_moves_is_sound_until_it_is_gone,
                           a_large_block_ends_at_its_guard_page,
                           growth_by_small_steps_moves_a_block_seldom,
                           a_large_block_keeps_its_bytes_at_its_guard_page,
                           size_0_has_no_byte, what_was_freed_stays_out_of_reach,
                           so_much_address_space_is_kept_and_no_more,
                           samples_come_at_random_and_as_often_as_said,
                           a_sample_has_pages_of_its_own));
}
