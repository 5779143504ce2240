/* What is recorded: who allocated and freed a block, and the last calls as a program. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "osmem/alloc/alloc_testing.h"
#include "osmem/alloc/findings.h"

static struct os_options options;

static void open_recording(size_t sites, size_t history) {
    options = options_of_tier[TIER_STANDARD];
    options.sites = sites;
    options.history = history;
    open_light();
    alloc_set_options(&alloc, &options);
}

static void *take(size_t size, int by) {
    next_site.frame[0] = (char *)&alloc + by;
    return do_malloc(size);
}

static void give(void *block, int by) {
    next_site.frame[0] = (char *)&alloc + by;
    do_free(block);
}

START_TEST(a_report_says_who_allocated_and_who_freed) {
    open_recording(1000, 0);
    void *first = take(40, 1), *block = take(40, 2), *barrier = take(40, 3);
    give(block, 4);
    give(block, 5);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    ck_assert_ptr_eq(last.allocated.frame[0], (char *)&alloc + 2);
    ck_assert_uint_eq(last.allocated.operation, 2);
    ck_assert_ptr_eq(last.freed.frame[0], (char *)&alloc + 4);
    ck_assert_uint_eq(last.freed.operation, 4);
    ck_assert_uint_eq(last.operation, 5);
    next_site.frame[0] = (char *)&alloc + 6;
    char *resized = do_realloc(first, 20);
    resized[20] ^= 1;
    give(resized, 7);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
    ck_assert_ptr_eq(last.allocated.frame[0], (char *)&alloc + 6);
    ck_assert_uint_eq(last.freed.operation, 0);
    give(barrier, 8);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(of_joined_blocks_the_one_at_the_address_is_meant) {
    open_recording(1000, 0);
    void *left = take(40, 1), *block = take(40, 2), *barrier = take(40, 3);
    give(left, 4);
    give(block, 5);
    give(block, 6);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    ck_assert_ptr_eq(last.block, left);
    ck_assert_ptr_eq(last.allocated.frame[0], (char *)&alloc + 2);
    ck_assert_ptr_eq(last.freed.frame[0], (char *)&alloc + 5);
    (void)barrier;
}
END_TEST

START_TEST(the_oldest_dead_row_is_replaced_first) {
    struct site_table table = {.rows = 0};
    static char address[4096];
    ck_assert(machine_open(&machine));
    site_table_add(&table, address, 1, &(struct os_site){.operation = 1});
    ck_assert_ptr_null(site_table_find(&table, address)); /* nothing is recorded yet */
    site_table_open(&table, &machine.kernel, 1);
    ck_assert_uint_eq(table.rows, 64);
    for (uint64_t i = 1; i <= 1000; i++) {
        site_table_add(&table, address + i, i, &(struct os_site){.operation = i});
        ck_assert_uint_eq(site_table_find(&table, address + i)->requested, i);
        if (i == 1000)
            break;
        if (i % 2)
            site_table_free(&table, address + i, &(struct os_site){.operation = i});
    }
    size_t live = 0, rows = 0;
    for (; site_table_row(&table, rows); rows++)
        live += site_table_row(&table, rows)->freed.operation == 0;
    ck_assert_uint_eq(rows, 64);
    ck_assert_uint_ge(live, 48); /* the dead went first */
    machine_refuse(&machine, 1, 100);
    struct site_table none = {.rows = 0};
    site_table_open(&none, &machine.kernel, 1000);
    ck_assert_uint_eq(none.rows, 0);
}
END_TEST

/* What was written of the calls, without the heading. */
static const char *written(const char *why) {
    static char text[1 << 20];
    FILE *file = tmpfile();
    static struct os_text line;
    history_write(&alloc.record.history, fileno(file), why, &line);
    ssize_t length = pread(fileno(file), text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    fclose(file);
    return text;
}

START_TEST(the_calls_are_a_program) {
    open_recording(0, 100);
    char *a = do_malloc(40), *b = do_calloc(3, 7);
    char *c = do_aligned_alloc(64, 100);
    a = do_realloc(a, 5000);
    do_free(NULL);
    do_free(b);
    char *d = do_realloc(NULL, 9);
    do_free_sized(d, 1, 9);
    ck_assert_ptr_null(do_malloc(SIZE_MAX)); /* leaves nothing */
    ck_assert_ptr_null(do_realloc(c, 0));
    do_free(c); /* a mistake is none of them */
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    char *large = do_malloc(5 << 20);
    do_free(large);
    do_free(a);
    ck_assert_str_eq(written("osmem: why\nmore"),
                     "format 1\n# osmem: why\n"
                     "malloc s0 40\ncalloc s1 3 7\naligned_alloc s2 100 64\n"
                     "realloc s0 5000\nfree s1\nmalloc s1 9\nfree s1\nrealloc s2 0\n"
                     "malloc s1 1048576\nfree s1\nfree s0\n");
}
END_TEST

START_TEST(the_last_calls_and_the_last_blocks) {
    open_recording(0, 1);
    char *blocks[50];
    for (int i = 0; i < 50; i++)
        blocks[i] = do_malloc((size_t)i);
    for (int i = 0; i < 15; i++)
        do_free(blocks[i]); /* unknown blocks are left out */
    const char *text = written("");
    ck_assert_str_eq(text, "format 1\n# \nmalloc s0 49\n");
    machine_close(&machine);
    open_recording(0, 1000);
    for (int i = 0; i < 40; i++)
        blocks[i] = do_malloc((size_t)i);
    do_free(blocks[0]);
    do_free(blocks[39]);
    text = written("");
    ck_assert_ptr_nonnull(strstr(text, "\nmalloc s31 31\nmalloc s0 32\n"));
    ck_assert_str_eq(strstr(text, "malloc s7 39"), "malloc s7 39\nfree s7\n");
}
END_TEST

/* Which block an access missed that was stopped beside it. */
START_TEST(a_guard_page_knows_its_block) {
    struct os_finding info = {.size = 0};
    open_recording(100, 0);
    char *large = do_malloc(200000), *small = take(100, 1);
    ck_assert(finding_guard(&alloc, large + 300000, &info) == false ||
              info.kind == OS_FAULT_GUARD_BEHIND);
    ck_assert(finding_guard(&alloc, large + 200000 + 8, &info));
    ck_assert_int_eq(info.kind, OS_FAULT_GUARD_BEHIND);
    ck_assert_uint_eq(info.first, 8);
    ck_assert_uint_eq(info.requested, 200000);
    ck_assert_ptr_eq(info.block, large);
    ck_assert_uint_eq(info.allocated.operation, 1);
    ck_assert(finding_guard(&alloc, large - 5, &info));
    ck_assert_int_eq(info.kind, OS_FAULT_GUARD_FRONT);
    ck_assert_uint_eq(info.first, 5);
    ck_assert(
        !finding_guard(&alloc, large + 5, &info)); /* its own byte is no guard page */
    ck_assert(!finding_guard(&alloc, (char *)&alloc, &info));
    do_free(large);
    ck_assert(finding_guard(&alloc, large + 9, &info));
    ck_assert_int_eq(info.kind, OS_FAULT_GUARD_FREED);
    ck_assert(finding_guard(&alloc, machine.memory + machine.brk + 3, &info));
    ck_assert_int_eq(info.kind, OS_FAULT_GUARD_FREED); /* the heap's last block is free */
    give(small, 2);
}
END_TEST

int main(void) {
    return suite_run("record",
                     SUITE(a_report_says_who_allocated_and_who_freed,
                           of_joined_blocks_the_one_at_the_address_is_meant,
                           the_oldest_dead_row_is_replaced_first,
                           a_guard_page_knows_its_block, the_calls_are_a_program,
                           the_last_calls_and_the_last_blocks));
}
