/* What the C functions do when a fault's handler returns: nothing, and the heap goes on.
 */
#include "osmem/front/front.h"

#include <errno.h>
#include <string.h>

#include "osmem/front/front_testing.h"
#include "osmem/front/handover.h"

START_TEST(bad_pointers_do_nothing) {
    open_front();
    char *block = front_malloc(&front, &cache, 100),
         *dead = front_malloc(&front, &cache, 100);
    front_malloc(&front, &cache, 16);
    front_free(&front, &cache, dead);
    front_free(&front, &cache, dead);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    ck_assert_ptr_eq(last.block, dead);
    ck_assert_uint_eq(last.room, 112);
    front_free(&front, &cache, block + 16);
    expect_fault(OS_FAULT_INTERIOR, "os_free");
    ck_assert_ptr_null(front_realloc(&front, &cache, block + 8, 10));
    expect_fault(OS_FAULT_MISALIGNED, "os_realloc");
    ck_assert_uint_eq(front_usable_size(&front, dead), 0);
    expect_fault(OS_FAULT_USE_AFTER_FREE, "os_usable_size");
    ck_assert_uint_eq(front_usable_size(&front, &machine), 0);
    expect_fault(OS_FAULT_FOREIGN, "os_usable_size");
    ck_assert_uint_eq(front_usable_size(&front, block), 112);
    front_free(&front, &cache, block);
    ck_assert_int_eq(faults, 0);
    ck_assert_uint_eq(cache.taken - cache.given, 1);
}
END_TEST

/* Three free blocks with fence around them, of which the last one freed is written over. */
static char *freed[3], *fence[4];

static void write_after_free(void) {
    open_front();
    for (int i = 0; i < 3; i++) {
        fence[i] = front_malloc(&front, &cache, 16);
        freed[i] = front_malloc(&front, &cache, 32);
    }
    fence[3] = front_malloc(&front, &cache, 16);
    for (int i = 0; i < 3; i++)
        front_free(&front, &cache, freed[i]);
    memset(freed[2], 0x41, 16);
}

/* Once, with what stood there; the call is served, and so are all after it. */
static void expect_written(const char *verb) {
    expect_fault(OS_FAULT_FREE_LINK, verb);
    ck_assert_ptr_eq(last.block, freed[2]);
    ck_assert_ptr_eq(last.address, freed[2]);
    ck_assert_uint_eq(last.room, 32);
    ck_assert_mem_eq(found, "AAAAAAAAAAAAAAAA", 16);
    ck_assert(front_check(&front, "exit"));
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(front_malloc(&front, &cache, 32));
    ck_assert_int_eq(faults, 0);
    machine_close(&machine);
}

START_TEST(a_written_free_block_is_told_by_whoever_meets_it) {
    write_after_free();
    ck_assert_ptr_nonnull(front_malloc(&front, &cache, 32));
    expect_written("os_malloc");
    write_after_free();
    char *clear = front_calloc(&front, &cache, 1, 32);
    ck_assert(clear[0] == 0 && memcmp(clear, clear + 1, 31) == 0);
    expect_written("os_calloc");
    write_after_free();
    ck_assert_ptr_nonnull(front_aligned_alloc(&front, &cache, 16, 32));
    expect_written("os_aligned_alloc");
    write_after_free();
    ck_assert_ptr_eq(front_realloc(&front, &cache, fence[2], 48), fence[2]);
    expect_written("os_realloc");
    for (int wall = 2; wall < 4; wall++) {
        write_after_free();
        front_free(&front, &cache, fence[wall]); /* joins it */
        expect_written("os_free");
    }
    write_after_free();
    ck_assert(!front_check(&front, "os_check"));
    expect_written("os_check");
}
END_TEST

static void allocate_while_told(struct os_front *from, const struct os_finding *info) {
    remember(from, info);
    ck_assert_ptr_nonnull(front_malloc(from, &cache, 500));
}

/* Of the block's fill, which a call looks at behind its links, is told after them. */
START_TEST(links_are_told_before_what_is_found_behind_them) {
    static struct os_options options;
    write_after_free();
    options = options_of_tier[TIER_FULL];
    options.quarantine = options.guard = options.sample = 0;
    front_init(&front, &machine.kernel);
    front.on_fault = remember;
    front_set_options(&front, &options);
    char *block = front_malloc(&front, &cache, 40),
         *wall = front_malloc(&front, &cache, 40);
    front_free(&front, &cache, block);
    memset(block, 0x41, 48);
    front.on_fault = allocate_while_told;
    ck_assert_ptr_eq(front_malloc(&front, &cache, 40), block);
    ck_assert_int_eq(faults, 2);
    ck_assert_int_eq(last.kind, OS_FAULT_WRITE_AFTER_FREE);
    ck_assert_str_eq(last.verb, "os_malloc");
    ck_assert_mem_eq(found, "AAAAAAAAAAAAAAAA", 16);
    (void)wall;
}
END_TEST

/* And whoever handles the first of several faults takes nothing from the others. */
START_TEST(a_handler_that_allocates_hears_of_all) {
    write_after_free();
    memset(freed[0], 0x42, 16);
    front.on_fault = allocate_while_told;
    ck_assert_ptr_nonnull(front_malloc(&front, &cache, 32));
    ck_assert_int_eq(faults, 2);
    ck_assert(front_check(&front, "exit"));
}
END_TEST

START_TEST(a_shrink_that_cannot_move_stays) {
    open_front();
    char *large = front_malloc(&front, &cache, 200000);
    large[99] = 5;
    machine_refuse(&machine, 1, 1000);
    ck_assert_ptr_eq(front_realloc(&front, &cache, large, 100), large);
    ck_assert_int_eq(large[99], 5);
    ck_assert_ptr_null(front_realloc(&front, &cache, large, 300000));
    machine_refuse(&machine, 1, 0);
    ck_assert_ptr_ne(front_realloc(&front, &cache, large, 100), large);
    ck_assert_int_eq(faults, 0);
}
END_TEST

/* Handed out in the standard tier: exactly as many bytes as were asked for. */
static void open_standard(void) {
    open_front();
    front_set_options(&front, &options_of_tier[TIER_STANDARD]);
}

START_TEST(every_byte_behind_the_last_is_watched) {
    static const size_t sizes[] = {0,    1,    15,     16,     17,     24,     200,
                                   2000, 2047, 100000, 131056, 200000, 1000003};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t past = 0; past < 16; past++) {
            open_standard();
            size_t asked = sizes[i];
            char *block = front_malloc(&front, &cache, asked);
            ck_assert_uint_eq(front_usable_size(&front, block), asked);
            if (past >= 16 - asked % 16 && asked < 131056)
                continue; /* another block's */
            ck_assert_int_ne(block[asked], 0);
            block[asked + past] ^= 1;
            front_free(&front, &cache, block);
            expect_fault(OS_FAULT_OVERFLOW, "os_free");
            ck_assert_uint_eq(last.asked, asked);
            ck_assert_uint_eq(last.first, past);
            ck_assert_uint_eq(last.changed, 1);
            ck_assert_int_eq(last.expected, last.found ^ 1);
            ck_assert_ptr_null(front_realloc(&front, &cache, block, asked + 100));
            expect_fault(OS_FAULT_OVERFLOW, "os_realloc");
            ck_assert_uint_eq(front_usable_size(&front, block), 0);
            expect_fault(OS_FAULT_OVERFLOW, "os_usable_size");
            block[asked + past] ^= 1;
            front_free(&front, &cache, block);
            ck_assert_int_eq(faults, 0);
            machine_close(&machine);
        }
}
END_TEST

static bool holds(const char *bytes, int byte, size_t length) {
    return memchr(bytes, byte, length) != NULL;
}

/* One byte somewhere behind a large block's last is told with its place. */
static void expect_watched(char *block, size_t asked, size_t past) {
    block[asked + past] ^= 1;
    ck_assert_uint_eq(front_usable_size(&front, block), 0);
    expect_fault(OS_FAULT_OVERFLOW, "os_usable_size");
    ck_assert_uint_eq(last.first, past);
    ck_assert_uint_eq(last.changed, 1);
    ck_assert(!front_check(&front, "os_check"));
    expect_fault(OS_FAULT_OVERFLOW, "os_check");
    block[asked + past] ^= 1;
}

static void expect_rest_watched(char *block, size_t asked) {
    size_t rest = MACHINE_PAGE - ((uintptr_t)block + asked) % MACHINE_PAGE;
    for (size_t past = 0; past < rest; past += past < 32 ? 1 : 100)
        expect_watched(block, asked, past);
    expect_watched(block, asked, rest - 1);
    ck_assert(front_check(&front, "os_check"));
}

START_TEST(behind_a_large_block_its_page_is_watched) {
    open_standard();
    for (size_t asked = 262143; asked < 262146; asked++) { /* around whole pages */
        char *whole = front_malloc(&front, &cache, asked);
        expect_rest_watched(whole, asked);
        front_free(&front, &cache, whole);
    }
    char *block = front_malloc(&front, &cache, 300000);
    expect_rest_watched(block, 300000);
    static const size_t sizes[] = {298000, 298900, 200000, 200600, 150001};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memset(block, 0x5a, front_usable_size(&front, block));
        ck_assert_ptr_eq(front_realloc(&front, &cache, block, sizes[i]), block);
        expect_rest_watched(block, sizes[i]);
    }
    front_free(&front, &cache, block);
    front_set_options(&front, &options_of_tier[TIER_FULL]);
    block = front_aligned_alloc(&front, &cache, 1024, 200000);
    expect_rest_watched(block, 200000);
    front_free(&front, &cache, block);
    ck_assert_int_eq(faults, 0);
}
END_TEST

/* A fence that was refused leaves the block as long as it was: nothing stays of what was there. */
START_TEST(what_cannot_be_fenced_is_cleared) {
    open_standard();
    for (size_t refused = 1; refused < 3; refused++) {
        char *block = front_malloc(&front, &cache, 300000);
        memset(block, 0x5a, 300000);
        machine_refuse(&machine, 1, refused); /* mprotect, and then madvise */
        ck_assert_ptr_eq(front_realloc(&front, &cache, block, 150000), block);
        machine_refuse(&machine, 1, 0);
        expect_rest_watched(block, 150000);
        ck_assert_ptr_eq(front_realloc(&front, &cache, block, 200000), block);
        ck_assert(holds(block, 0x5a, 150000) && holds(block + 150000, 0, 50000));
        expect_rest_watched(block, 200000);
        front_free(&front, &cache, block);
        ck_assert_int_eq(faults, 0);
    }
}
END_TEST

START_TEST(a_canary_moves_with_every_resize) {
    open_standard();
    char *block = front_malloc(&front, &cache, 10),
         *wall = front_malloc(&front, &cache, 1);
    for (size_t size = 1; size < 400000; size += size / 7 + 1) {
        size_t usable = front_usable_size(&front, block);
        block = front_realloc(&front, &cache, block, size);
        ck_assert_uint_eq(front_usable_size(&front, block), size);
        ck_assert(usable >= size || block[usable] == 0); /* where the canary was */
        block[size] ^= 0x40;
        ck_assert_ptr_null(front_realloc(&front, &cache, block, size / 2));
        expect_fault(OS_FAULT_OVERFLOW, "os_realloc");
        block[size] ^= 0x40;
    }
    for (size_t size = 400000; size > 0; size -= size / 5 + 1) {
        block = front_realloc(&front, &cache, block, size);
        block[size] ^= 0x40;
        front_free(&front, &cache, block);
        expect_fault(OS_FAULT_OVERFLOW, "os_free");
        block[size] ^= 0x40;
    }
    front_free(&front, &cache, block);
    front_free(&front, &cache, wall);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(no_two_canaries_are_alike) {
    open_standard();
    char *a = front_malloc(&front, &cache, 8), *b = front_malloc(&front, &cache, 8);
    ck_assert_int_ne(memcmp(a + 8, b + 8, 8), 0);
}
END_TEST

START_TEST(nothing_stays_of_what_was_freed_or_given_up) {
    open_standard();
    char *wall = front_malloc(&front, &cache, 16);
    for (size_t size = 16; size < 120000; size += size / 3 + 1) {
        char *block = front_malloc(&front, &cache, size);
        memset(block, 0x77, size);
        char *shrunk = front_realloc(&front, &cache, block, size / 2);
        ck_assert_ptr_eq(shrunk, block);
        char *grown = front_realloc(&front, &cache, shrunk, size);
        ck_assert(!holds(grown + size / 2, 0x77, size - size / 2));
        memset(grown, 0x77, size);
        front_free(&front, &cache, grown);
        ck_assert(!holds(grown + 16, 0x77, size - 16)); /* its links may be in front */
    }
    char *large = front_malloc(&front, &cache, 300000);
    memset(large, 0x77, 300000);
    large = front_realloc(&front, &cache, large, 200001);
    large = front_realloc(&front, &cache, large, 300000);
    ck_assert(!holds(large + 200001, 0x77, 300000 - 200001));
    front_free(&front, &cache, wall);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(blocks_of_before_stay_right) {
    open_front();
    char *light = front_malloc(&front, &cache, 100);
    front_set_options(&front, &options_of_tier[TIER_STANDARD]);
    ck_assert_uint_eq(front_usable_size(&front, light), 112);
    memset(light, 1, 112);
    char *dressed = front_malloc(&front, &cache, 100);
    light = front_realloc(&front, &cache, light, 104);
    ck_assert_uint_eq(front_usable_size(&front, light), 104);
    front_free_sized(&front, &cache, light, 1, 104);
    front_set_options(&front, &options_of_tier[TIER_LIGHT]);
    dressed[100] ^= 1;
    front_free(&front, &cache, dressed);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
    dressed[100] ^= 1;
    front_free_sized(&front, &cache, dressed, 1, 101);
    expect_fault(OS_FAULT_SIZE_MISMATCH, "os_free_sized");
    front_free_sized(&front, &cache, dressed, 1, 100);
    ck_assert_int_eq(faults, 0);
}
END_TEST

/* Of eight free blocks of one size the next one is not always the last that was freed. */
START_TEST(equal_fits_are_drawn_by_lot) {
    open_standard();
    char *held[16], *wall[16];
    for (int i = 0; i < 16; i++) {
        held[i] = front_malloc(&front, &cache, 40);
        wall[i] = front_malloc(&front, &cache, 1);
    }
    for (int i = 0; i < 16; i++)
        front_free(&front, &cache, held[i]);
    unsigned in_order = 0;
    for (int i = 15; i >= 0; i--)
        in_order += front_malloc(&front, &cache, 40) == held[i];
    ck_assert_uint_lt(in_order, 12);
    (void)wall;
}
END_TEST

START_TEST(rooms) {
    struct os_options light = options_of_tier[TIER_LIGHT], guarded = {.canary = 1};
    size_t room;
    for (size_t asked = 0; asked < 5000; asked++) {
        ck_assert(handover_room(&light, asked, &room));
        ck_assert(room % 16 == 0 && room >= asked && room > 0 && room < asked + 17);
        ck_assert(handover_room(&guarded, asked, &room));
        ck_assert(room % 16 == 0 && room > asked && room <= asked + 16);
    }
    ck_assert(!handover_room(&light, PTRDIFF_MAX, &room));
    ck_assert(!handover_room(&light, SIZE_MAX, &room));
}
END_TEST

int main(void) {
    return suite_run(
        "front",
        SUITE(bad_pointers_do_nothing, a_written_free_block_is_told_by_whoever_meets_it,
              links_are_told_before_what_is_found_behind_them,
              a_handler_that_allocates_hears_of_all, a_shrink_that_cannot_move_stays,
              every_byte_behind_the_last_is_watched,
              behind_a_large_block_its_page_is_watched, what_cannot_be_fenced_is_cleared,
              a_canary_moves_with_every_resize, no_two_canaries_are_alike,
              nothing_stays_of_what_was_freed_or_given_up, blocks_of_before_stay_right,
              equal_fits_are_drawn_by_lot, rooms));
}
