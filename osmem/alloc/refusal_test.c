/*
 * Every kernel call refused in turn: a refusal is an answer, the heap is as it was, and
 * everything can be freed and given back afterwards.
 */
#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/alloc/heap.h"
#include "osmem/alloc/heap_state.h"
#include "osmem/check/check.h"
#include "osmem/check/walk.h"
#include "props/testing/suite.h"

enum {
    STEPS_MAX = 16,
};

enum step_kind {
    STEP_END,
    STEP_TAKE,
    STEP_ALIGN,
    STEP_RESIZE,
    STEP_GIVE,
    STEP_TRIM,
    STEP_SBRK,
};

struct step {
    enum step_kind kind;
    unsigned slot;
    size_t size; /* or alignment, or what another user of sbrk adds */
};

static const struct step scenarios[][STEPS_MAX] = {
    {{STEP_TAKE, 0, 112}, {STEP_TAKE, 1, 100000}, {STEP_TAKE, 2, 100000}},
    {{STEP_TAKE, 0, 100000},
     {STEP_SBRK, 0, 5000},
     {STEP_TAKE, 1, 100000},
     {STEP_TAKE, 2, 65536}},
    {{STEP_SBRK, 0, 33},
     {STEP_TAKE, 0, 130000},
     {STEP_TAKE, 1, 130000},
     {STEP_TRIM, 0, 0}},
    {{STEP_TAKE, 0, 200000},
     {STEP_TAKE, 1, 300000},
     {STEP_GIVE, 0, 0},
     {STEP_TAKE, 2, 200000}},
    {{STEP_TAKE, 0, 200000}, {STEP_RESIZE, 0, 400000}, {STEP_RESIZE, 0, 140000}},
    {{STEP_ALIGN, 0, 4096}, {STEP_ALIGN, 1, 65536}, {STEP_ALIGN, 2, 1 << 20}},
    {{STEP_TAKE, 0, 100000}, {STEP_RESIZE, 0, 130000}, {STEP_RESIZE, 0, 16}},
    {{STEP_TAKE, 0, 120000},
     {STEP_TAKE, 1, 120000},
     {STEP_TAKE, 2, 120000},
     {STEP_TAKE, 3, 120000},
     {STEP_TAKE, 4, 120000},
     {STEP_TAKE, 5, 120000},
     {STEP_TAKE, 6, 120000},
     {STEP_TAKE, 7, 120000},
     {STEP_TAKE, 8, 120000},
     {STEP_TAKE, 9, 120000},
     {STEP_TAKE, 10, 120000},
     {STEP_TAKE, 11, 120000},
     {STEP_TRIM, 0, 0},
     {STEP_TAKE, 12, 120000}},
};

static struct machine machine;
static struct os_heap heap;
static struct os_block slots[STEPS_MAX];

static bool add_in_use(void *context, const struct walk_block *block) {
    if (block->state == STATE_IN_USE)
        *(uint64_t *)context +=
            (uint64_t)(block->address - machine.memory) * 31 + block->size;
    return true;
}

static uint64_t digest(void) {
    uint64_t sum = 0;
    walk_heap(&heap, add_in_use, &sum);
    return sum;
}

static void expect_sound(void) {
    struct check_breach breach = check_heap(&heap, CHECK_FULL);
    ck_assert_msg(breach.invariant == INVARIANT_NONE, "%s: %s",
                  check_name(breach.invariant), check_rule(breach.invariant));
    ck_assert_msg(!machine_check(&machine, true), "%s", machine.wrong);
}

static enum os_status run_step(const struct step *step) {
    struct os_block *block = &slots[step->slot];
    switch (step->kind) {
    case STEP_TAKE:
        return heap_take(&heap, step->size / 16 * 16, GRANULE, block);
    case STEP_ALIGN:
        return heap_take(&heap, 4096, step->size, block);
    case STEP_RESIZE:
        return block->address ? heap_resize(&heap, block, step->size / 16 * 16) : OS_OK;
    case STEP_GIVE:
        if (block->address)
            heap_give(&heap, block);
        block->address = NULL;
        return OS_OK;
    case STEP_TRIM:
        heap_trim(&heap);
        return OS_OK;
    default:
        machine_foreign_sbrk(&machine, (ptrdiff_t)step->size);
        return OS_OK;
    }
}

/* Bytes of mappings that the heap keeps for itself. */
static size_t own_mappings(void) {
    size_t bytes =
        heap.space.registry.table.length + page_map_reserved(&heap.space.pages);
    for (unsigned i = 0; i < heap.space.spans; i++)
        bytes += heap.space.span[i].plane.length + heap.space.span[i].reservation;
    return bytes;
}

static void give_all_back(void) {
    machine_refuse(&machine, 1, 0);
    for (unsigned i = 0; i < STEPS_MAX; i++)
        if (slots[i].address)
            heap_give(&heap, &slots[i]);
    heap_trim(&heap);
    expect_sound();
    ck_assert_uint_eq(heap.arena.counters.blocks_in_use + heap.space.registry.count, 0);
    ck_assert_uint_eq(machine_mapped(&machine), own_mappings());
}

/* Runs a scenario with `count` calls refused from the k-th on; true if any was. */
static bool run_refusing(const struct step *steps, size_t k, size_t count) {
    machine_reset(&machine);
    machine_refuse(&machine, k, count);
    heap_init(&heap, &machine.kernel);
    memset(slots, 0, sizeof slots);
    for (; steps->kind != STEP_END; steps++) {
        uint64_t before = digest();
        size_t refused = machine.refused;
        enum os_status fault = run_step(steps);
        ck_assert(fault == OS_OK || fault == OS_NO_MEMORY);
        if (fault == OS_NO_MEMORY && steps->kind != STEP_RESIZE)
            ck_assert_uint_gt(machine.refused, refused);
        if (fault == OS_NO_MEMORY)
            ck_assert_uint_eq(digest(), before);
        expect_sound();
    }
    bool any = machine.refused > 0;
    give_all_back();
    return any;
}

START_TEST(each_call_refused_in_turn) {
    static const size_t counts[] = {1, 2, 3, 1000};
    ck_assert(machine_open(&machine));
    size_t refusals = 0;
    for (size_t s = 0; s < sizeof scenarios / sizeof scenarios[0]; s++)
        for (size_t c = 0; c < 4; c++)
            for (size_t k = 1; run_refusing(scenarios[s], k, counts[c]); k++)
                refusals++;
    ck_assert_uint_gt(refusals, 150);
}
END_TEST

START_TEST(a_refused_munmap_is_tried_again) {
    ck_assert(machine_open(&machine));
    heap_init(&heap, &machine.kernel);
    struct os_block block, other;
    ck_assert_int_eq(heap_take(&heap, 200000, GRANULE, &block), OS_OK);
    machine_refuse(&machine, 1, 1);
    heap_give(&heap, &block);
    ck_assert_uint_eq(heap.space.counters.large_idle, 1);
    ck_assert_int_eq(heap_find(&heap, block.address, &other), OS_FAULT_DOUBLE_FREE);
    expect_sound();
    heap_trim(&heap);
    ck_assert_uint_eq(heap.space.counters.large_idle, 0);
    ck_assert_uint_eq(machine_mapped(&machine), own_mappings());
}
END_TEST

START_TEST(refused_guard_pages_mean_none) {
    ck_assert(machine_open(&machine));
    heap_init(&heap, &machine.kernel);
    struct os_block first, block;
    ck_assert_int_eq(heap_take(&heap, 200000, GRANULE, &first), OS_OK);
    machine_refuse(&machine, 2, 1); /* mmap is granted, mprotect is not */
    ck_assert_int_eq(heap_take(&heap, 200000, GRANULE, &block), OS_OK);
    ck_assert_uint_eq(heap.space.counters.unguarded, 1);
    ck_assert_int_eq(heap_resize(&heap, &block, 150000 / 16 * 16), OS_OK);
    ck_assert_uint_eq(block.size, 151552);
    ck_assert_int_eq(heap_resize(&heap, &block, 500000), OS_OK);
    expect_sound();
    heap_give(&heap, &block);
    heap_give(&heap, &first);
    ck_assert_uint_eq(machine_mapped(&machine), own_mappings());
}
END_TEST

/* The registry, the mapping, and the page map, each refused in turn. */
START_TEST(a_refused_large_block_leaves_nothing_behind) {
    ck_assert(machine_open(&machine));
    bool refused = true;
    for (size_t k = 1; refused; k++) {
        struct os_block block;
        machine_reset(&machine);
        heap_init(&heap, &machine.kernel);
        machine_refuse(&machine, k, 1000);
        refused = heap_take(&heap, 200000, GRANULE, &block) != OS_OK;
        machine_refuse(&machine, 1, 0);
        heap_release_reserve(&heap); /* a munmap may have been refused, too */
        ck_assert_uint_eq(heap.space.registry.count, refused ? 0 : 1);
        if (refused)
            ck_assert_uint_eq(machine_mapped(&machine), own_mappings());
        ck_assert(refused || k > 4);
        expect_sound();
    }
}
END_TEST

START_TEST(a_full_heap_recovers) {
    ck_assert(machine_open(&machine));
    heap_init(&heap, &machine.kernel);
    static struct os_block held[4096];
    size_t count = 0;
    while (heap_take(&heap, 65536, GRANULE, &held[count]) == OS_OK)
        count++;
    ck_assert_uint_gt(count, 16 * 16); /* the whole break, and spans beyond it */
    ck_assert_uint_gt(heap.space.spans, 1);
    expect_sound();
    for (size_t i = 0; i < count; i++)
        heap_give(&heap, &held[i]);
    heap_trim(&heap);
    expect_sound();
    ck_assert_int_eq(heap_take(&heap, 100000, GRANULE, &held[0]), OS_OK);
}
END_TEST

int main(void) {
    return suite_run("refusal",
                     SUITE(each_call_refused_in_turn, a_refused_munmap_is_tried_again,
                           refused_guard_pages_mean_none,
                           a_refused_large_block_leaves_nothing_behind,
                           a_full_heap_recovers));
}
