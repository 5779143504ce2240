#include "osmem/space/span.h"

#include "fuzz/machine/machine.h"
#include "osmem/space/policy.h"
#include "osmem/space/space.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct os_space space;

static void open_space(void) {
    ck_assert(machine_open(&machine));
    space_init(&space, &machine.kernel);
}

static struct span_gain extend(size_t bytes) {
    struct span_gain gain;
    ck_assert_uint_ne(span_open_break(&space), SPANS_MAX);
    ck_assert_int_eq(span_extend_break(&space, bytes, &gain), OS_OK);
    return gain;
}

static void expect_sentinels(const struct os_span *span) {
    ck_assert_uint_eq(tags_load(span->tags - 1), TAG_NOT_OURS);
    ck_assert_uint_eq(tags_load(span->tags + span_granules(span)), TAG_NOT_OURS);
    for (size_t i = 0; i < span_granules(span); i++)
        ck_assert_uint_eq(tags_load(span->tags + i), TAG_INSIDE);
}

START_TEST(a_gain_is_zero_and_within_the_span) {
    open_space();
    ck_assert_uint_eq(span_of(&space, machine.memory), SPANS_MAX);
    struct span_gain gain = extend(16);
    ck_assert_uint_eq(gain.from + gain.not_ours, 0);
    ck_assert_uint_eq(gain.granules * GRANULE, POLICY_PREALLOCATION);
    ck_assert(gain.zero);
    gain = extend(200000);
    ck_assert_uint_eq(gain.from * GRANULE, POLICY_PREALLOCATION);
    ck_assert_uint_ge(gain.granules * GRANULE, 200000);
    expect_sentinels(&space.span[0]);
    ck_assert_uint_eq(span_of(&space, machine.memory), 0);
    ck_assert_uint_eq(span_of(&space, machine.memory + machine.brk - 1), 0);
    ck_assert_uint_eq(span_of(&space, machine.memory + machine.brk), SPANS_MAX);
    ck_assert_uint_eq(span_of(&space, NULL), SPANS_MAX);
}
END_TEST

START_TEST(what_another_user_took_is_a_gap) {
    open_space();
    extend(16);
    ck_assert(span_break_continues(&space, 0, 16));
    machine_foreign_sbrk(&machine, 5000);
    ck_assert(!span_break_continues(&space, 0, 16));
    struct span_gain gain = extend(1000);
    ck_assert_uint_eq(gain.from * GRANULE, POLICY_PREALLOCATION);
    ck_assert_uint_eq(gain.not_ours, (5000 + 15) / GRANULE);
    ck_assert_uint_gt(space.counters.clears, 0); /* the rest of his page */
    expect_sentinels(&space.span[0]);
}
END_TEST

START_TEST(the_break_is_lowered_by_whole_pages) {
    open_space();
    extend(16);
    extend(300000);
    size_t high = machine.brk, granules = space.span[0].granules;
    const char *lowest = machine.memory + POLICY_PREALLOCATION + 1;
    size_t bytes = span_retractable(&space, lowest);
    ck_assert_uint_eq(bytes, high - POLICY_PREALLOCATION - MACHINE_PAGE);
    machine_refuse(&machine, 1, 1);
    if (!span_retract(&space, bytes / GRANULE, bytes)) /* some kernels never refuse it */
        ck_assert_uint_eq(space.span[0].granules, granules);
    machine_refuse(&machine, 1, 0);
    if (machine.brk == high)
        ck_assert(span_retract(&space, bytes / GRANULE, bytes));
    ck_assert_uint_eq(machine.brk, high - bytes);
    ck_assert_uint_eq(space.counters.given_back, bytes);
    expect_sentinels(&space.span[0]);
    ck_assert_uint_eq(span_retractable(&space, machine.memory),
                      machine.brk - POLICY_PREALLOCATION); /* never below the first end */
    machine_foreign_sbrk(&machine, 16);
    ck_assert_uint_eq(span_retractable(&space, machine.memory), 0);
}
END_TEST

START_TEST(a_refusal_leaves_the_space_as_it_was) {
    for (size_t k = 1; k < 6; k++) {
        open_space();
        struct span_gain gain;
        machine_refuse(&machine, k, 100);
        if (span_open_break(&space) != SPANS_MAX)
            ck_assert_int_eq(span_extend_break(&space, 16, &gain),
                             k > 3 ? OS_OK : OS_NO_MEMORY);
        ck_assert_uint_eq(span_granules(&space.span[0]) > 0, k > 3);
        machine_refuse(&machine, 1, 0);
        extend(16);
        expect_sentinels(&space.span[0]);
        ck_assert_uint_eq(space_spans(&space), 1);
        machine_close(&machine);
    }
}
END_TEST

START_TEST(reserved_address_space_is_committed_from_the_bottom_up) {
    open_space();
    unsigned number = span_open_mapped(&space, 100);
    ck_assert_uint_eq(number, 0);
    const struct os_span *span = &space.span[0];
    ck_assert_uint_eq(span_granules(span), 0);
    ck_assert_uint_eq(span_of(&space, span->base), SPANS_MAX);
    struct span_gain gain;
    machine_refuse(&machine, 1, 1);
    ck_assert_int_eq(span_extend_mapped(&space, number, 1600, &gain), OS_NO_MEMORY);
    ck_assert_uint_eq(span_granules(span), 0);
    ck_assert_int_eq(span_extend_mapped(&space, number, 1600, &gain), OS_OK);
    ck_assert_uint_eq(gain.granules * GRANULE, POLICY_GROWTH);
    ck_assert(machine_holds(&machine, span->base, POLICY_GROWTH));
    ck_assert(!machine_holds(&machine, span->base + POLICY_GROWTH, 1));
    ck_assert_uint_eq(span_of(&space, span->base + POLICY_GROWTH - 1), 0);
    expect_sentinels(span);
    ck_assert_int_eq(span_extend_mapped(&space, number, space.span[0].reservation, &gain),
                     OS_NO_MEMORY);
}
END_TEST

START_TEST(a_callers_memory_becomes_a_span) {
    static char memory[4096];
    struct span_gain gain;
    for (size_t size = 0; size < 200; size++) {
        open_space();
        if (span_adopt(&space, memory + 1, size, &gain) == OS_OK) {
            ck_assert_uint_ge(gain.granules, 1);
            const char *end = space.span[0].base + gain.granules * GRANULE;
            ck_assert(end <= memory + 1 + size);
            expect_sentinels(&space.span[0]);
        } else {
            ck_assert_uint_lt(size, 160);
        }
        machine_close(&machine);
    }
}
END_TEST

/* Where the break cannot grow at all; nothing of it is ever touched. */
START_TEST(reserved_spans_reach_hundreds_of_gigabytes) {
    struct os_kernel kernel;
    size_t reserved = 0;
    sys_real_kernel(&kernel);
    sys_without_break(&kernel);
    space_init(&space, &kernel);
    for (unsigned i = 0; i < SPANS_MAX; i++) {
        unsigned number = span_open_mapped(&space, 1);
        ck_assert_uint_eq(number, i);
        ck_assert_uint_ge(space.span[i].reservation, POLICY_SPAN);
        ck_assert_uint_le(space.span[i].limit * GRANULE, space.span[i].reservation);
        reserved += space.span[i].limit * GRANULE;
    }
    ck_assert_uint_eq(span_open_mapped(&space, 1), SPANS_MAX);
    ck_assert_uint_gt(reserved, (size_t)350 << 30);
}
END_TEST

static size_t limit_of_address_space;

static size_t limit(struct os_kernel *kernel) {
    (void)kernel;
    return limit_of_address_space;
}

/* And tables for all of the rest fit in what it leaves. */
START_TEST(a_plane_is_a_share_of_the_limit) {
    for (size_t mebibytes = 16; mebibytes <= 4096; mebibytes *= 2) {
        open_space();
        machine.kernel.limit = limit;
        limit_of_address_space = mebibytes << 20;
        ck_assert_uint_ne(span_open_break(&space), SPANS_MAX);
        size_t share = mebibytes << 20 >> 4;
        size_t most = share < POLICY_PLANE ? share : POLICY_PLANE;
        ck_assert_uint_eq(space.span[0].plane.reserved, most);
        machine_close(&machine);
    }
}
END_TEST

START_TEST(inner_pages_are_whole) {
    open_space();
    char *base = machine.memory;
    struct span_pages pages = span_inner_pages(&space, base + 16, 3 * MACHINE_PAGE);
    ck_assert_ptr_eq(pages.start, base + MACHINE_PAGE);
    ck_assert_uint_eq(pages.length, 2 * MACHINE_PAGE);
    pages = span_inner_pages(&space, base, 2 * MACHINE_PAGE);
    ck_assert_uint_eq(pages.length, 2 * MACHINE_PAGE);
    pages = span_inner_pages(&space, base + 16, MACHINE_PAGE);
    ck_assert_uint_eq(pages.length, 0);
}
END_TEST

int main(void) {
    return suite_run(
        "span",
        SUITE(a_gain_is_zero_and_within_the_span, what_another_user_took_is_a_gap,
              the_break_is_lowered_by_whole_pages, a_refusal_leaves_the_space_as_it_was,
              reserved_address_space_is_committed_from_the_bottom_up,
              a_callers_memory_becomes_a_span, reserved_spans_reach_hundreds_of_gigabytes,
              a_plane_is_a_share_of_the_limit, inner_pages_are_whole));
}
