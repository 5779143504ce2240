/* What a call finds besides its pointer is collected, in order, and the call is served. */
#include <errno.h>
#include <string.h>

#include "osmem/alloc/alloc_testing.h"

/* Three free blocks with blocks in use around them; the last one freed is written over. */
static char *freed[3], *barrier[4];

static void write_after_free(void) {
    open_light();
    for (int i = 0; i < 3; i++) {
        barrier[i] = do_malloc(16);
        freed[i] = do_malloc(32);
    }
    barrier[3] = do_malloc(16);
    for (int i = 0; i < 3; i++)
        do_free(freed[i]);
    memset(freed[2], 0x41, 16);
}

/* Once, with what stood there; the call is served, and so are all after it. */
static void expect_written(const char *function) {
    expect_fault(OS_FAULT_FREE_LINK, function);
    ck_assert_ptr_eq(last.block, freed[2]);
    ck_assert_ptr_eq(last.address, freed[2]);
    ck_assert_uint_eq(last.size, 32);
    ck_assert_mem_eq(last.links, "AAAAAAAAAAAAAAAA", 16);
    ck_assert(do_check("exit"));
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(do_malloc(32));
    ck_assert_int_eq(faults, 0);
    machine_close(&machine);
}

START_TEST(each_call_finds_a_written_free_block) {
    write_after_free();
    ck_assert_ptr_nonnull(do_malloc(32));
    expect_written("os_malloc");
    write_after_free();
    char *clear = do_calloc(1, 32);
    ck_assert(clear[0] == 0 && memcmp(clear, clear + 1, 31) == 0);
    expect_written("os_calloc");
    write_after_free();
    ck_assert_ptr_nonnull(do_aligned_alloc(16, 32));
    expect_written("os_aligned_alloc");
    write_after_free();
    ck_assert_ptr_eq(do_realloc(barrier[2], 48), barrier[2]);
    expect_written("os_realloc");
    for (int i = 2; i < 4; i++) {
        write_after_free();
        do_free(barrier[i]); /* joins it */
        expect_written("os_free");
    }
    write_after_free();
    ck_assert(!do_check("os_check"));
    expect_written("os_check");
}
END_TEST

/* The block's fill, which a call verifies after its links, comes after them. */
START_TEST(links_come_before_what_is_found_after_them) {
    static struct os_options options;
    write_after_free();
    options = options_of_tier[TIER_FULL];
    options.quarantine = options.guard = options.sample = 0;
    alloc_init(&alloc, &machine.kernel);
    alloc_set_options(&alloc, &options);
    char *block = do_malloc(40), *divider = do_malloc(40);
    do_free(block);
    memset(block, 0x41, 48);
    struct os_call *call = begin();
    ck_assert_ptr_eq(alloc_malloc(&alloc, call, 40), block);
    ck_assert_uint_eq(call->findings.count, 2);
    ck_assert_int_eq(call->findings.finding[0].kind, OS_FAULT_FREE_LINK);
    ck_assert_mem_eq(call->findings.finding[0].links, "AAAAAAAAAAAAAAAA", 16);
    ck_assert_int_eq(call->findings.finding[1].kind, OS_FAULT_WRITE_AFTER_FREE);
    ck_assert_str_eq(call->findings.finding[1].function, "os_malloc");
    (void)divider;
}
END_TEST

START_TEST(one_call_may_find_several_things) {
    write_after_free();
    memset(freed[0], 0x42, 16);
    ck_assert_ptr_nonnull(do_malloc(32));
    ck_assert_int_eq(faults, 2);
    ck_assert(do_check("exit"));
}
END_TEST

/* The kernel fails for a reason other than memory: the call is served, and the failure found. */
static int fail_munmap(struct os_kernel *kernel, void *address, size_t length) {
    (void)kernel, (void)address, (void)length;
    errno = EINVAL;
    return -1;
}

START_TEST(a_failed_system_call_is_a_finding) {
    open_light();
    char *large = do_malloc(200000);
    machine.kernel.munmap = fail_munmap;
    do_free(large);
    expect_fault(OS_FAULT_SYSCALL, "os_free");
    ck_assert_str_eq(last.detail, "munmap");
    ck_assert_int_eq(last.number, EINVAL);
    do_free(do_malloc(10));
    ck_assert_int_eq(faults, 0);
}
END_TEST

/* Eight bytes of canary behind 40, and a block right behind it: which of them fit both, and reach the
 * end of what is watched. */
START_TEST(damage_that_fits_two_blocks_names_both) {
    static const struct {
        size_t from, to;
        enum os_status kind, other;
        bool at_least;
    } damages[] = {
        {0, 1, OS_FAULT_OVERFLOW, OS_OK, false},
        {0, 7, OS_FAULT_OVERFLOW, OS_OK, false},
        {0, 8, OS_FAULT_OVERFLOW, OS_FAULT_UNDERFLOW, true},
        {3, 4, OS_FAULT_OVERFLOW, OS_FAULT_UNDERFLOW, false},
        {4, 8, OS_FAULT_UNDERFLOW, OS_FAULT_OVERFLOW, true},
        {7, 8, OS_FAULT_UNDERFLOW, OS_FAULT_OVERFLOW, true},
    };
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++)
        for (int has_right = 0; has_right < 2; has_right++) {
            open_light();
            alloc_set_options(&alloc, &options_of_tier[TIER_STANDARD]);
            char *block = do_malloc(40), *right = do_malloc(100);
            if (!has_right)
                do_free(right);
            for (size_t at = damages[i].from; at < damages[i].to; at++)
                block[40 + at] ^= 0x41;
            do_free(block);
            expect_fault(has_right ? damages[i].kind : OS_FAULT_OVERFLOW, "os_free");
            ck_assert_int_eq(last.other.kind, has_right ? damages[i].other : OS_OK);
            ck_assert_int_eq(last.at_least, damages[i].at_least);
            if (last.other.kind != OS_OK) {
                bool is_left = last.other.kind == OS_FAULT_OVERFLOW;
                ck_assert_ptr_eq(last.other.block, is_left ? block : right);
                ck_assert_uint_eq(last.other.size, is_left ? 40 : 100);
            }
            machine_close(&machine);
        }
}
END_TEST

/* Behind a large block its page is watched, and in front of it its padding. */
START_TEST(damage_up_to_a_guard_page_is_at_least_that) {
    open_full();
    char *block = do_malloc(200001); /* of 200016 bytes */
    block[200015] ^= 1;
    ck_assert_uint_eq(do_usable_size(block), 0);
    expect_fault(OS_FAULT_OVERFLOW, "os_usable_size");
    ck_assert(last.at_least);
    block[200015] ^= 1;
    block[200001] ^= 1;
    ck_assert_uint_eq(do_usable_size(block), 0);
    expect_fault(OS_FAULT_OVERFLOW, "os_usable_size");
    ck_assert(!last.at_least);
    block[200001] ^= 1;
    size_t padding = (uintptr_t)block % MACHINE_PAGE;
    ck_assert_uint_gt(padding, 1);
    block[-1] ^= 1;
    do_usable_size(block);
    expect_fault(OS_FAULT_UNDERFLOW, "os_usable_size");
    ck_assert(!last.at_least);
    block[-(ptrdiff_t)padding] ^= 1;
    do_usable_size(block);
    expect_fault(OS_FAULT_UNDERFLOW, "os_usable_size");
    ck_assert(last.at_least);
}
END_TEST

static enum finding_past past_of(char *address) {
    do_free(address);
    expect_fault(OS_FAULT_DOUBLE_FREE, "os_free");
    return last.past;
}

/* Free blocks that were joined are one, of which only a part was allocated. */
START_TEST(memory_that_was_never_allocated) {
    open_light();
    char *block = do_malloc(100), *divider = do_malloc(16), *end = do_malloc(16);
    ck_assert_int_eq(past_of(end + 4096), PAST_NONE);
    do_free(end);
    ck_assert_int_eq(past_of(end + 4096), PAST_UNKNOWN);
    do_free(block);
    ck_assert_int_eq(past_of(block), PAST_UNKNOWN);
    char *large = do_malloc(300000);
    do_free(large);
    ck_assert_int_eq(past_of(large), PAST_FREED);
    do_free(divider);
    machine_close(&machine);
    open_full();
    block = do_malloc(100);
    do_free(block);
    ck_assert_int_eq(past_of(block), PAST_FREED);
}
END_TEST

int main(void) {
    return suite_run("findings", SUITE(each_call_finds_a_written_free_block,
                                       links_come_before_what_is_found_after_them,
                                       one_call_may_find_several_things,
                                       a_failed_system_call_is_a_finding,
                                       damage_that_fits_two_blocks_names_both,
                                       damage_up_to_a_guard_page_is_at_least_that,
                                       memory_that_was_never_allocated));
}
