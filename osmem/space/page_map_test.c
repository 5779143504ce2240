#include "osmem/space/page_map.h"

#include "fuzz/machine/machine.h"
#include "osmem/space/policy.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct page_map map;

static void open_map(void) {
    ck_assert(machine_open(&machine));
    map = (struct page_map){.tables = 0};
}

static bool prepare(uintptr_t page) {
    return page_map_prepare(&map, &machine.kernel, page);
}

/* In one table, in neighbours, and far apart; the highest page that there is. */
static const uintptr_t pages[] = {0,
                                  1,
                                  5,
                                  1023,
                                  1024,
                                  4000,
                                  1 << 20,
                                  (1 << 20) + 1,
                                  (uintptr_t)7 << 30,
                                  ((uintptr_t)1 << 40) - 1};
#define PAGES (sizeof pages / sizeof pages[0])

START_TEST(an_empty_map_has_nothing) {
    open_map();
    for (size_t i = 0; i < PAGES; i++) {
        uintptr_t page = pages[i];
        ck_assert_uint_eq(page_map_get(&map, page), 0);
        ck_assert_uint_eq(page_map_next(&map, &page), 0);
    }
    ck_assert_uint_eq(machine.calls, 0);
}
END_TEST

START_TEST(what_is_set_is_found) {
    open_map();
    for (size_t i = 0; i < PAGES; i++) {
        ck_assert(prepare(pages[i]));
        ck_assert_uint_eq(page_map_get(&map, pages[i]), 0);
        page_map_set(&map, pages[i], (uint32_t)i + 1);
    }
    for (size_t i = 0; i < PAGES; i++) {
        ck_assert_uint_eq(page_map_get(&map, pages[i]), i + 1);
        if (i + 1 < PAGES && pages[i + 1] > pages[i] + 1)
            ck_assert_uint_eq(page_map_get(&map, pages[i] + 1), 0);
    }
    uint32_t tables = map.tables;
    for (size_t i = 0; i < PAGES; i++) {
        page_map_set(&map, pages[i], 0);
        ck_assert_uint_eq(page_map_get(&map, pages[i]), 0);
        ck_assert(prepare(pages[i]));
    }
    ck_assert_uint_eq(map.tables, tables); /* those that were there serve again */
}
END_TEST

START_TEST(values_come_in_the_order_of_pages) {
    open_map();
    for (size_t i = PAGES; i-- > 0;) {
        ck_assert(prepare(pages[i]));
        page_map_set(&map, pages[i], (uint32_t)i + 1);
    }
    uintptr_t page = 0;
    for (size_t i = 0; i < PAGES; i++) {
        ck_assert_uint_eq(page_map_next(&map, &page), i + 1);
        ck_assert_uint_eq(page, pages[i]);
        page++;
    }
    ck_assert_uint_eq(page_map_next(&map, &page), 0);
}
END_TEST

/* A first region that is refused its size is small: others follow it. */
START_TEST(a_small_region_is_not_the_last) {
    open_map();
    machine_refuse(&machine, 1, 10); /* down to the least */
    ck_assert(prepare(0));
    machine_refuse(&machine, 1, 0);
    size_t first = page_map_reserved(&map);
    ck_assert_uint_lt(first, POLICY_PAGE_MAP_LEAST * 2);
    for (uintptr_t page = 0; page < (uintptr_t)100 << 10; page += 1 << 10) {
        ck_assert(prepare(page));
        page_map_set(&map, page, (uint32_t)page + 1);
    }
    ck_assert_uint_eq(map.regions, 2);
    ck_assert_uint_gt(page_map_reserved(&map), first);
    for (uintptr_t page = 0; page < (uintptr_t)100 << 10; page += 1 << 10)
        ck_assert_uint_eq(page_map_get(&map, page), page + 1);
    ck_assert(page_map_holds(&map, map.region[1].base));
    ck_assert(!page_map_holds(&map, &map));
}
END_TEST

START_TEST(a_page_out_of_reach_is_refused) {
    open_map();
    uintptr_t page = (uintptr_t)1 << 40;
    ck_assert(!prepare(page));
    ck_assert_uint_eq(page_map_get(&map, page), 0);
    ck_assert_uint_eq(page_map_next(&map, &page), 0);
}
END_TEST

/* Whatever is refused, what was set stays, nothing else is found, and the next try has it. */
START_TEST(a_refused_table_leaves_nothing_behind) {
    size_t refusals = 0;
    for (size_t k = 1; k < 12; k++) {
        open_map();
        machine_refuse(&machine, k, 1);
        for (size_t i = 0; i < PAGES; i++) {
            size_t mapped = machine_mapped(&machine);
            uint32_t tables = map.tables;
            if (!prepare(pages[i])) {
                refusals++;
                ck_assert_uint_eq(machine_mapped(&machine), page_map_reserved(&map));
                ck_assert(machine_mapped(&machine) == mapped || mapped == 0);
                ck_assert_uint_le(map.tables - tables, PAGE_MAP_LEVELS);
                ck_assert_uint_eq(page_map_get(&map, pages[i]), 0);
                ck_assert(prepare(pages[i]));
            }
            page_map_set(&map, pages[i], (uint32_t)i + 1);
            for (size_t j = 0; j < PAGES; j++)
                ck_assert_uint_eq(page_map_get(&map, pages[j]), j <= i ? j + 1 : 0);
        }
        machine_close(&machine);
    }
    ck_assert_uint_gt(refusals, 3);
}
END_TEST

int main(void) {
    return suite_run("page_map",
                     SUITE(an_empty_map_has_nothing, what_is_set_is_found,
                           values_come_in_the_order_of_pages,
                           a_small_region_is_not_the_last, a_page_out_of_reach_is_refused,
                           a_refused_table_leaves_nothing_behind));
}
