/* What the C functions do when a fault's handler returns: nothing, and the heap goes on.
 */
#include "osmem/front/front.h"

#include <errno.h>
#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/front/handover.h"
#include "osmem/testing/suite.h"

static struct machine machine;
static struct os_front front;
static struct os_cache cache;
static struct os_fault_info last;
static int faults;

static void remember(struct os_front *from, const struct os_fault_info *info) {
    (void)from;
    last = *info;
    faults++;
}

static void open_front(void) {
    ck_assert(machine_open(&machine));
    front_init(&front, &machine.kernel);
    front.on_fault = remember;
    cache = (struct os_cache){0};
    faults = 0;
}

static void expect_fault(enum os_fault kind, const char *verb) {
    ck_assert_int_eq(faults, 1);
    ck_assert_int_eq(last.kind, kind);
    ck_assert_str_eq(last.verb, verb);
    faults = 0;
}

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

START_TEST(a_written_free_block_is_told_by_whoever_meets_it) {
    open_front();
    char *held[3], *walls[4];
    for (int i = 0; i < 3; i++) {
        walls[i] = front_malloc(&front, &cache, 16);
        held[i] = front_malloc(&front, &cache, 32);
    }
    walls[3] = front_malloc(&front, &cache, 16);
    for (int i = 0; i < 3; i++)
        front_free(&front, &cache, held[i]);
    memset(held[2], 0x41, 16);
    errno = 0;
    ck_assert_ptr_null(front_malloc(&front, &cache, 32));
    expect_fault(OS_FAULT_FREE_LINK, "os_malloc");
    ck_assert_ptr_eq(last.block, held[2]);
    ck_assert_ptr_eq(last.address, held[2]);
    ck_assert_uint_eq(last.room, 32);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(front_calloc(&front, &cache, 1, 32));
    expect_fault(OS_FAULT_FREE_LINK, "os_calloc");
    ck_assert_ptr_null(front_aligned_alloc(&front, &cache, 16, 32));
    expect_fault(OS_FAULT_FREE_LINK, "os_aligned_alloc");
    ck_assert_ptr_null(front_realloc(&front, &cache, walls[2], 48));
    expect_fault(OS_FAULT_FREE_LINK, "os_realloc");
    front_free(&front, &cache, walls[2]); /* would join it */
    expect_fault(OS_FAULT_FREE_LINK, "os_free");
    front_free(&front, &cache, walls[3]);
    expect_fault(OS_FAULT_FREE_LINK, "os_free");
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

START_TEST(rooms) {
    struct os_options light = OPTIONS_LIGHT, guarded = {.canary = true};
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
    return suite_run("front", SUITE(bad_pointers_do_nothing,
                                    a_written_free_block_is_told_by_whoever_meets_it,
                                    a_shrink_that_cannot_move_stays, rooms));
}
