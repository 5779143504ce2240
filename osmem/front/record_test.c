/* What is recorded: who allocated and freed a block, and the last calls as a program. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "osmem/front/blame.h"
#include "osmem/front/front_testing.h"

static struct os_options options;

static void open_recording(size_t sites, size_t trail) {
    options = options_of_tier[TIER_STANDARD];
    options.sites = sites;
    options.trail = trail;
    open_front();
    front_set_options(&front, &options);
}

static void *take(size_t size, int by) {
    cache.site.frame[0] = (char *)&front + by;
    return front_malloc(&front, &cache, size);
}

static void give(void *block, int by) {
    cache.site.frame[0] = (char *)&front + by;
    front_free(&front, &cache, block);
}

static struct os_site taken, freed;

static void remember_sites(struct os_front *from, const struct os_finding *info) {
    remember(from, info);
    taken = info->taken ? *info->taken : (struct os_site){.operation = 0};
    freed = info->freed ? *info->freed : (struct os_site){.operation = 0};
}

START_TEST(a_report_says_who_allocated_and_who_freed) {
    open_recording(1000, 0);
    front.on_fault = remember_sites;
    void *first = take(40, 1), *block = take(40, 2), *wall = take(40, 3);
    give(block, 4);
    give(block, 5);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    ck_assert_ptr_eq(taken.frame[0], (char *)&front + 2);
    ck_assert_uint_eq(taken.operation, 2);
    ck_assert_ptr_eq(freed.frame[0], (char *)&front + 4);
    ck_assert_uint_eq(freed.operation, 4);
    ck_assert_uint_eq(last.operation, 5);
    cache.site.frame[0] = (char *)&front + 6;
    char *resized = front_realloc(&front, &cache, first, 20);
    resized[20] ^= 1;
    give(resized, 7);
    expect_fault(OS_FAULT_OVERFLOW, "os_free");
    ck_assert_ptr_eq(taken.frame[0], (char *)&front + 6);
    ck_assert_uint_eq(freed.operation, 0);
    give(wall, 8);
    ck_assert_int_eq(faults, 0);
}
END_TEST

START_TEST(the_oldest_dead_row_makes_place_first) {
    struct os_ledger ledger = {.rows = 0};
    static char address[4096];
    ck_assert(machine_open(&machine));
    ledger_take(&ledger, address, 1, &(struct os_site){.operation = 1});
    ck_assert_ptr_null(ledger_find(&ledger, address)); /* nothing is recorded yet */
    ledger_open(&ledger, &machine.kernel, 1);
    ck_assert_uint_eq(ledger.rows, 64);
    for (uint64_t i = 1; i <= 1000; i++) {
        ledger_take(&ledger, address + i, i, &(struct os_site){.operation = i});
        ck_assert_uint_eq(ledger_find(&ledger, address + i)->asked, i);
        if (i == 1000)
            break;
        if (i % 2)
            ledger_give(&ledger, address + i, &(struct os_site){.operation = i});
    }
    size_t live = 0, rows = 0;
    for (; ledger_row(&ledger, rows); rows++)
        live += ledger_row(&ledger, rows)->freed.operation == 0;
    ck_assert_uint_eq(rows, 64);
    ck_assert_uint_ge(live, 48); /* the dead went first */
    machine_refuse(&machine, 1, 100);
    struct os_ledger none = {.rows = 0};
    ledger_open(&none, &machine.kernel, 1000);
    ck_assert_uint_eq(none.rows, 0);
}
END_TEST

/* What was written of the calls, without the heading. */
static const char *written(const char *why) {
    static char text[1 << 20];
    FILE *file = tmpfile();
    static struct os_text line;
    trail_write(&front.trail, fileno(file), why, &line);
    ssize_t length = pread(fileno(file), text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    fclose(file);
    return text;
}

START_TEST(the_calls_are_a_program) {
    open_recording(0, 100);
    char *a = front_malloc(&front, &cache, 40), *b = front_calloc(&front, &cache, 3, 7);
    char *c = front_aligned_alloc(&front, &cache, 64, 100);
    a = front_realloc(&front, &cache, a, 5000);
    front_free(&front, &cache, NULL);
    front_free(&front, &cache, b);
    char *d = front_realloc(&front, &cache, NULL, 9);
    front_free_sized(&front, &cache, d, 1, 9);
    ck_assert_ptr_null(front_malloc(&front, &cache, SIZE_MAX)); /* leaves nothing */
    ck_assert_ptr_null(front_realloc(&front, &cache, c, 0));
    front_free(&front, &cache, c); /* a mistake is none of them */
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    char *large = front_malloc(&front, &cache, 5 << 20);
    front_free(&front, &cache, large);
    front_free(&front, &cache, a);
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
        blocks[i] = front_malloc(&front, &cache, (size_t)i);
    for (int i = 0; i < 15; i++)
        front_free(&front, &cache, blocks[i]); /* who is not known is left out */
    const char *text = written("");
    ck_assert_str_eq(text, "format 1\n# \nmalloc s0 49\n");
    machine_close(&machine);
    open_recording(0, 1000);
    for (int i = 0; i < 40; i++)
        blocks[i] = front_malloc(&front, &cache, (size_t)i);
    front_free(&front, &cache, blocks[0]);
    front_free(&front, &cache, blocks[39]);
    text = written("");
    ck_assert_ptr_nonnull(strstr(text, "\nmalloc s31 31\nmalloc s0 32\n"));
    ck_assert_str_eq(strstr(text, "malloc s7 39"), "malloc s7 39\nfree s7\n");
}
END_TEST

/* Which block somebody missed who is stopped beside it. */
START_TEST(a_fence_knows_its_block) {
    struct os_finding info = {.room = 0};
    open_recording(100, 0);
    char *large = front_malloc(&front, &cache, 200000), *small = take(100, 1);
    ck_assert(blame_fence(&front, large + 300000, &info) == false ||
              info.kind == OS_FAULT_FENCE_BEHIND);
    ck_assert(blame_fence(&front, large + 200000 + 8, &info));
    ck_assert_int_eq(info.kind, OS_FAULT_FENCE_BEHIND);
    ck_assert_uint_eq(info.first, 8);
    ck_assert_uint_eq(info.asked, 200000);
    ck_assert_ptr_eq(info.block, large);
    ck_assert_uint_eq(info.taken->operation, 1);
    ck_assert(blame_fence(&front, large - 5, &info));
    ck_assert_int_eq(info.kind, OS_FAULT_FENCE_FRONT);
    ck_assert_uint_eq(info.first, 5);
    ck_assert(!blame_fence(&front, large + 5, &info)); /* its own byte is no fence */
    ck_assert(!blame_fence(&front, (char *)&front, &info));
    front_free(&front, &cache, large);
    ck_assert(blame_fence(&front, large + 9, &info));
    ck_assert_int_eq(info.kind, OS_FAULT_FENCE_FREED);
    ck_assert(blame_fence(&front, machine.memory + machine.brk + 3, &info));
    ck_assert_int_eq(info.kind, OS_FAULT_FENCE_FREED); /* the heap's last block is free */
    give(small, 2);
}
END_TEST

int main(void) {
    return suite_run("record",
                     SUITE(a_report_says_who_allocated_and_who_freed,
                           the_oldest_dead_row_makes_place_first, a_fence_knows_its_block,
                           the_calls_are_a_program, the_last_calls_and_the_last_blocks));
}
