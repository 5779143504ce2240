#include "osmem/space/registry.h"

#include "fuzz/machine/machine.h"
#include "osmem/space/classify.h"
#include "osmem/space/large.h"
#include "osmem/space/retire.h"
#include "props/testing/suite.h"

enum {
    BLOCKS = 300,
};

static struct machine machine;
static struct os_space space;
static struct os_block block[BLOCKS];
static struct leaving leaving;

static void open_space(void) {
    ck_assert(machine_open(&machine));
    space_init(&space, &machine.kernel);
    leaving = LEAVING_NONE;
}

static void take(size_t number, size_t size) {
    ck_assert_int_eq(
        large_take(&space, size, GRANULE, LARGE_LEFT, &block[number], &leaving), OS_OK);
    large_publish(large_own(&space, &block[number]), 0);
}

static void drain(void) {
    while (!leaving_is_empty(&leaving)) {
        retire_release(&space, &leaving);
        retire_settle(&space, &leaving);
    }
}

static void leave(size_t number) {
    struct large_entry *entry = large_claim(&space, block[number].address);
    ck_assert_ptr_nonnull(entry);
    retire_block(&space, entry, &leaving);
}

static void give(size_t number) {
    leave(number);
    drain();
}

START_TEST(entries_stay_where_they_are) {
    static struct large_entry *entry[BLOCKS];
    open_space();
    for (size_t i = 0; i < 100; i++) {
        take(i, 131072);
        entry[i] = registry_at(&space, block[i].address);
    }
    for (size_t i = 0; i < 100; i += 2)
        give(i);
    ck_assert_uint_eq(space.registry.count, 50);
    for (size_t i = 1; i < 100; i += 2) {
        ck_assert_ptr_eq(registry_at(&space, block[i].address), entry[i]);
        ck_assert_ptr_eq(registry_find(&space, block[i].address + 77), entry[i]);
    }
    for (size_t i = 0; i < 100; i += 2)
        take(i, 131072);
    ck_assert_uint_eq(space.registry.used, 100); /* the free ones served again */
}
END_TEST

START_TEST(a_block_is_found_only_by_its_start) {
    open_space();
    take(0, 200000 / 16 * 16);
    const struct large_entry *entry = registry_at(&space, block[0].address);
    ck_assert_ptr_nonnull(entry);
    ck_assert_ptr_null(large_claim(&space, block[0].address + 16));
    ck_assert_ptr_null(large_claim(&space, block[0].address + MACHINE_PAGE));
    ck_assert_ptr_null(registry_at(&space, block[0].address + MACHINE_PAGE));
    ck_assert_ptr_eq(large_claim(&space, block[0].address), entry);
    ck_assert_ptr_null(large_claim(&space, block[0].address)); /* it is busy */
    ck_assert_int_eq(large_state(entry), LARGE_BUSY);
}
END_TEST

/* The next one by address, whatever the order in which they came. */
START_TEST(the_next_block_is_the_next_by_address) {
    open_space();
    for (size_t i = 0; i < BLOCKS / 4; i++)
        take(i, 131072 + i * 4096);
    for (size_t i = 0; i < BLOCKS / 4; i += 3)
        give(i);
    size_t count = 0;
    const char *last = NULL;
    for (const struct large_entry *entry = registry_next(&space, NULL); entry; count++) {
        ck_assert(large_address(entry) > last);
        last = large_address(entry);
        ck_assert_ptr_eq(registry_next(&space, last), entry);
        entry = registry_next(&space, last + 1);
    }
    ck_assert_uint_eq(count, space.counters.large_blocks);
    ck_assert_uint_eq(count, BLOCKS / 4 - BLOCKS / 12);
}
END_TEST

/* One that read the word of a block that is gone claims nothing. */
START_TEST(an_entry_that_serves_again_has_another_word) {
    open_space();
    take(0, 131072);
    struct large_entry *entry = registry_at(&space, block[0].address);
    uint64_t word = entry->word;
    give(0);
    take(1, 131072);
    ck_assert_ptr_eq(registry_at(&space, block[1].address), entry);
    ck_assert_ptr_eq(block[1].address, block[0].address);
    ck_assert_int_eq(large_state(entry), LARGE_IN_USE);
    ck_assert(entry->word != word);
}
END_TEST

/* While a mapping leaves, its addresses may have a new owner. */
START_TEST(a_live_mapping_is_found_before_one_that_leaves) {
    open_space();
    take(0, 131072);
    struct large_entry *entry = registry_at(&space, block[0].address);
    leave(0);
    ck_assert_ptr_eq(registry_find(&space, block[0].address), entry);
    struct os_block found;
    ck_assert_int_eq(classify_pointer(&space, block[0].address, &found),
                     OS_FAULT_DOUBLE_FREE);
    retire_release(&space, &leaving); /* unmapped, and not settled yet */
    struct leaving first = leaving;
    leaving = LEAVING_NONE;
    take(1, 131072);
    ck_assert_ptr_eq(block[1].address, block[0].address);
    ck_assert_int_eq(classify_pointer(&space, block[1].address, &found), OS_OK);
    retire_settle(&space, &first);
    ck_assert(leaving_is_empty(&first));
    ck_assert_uint_eq(first.gone, 1);
    ck_assert_int_eq(classify_pointer(&space, block[1].address, &found), OS_OK);
    give(1);
    ck_assert_uint_eq(space.registry.count, 0);
}
END_TEST

START_TEST(a_refused_entry_is_refused_before_the_mapping) {
    open_space();
    machine_refuse(&machine, 1, 100);
    ck_assert_int_eq(large_take(&space, 131072, GRANULE, LARGE_LEFT, &block[0], &leaving),
                     OS_NO_MEMORY);
    ck_assert_uint_eq(space.registry.count, 0);
    ck_assert(leaving_is_empty(&leaving));
}
END_TEST

/* ---- kept mappings ---- */

START_TEST(freed_mappings_are_kept_as_far_as_allowed) {
    open_space();
    space.retired.keep = 500000;
    for (size_t i = 0; i < 8; i++)
        take(i, 131072);
    for (size_t i = 0; i < 8; i++) {
        give(i);
        ck_assert_uint_le(space.counters.large_kept, 500000);
        ck_assert_uint_eq(space.retired.kept_count, i < 3 ? i + 1 : 3);
        ck_assert(!machine_holds(&machine, block[i].address, 1));
        struct os_block found;
        for (size_t j = 0; j <= i; j++) /* kept, or freed of late */
            ck_assert_int_eq(classify_pointer(&space, block[j].address, &found),
                             OS_FAULT_DOUBLE_FREE);
    }
    ck_assert_uint_eq(space.registry.count, 3);
    ck_assert_int_eq(large_state(registry_find(&space, block[7].address)), LARGE_KEPT);
    ck_assert_ptr_null(registry_find(&space, block[4].address)); /* the oldest went */
    retire_reserve(&space, &leaving);
    drain();
    ck_assert_uint_eq(leaving.gone, 8);
    ck_assert_uint_eq(space.registry.count + space.counters.large_kept, 0);
}
END_TEST

START_TEST(what_cannot_be_made_inaccessible_is_not_kept) {
    for (size_t refused = 1; refused <= 2; refused++) { /* mprotect, madvise */
        open_space();
        space.retired.keep = 500000;
        take(0, 131072);
        machine_refuse(&machine, refused, 1);
        give(0);
        ck_assert_uint_eq(space.registry.count, 0);
        ck_assert_uint_eq(machine_mapped(&machine),
                          space.registry.table.length + page_map_reserved(&space.pages));
        machine_close(&machine);
    }
}
END_TEST

START_TEST(a_refused_munmap_leaves_an_idle_mapping) {
    open_space();
    take(0, 131072);
    machine_refuse(&machine, 1, 1);
    give(0);
    struct os_block found;
    ck_assert_uint_eq(space.counters.large_idle, 1);
    ck_assert_uint_eq(space.registry.count, 1);
    ck_assert_int_eq(classify_pointer(&space, block[0].address, &found),
                     OS_FAULT_DOUBLE_FREE);
    machine_refuse(&machine, 1, 1);
    retire_reserve(&space, &leaving);
    drain();
    ck_assert_uint_eq(space.counters.large_idle, 1);
    retire_reserve(&space, &leaving);
    drain();
    ck_assert_uint_eq(space.counters.large_idle + space.registry.count, 0);
}
END_TEST

int main(void) {
    return suite_run("registry", SUITE(entries_stay_where_they_are,
                                       a_block_is_found_only_by_its_start,
                                       the_next_block_is_the_next_by_address,
                                       an_entry_that_serves_again_has_another_word,
                                       a_live_mapping_is_found_before_one_that_leaves,
                                       a_refused_entry_is_refused_before_the_mapping,
                                       freed_mappings_are_kept_as_far_as_allowed,
                                       what_cannot_be_made_inaccessible_is_not_kept,
                                       a_refused_munmap_leaves_an_idle_mapping));
}
