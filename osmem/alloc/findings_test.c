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

int main(void) {
    return suite_run("findings", SUITE(each_call_finds_a_written_free_block,
                                       links_come_before_what_is_found_after_them,
                                       one_call_may_find_several_things,
                                       a_failed_system_call_is_a_finding));
}
