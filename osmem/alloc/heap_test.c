#include "osmem/alloc/heap.h"

#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/alloc/heap_state.h"
#include "osmem/arena/carve.h"
#include "osmem/check/check.h"
#include "osmem/space/policy.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct os_heap heap;

static void open_heap(void) {
    ck_assert(machine_open(&machine));
    heap_init(&heap, &machine.kernel);
}

static void expect_sound(void) {
    struct check_breach breach = check_heap(&heap, CHECK_FULL);
    ck_assert_msg(breach.invariant == INVARIANT_NONE, "%s: %s",
                  check_name(breach.invariant), check_rule(breach.invariant));
    ck_assert_msg(!machine_check(&machine, true), "%s", machine.wrong);
}

/* In use, as its user has it. */
static struct os_block take(size_t size) {
    struct os_block block;
    ck_assert_int_eq(heap_take(&heap, size, GRANULE, &block), OS_OK);
    heap_publish(&heap, &block);
    return block;
}

static void give(struct os_block block) {
    ck_assert_int_eq(heap_claim(&heap, block.address, &block), OS_OK);
    heap_give(&heap, &block);
}

static enum os_status resize(struct os_block *block, size_t size) {
    ck_assert_int_eq(heap_claim(&heap, block->address, block), OS_OK);
    enum os_status status = heap_resize(&heap, block, size);
    heap_publish(&heap, block);
    return status;
}

static size_t free_blocks(void) {
    size_t count = 0;
    struct tags_extent extent;
    for (unsigned i = 0; i < heap.space.spans; i++)
        for (size_t at = 0; at < heap.space.span[i].granules; at += extent.granules) {
            ck_assert(tags_read(heap.space.span[i].tags + at, &extent));
            count += extent.state == STATE_FREE;
        }
    return count;
}

START_TEST(the_first_small_request_preallocates_128_kib) {
    open_heap();
    ck_assert_uint_eq(machine.brk, 0);
    struct os_block large = take(POLICY_LARGE);
    ck_assert_uint_eq(machine.brk, 0); /* a large one does not */
    struct os_block small = take(16);
    ck_assert_uint_eq(machine.brk, 131072);
    ck_assert_ptr_eq(small.address, machine.memory);
    take(131072 - 16);
    ck_assert_uint_eq(machine.brk, 131072); /* to the last byte */
    ck_assert_uint_eq(free_blocks(), 0);
    take(16);
    ck_assert_uint_gt(machine.brk, 131072);
    give(large);
    expect_sound();
}
END_TEST

START_TEST(splitting_and_joining) {
    open_heap();
    struct os_block a = take(160), b = take(160), c = take(160), divider = take(16);
    ck_assert_ptr_eq(b.address, a.address + 160);
    ck_assert_uint_eq(free_blocks(), 1);
    give(b); /* between two in use */
    ck_assert_uint_eq(free_blocks(), 2);
    give(a); /* joins right */
    ck_assert_uint_eq(free_blocks(), 2);
    struct os_block ab = take(320);
    ck_assert_ptr_eq(ab.address, a.address);
    give(ab);
    give(c); /* joins left */
    ck_assert_uint_eq(free_blocks(), 2);
    give(divider); /* joins both */
    ck_assert_uint_eq(free_blocks(), 1);
    ck_assert_uint_eq(heap.arena.counters.granules[STATE_FREE] * GRANULE, 131072);
    expect_sound();
}
END_TEST

START_TEST(resizing_in_place) {
    open_heap();
    struct os_block a = take(1024), b = take(1024), divider = take(16);
    char *address = a.address;
    ck_assert_int_eq(resize(&a, 512), OS_OK);
    ck_assert_int_eq(resize(&a, 1024), OS_OK); /* back into its own rest */
    ck_assert_int_eq(resize(&a, 1040), OS_NO_MEMORY);
    give(b);
    ck_assert_int_eq(resize(&a, 2048), OS_OK); /* all of the right neighbour */
    ck_assert_int_eq(resize(&a, 2064), OS_NO_MEMORY);
    ck_assert_ptr_eq(a.address, address);
    ck_assert_uint_eq(a.size, 2048);
    char *end = divider.address;
    ck_assert_int_eq(resize(&divider, 130992), OS_OK); /* at the top: the break grows */
    ck_assert_ptr_eq(divider.address, end);
    ck_assert_uint_gt(machine.brk, 131072);
    expect_sound();
}
END_TEST

START_TEST(aligned_blocks_give_back_what_surrounds_them) {
    for (size_t alignment = 32; alignment <= 65536; alignment *= 2) {
        open_heap();
        struct os_block before = take(48), block;
        ck_assert_int_eq(heap_take(&heap, 64, alignment, &block), OS_OK);
        heap_publish(&heap, &block);
        ck_assert_uint_eq((uintptr_t)block.address % alignment, 0);
        ck_assert_uint_eq(block.size, 64);
        expect_sound();
        ck_assert_uint_eq(heap.arena.counters.granules[STATE_IN_USE] * GRANULE, 112);
        give(block);
        give(before);
        ck_assert_uint_eq(free_blocks(), 1);
        machine_close(&machine);
    }
}
END_TEST

START_TEST(large_blocks_stand_between_guard_pages) {
    open_heap();
    struct os_block block;
    ck_assert_int_eq(heap_take(&heap, 200000, GRANULE, &block), OS_OK);
    heap_publish(&heap, &block);
    ck_assert_uint_eq(block.size, 200704);
    ck_assert(block.zero);
    ck_assert(machine_holds(&machine, block.address, block.size));
    ck_assert(!machine_holds(&machine, block.address - 1, 1));
    ck_assert(!machine_holds(&machine, block.address + block.size, 1));
    memset(block.address, 9, block.size);
    ck_assert_int_eq(resize(&block, 1000000), OS_OK);
    ck_assert_int_eq(block.address[200703], 9);
    ck_assert_int_eq(block.address[200704], 0);
    ck_assert(!machine_holds(&machine, block.address - 1, 1));
    ck_assert(!machine_holds(&machine, block.address + block.size, 1));
    ck_assert_int_eq(resize(&block, 131072), OS_OK);
    ck_assert(!machine_holds(&machine, block.address + 131072, 1));
    expect_sound();
    ck_assert_int_eq(resize(&block, 1024), OS_NO_MEMORY); /* not a large one's size */
    ck_assert_int_eq(heap_take(&heap, (size_t)PTRDIFF_MAX / 16 * 16, GRANULE, &block),
                     OS_NO_MEMORY);
    ck_assert_int_eq(heap_take(&heap, SIZE_MAX / 16 * 16, GRANULE, &block), OS_NO_MEMORY);
    ck_assert_int_eq(heap_take(&heap, 16, (size_t)1 << 63, &block), OS_NO_MEMORY);
}
END_TEST

START_TEST(many_large_blocks_are_found_by_any_address) {
    open_heap();
    static struct os_block held[100];
    for (size_t i = 0; i < 100; i++)
        held[i] = take(131072 + i * 4096);
    for (size_t i = 0; i < 100; i += 3)
        give(held[i]);
    for (size_t i = 0; i < 100; i++) {
        struct os_block found;
        if (i % 3 == 0)
            continue;
        ck_assert_int_eq(heap_find(&heap, held[i].address, &found), OS_OK);
        ck_assert_uint_eq(found.size, held[i].size);
        ck_assert_int_eq(heap_find(&heap, held[i].address + 16, &found),
                         OS_FAULT_INTERIOR);
        ck_assert_ptr_eq(found.address, held[i].address);
        ck_assert_int_eq(heap_find(&heap, held[i].address - 16, &found), OS_FAULT_FORGED);
    }
    expect_sound();
}
END_TEST

START_TEST(another_users_break_is_never_handed_out) {
    static const ptrdiff_t steps[] = {1, 5, 16, 33, 4096, 5000, 100000};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        open_heap();
        machine_foreign_sbrk(&machine, steps[i]);
        struct os_block a = take(100000);
        size_t from = machine.brk;
        machine_foreign_sbrk(&machine, steps[i]);
        size_t to = machine.brk;
        struct os_block b = take(100000), c = take(100000), found;
        struct os_block all[] = {a, b, c};
        for (int k = 0; k < 3; k++) {
            size_t start = (size_t)(all[k].address - machine.memory);
            ck_assert(start + all[k].size <= from || start >= to);
        }
        expect_sound();
        ck_assert_int_eq(heap_find(&heap, machine.memory + from / 16 * 16 + 16, &found),
                         steps[i] > 16 ? OS_FAULT_FOREIGN : OS_OK);
        ck_assert_ptr_null(steps[i] > 16 ? found.address : NULL);
        give(a), give(b), give(c);
        heap_trim(&heap);
        expect_sound();
        machine_close(&machine);
    }
}
END_TEST

START_TEST(a_break_lowered_by_another_user_is_seen) {
    open_heap();
    struct os_block a = take(130000);
    machine.brk -= 40000; /* he takes what is ours */
    ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_H3);
    struct os_block b = take(100000);
    ck_assert(b.address >= a.address + a.size);
    ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_NONE);
}
END_TEST

START_TEST(the_break_comes_back_down) {
    open_heap();
    static struct os_block held[40];
    for (size_t i = 0; i < 40; i++)
        held[i] = take(100000);
    size_t high = machine.brk;
    for (size_t i = 1; i < 40; i++)
        give(held[i]);
    ck_assert_uint_lt(machine.brk, high / 2); /* by itself */
    heap_trim(&heap);
    ck_assert_uint_eq(machine.brk, 131072);
    give(held[0]);
    heap_trim(&heap);
    ck_assert_uint_eq(machine.brk, 131072);
    ck_assert_uint_eq(free_blocks(), 1);
    expect_sound();
}
END_TEST

START_TEST(trimmed_pages_are_known_to_be_zero) {
    open_heap();
    struct os_block low = take(100000), divider = take(16);
    memset(low.address, 0x77, low.size);
    give(low);
    ck_assert(!carve_extent(&heap.arena, low.id).zero);
    heap_trim(&heap);
    ck_assert(carve_extent(&heap.arena, low.id).zero);
    expect_sound(); /* Z1 reads them all */
    struct os_block again = take(100000);
    ck_assert(again.zero && again.address == low.address);
    give(again);
    give(divider);
}
END_TEST

/* A gap too long for a plane to record: a new span begins behind it. */
START_TEST(a_far_jump_of_the_break_opens_a_span) {
    open_heap();
    struct os_block a = take(100000);
    heap.space.span[0].limit = heap.space.span[0].granules + 64;
    machine_foreign_sbrk(&machine, 1 << 20);
    struct os_block b = take(100000);
    ck_assert_uint_eq(heap.space.spans, 2);
    ck_assert_uint_eq(heap.space.break_span, 1);
    struct os_block found;
    ck_assert_int_eq(heap_find(&heap, machine.memory + 200000, &found), OS_FAULT_FOREIGN);
    expect_sound();
    give(b), give(a);
    heap_trim(&heap);
    expect_sound();
}
END_TEST

/* A kernel whose break moves between two calls of it, as another thread's sbrk does. */
static ptrdiff_t intrusion;

static void *sbrk_with_an_intruder(struct os_kernel *kernel, intptr_t increment) {
    static void *(*plain)(struct os_kernel *, intptr_t);
    if (!plain) {
        struct machine other;
        ck_assert(machine_open(&other));
        plain = other.kernel.sbrk;
        machine_close(&other);
    }
    if (increment > 0)
        machine_foreign_sbrk(&machine, intrusion);
    return plain(kernel, increment);
}

START_TEST(a_break_that_moves_between_two_calls) {
    open_heap();
    struct os_block a = take(100000);
    machine.kernel.sbrk = sbrk_with_an_intruder;
    intrusion = 5000;
    struct os_block b = take(100000);
    ck_assert(b.address > a.address + 131072 + 4000);
    expect_sound();
    heap.space.span[0].limit = heap.space.span[0].granules + 10000;
    intrusion = 1 << 20; /* beyond what the plane can record */
    size_t brk = machine.brk;
    struct os_block c = take(100000);
    ck_assert_uint_gt(machine.brk, brk);
    ck_assert_uint_eq(heap.space.break_span, 1);
    expect_sound();
    give(c), give(b), give(a);
    expect_sound();
}
END_TEST

START_TEST(what_is_wrong_with_a_pointer) {
    open_heap();
    struct os_block a = take(64), b = take(64), large = take(200000), found;
    char local;
    ck_assert_int_eq(heap_find(&heap, a.address, &found), OS_OK);
    ck_assert_int_eq(heap_find(&heap, a.address + 16, &found), OS_FAULT_INTERIOR);
    ck_assert_ptr_eq(found.address, a.address);
    ck_assert_uint_eq(found.size, 64);
    ck_assert_int_eq(heap_find(&heap, a.address + 1, &found), OS_FAULT_MISALIGNED);
    ck_assert_int_eq(heap_find(&heap, large.address + 8, &found), OS_FAULT_MISALIGNED);
    ck_assert_int_eq(heap_find(&heap, &local, &found), OS_FAULT_FOREIGN);
    ck_assert_int_eq(heap_find(&heap, machine.memory + machine.brk, &found),
                     OS_FAULT_FOREIGN);
    ck_assert_int_eq(heap_find(&heap, heap.space.span[0].plane.base, &found),
                     OS_FAULT_FORGED);
    ck_assert_int_eq(heap_find(&heap, heap.space.registry.table.base, &found),
                     OS_FAULT_FORGED);
    give(a);
    ck_assert_int_eq(heap_find(&heap, a.address, &found), OS_FAULT_DOUBLE_FREE);
    ck_assert_ptr_eq(found.address, a.address);
    give(b); /* joins left: a block in the midst of a free one */
    ck_assert_int_eq(heap_find(&heap, b.address, &found), OS_FAULT_DOUBLE_FREE);
    ck_assert_ptr_eq(found.address, a.address);
    give(large);
    ck_assert_int_eq(heap_find(&heap, large.address, &found), OS_FAULT_DOUBLE_FREE);
}
END_TEST

int main(void) {
    return suite_run(
        "heap",
        SUITE(the_first_small_request_preallocates_128_kib, splitting_and_joining,
              resizing_in_place, aligned_blocks_give_back_what_surrounds_them,
              large_blocks_stand_between_guard_pages,
              many_large_blocks_are_found_by_any_address,
              another_users_break_is_never_handed_out,
              a_break_lowered_by_another_user_is_seen, the_break_comes_back_down,
              trimmed_pages_are_known_to_be_zero, a_far_jump_of_the_break_opens_a_span,
              a_break_that_moves_between_two_calls, what_is_wrong_with_a_pointer));
}
