#include "osmem/platform/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "props/testing/suite.h"

/* A kernel that fails every call with one errno, whose table keeps the failures. */
struct failing_kernel {
    struct os_kernel kernel;
    int error;
};

static struct failing_kernel failing;

static void *fail_sbrk(struct os_kernel *kernel, intptr_t increment) {
    (void)kernel, (void)increment;
    errno = failing.error;
    return (void *)-1;
}

static void *fail_mmap(struct os_kernel *kernel, size_t length, int protection) {
    (void)kernel, (void)length, (void)protection;
    errno = failing.error;
    return MAP_FAILED;
}

static int fail_range(struct os_kernel *kernel, void *address, size_t length) {
    (void)kernel, (void)address, (void)length;
    errno = failing.error;
    return -1;
}

static int fail_mprotect(struct os_kernel *kernel, void *address, size_t length,
                         int protection) {
    (void)protection;
    return fail_range(kernel, address, length);
}

static void *fail_mremap(struct os_kernel *kernel, void *from, size_t from_length,
                         size_t to_length, void *to) {
    (void)from, (void)from_length, (void)to;
    return fail_mmap(kernel, to_length, 0);
}

static int fail_mincore(struct os_kernel *kernel, void *address, size_t length,
                        unsigned char *pages) {
    (void)pages;
    return fail_range(kernel, address, length);
}

static ssize_t fail_getrandom(struct os_kernel *kernel, void *buffer, size_t length) {
    return fail_range(kernel, buffer, length);
}

static struct os_kernel *kernel_failing_with(int error) {
    failing = (struct failing_kernel){
        .kernel = {.sbrk = fail_sbrk,
                   .mmap = fail_mmap,
                   .munmap = fail_range,
                   .mprotect = fail_mprotect,
                   .mremap = fail_mremap,
                   .madvise = fail_range,
                   .mincore = fail_mincore,
                   .getrandom = fail_getrandom,
                   .page = 4096},
        .error = error,
    };
    return &failing.kernel;
}

static void expect_none_failed(void) {
    int error;
    ck_assert_ptr_null(sys_failed(&failing.kernel, &error));
}

/* It is handed out once. */
static void expect_failed_call(const char *name) {
    int error = 0;
    const char *call = sys_failed(&failing.kernel, &error);
    ck_assert_ptr_nonnull(call);
    ck_assert_str_eq(call, name);
    ck_assert_int_eq(error, failing.error);
    expect_none_failed();
}

START_TEST(a_shortage_or_a_denial_is_an_answer) {
    static const int refusals[] = {ENOMEM, EAGAIN, EPERM, EACCES, ENOSYS};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct os_kernel *kernel = kernel_failing_with(refusals[i]);
        char byte = 5;
        unsigned char page;
        ck_assert_ptr_null(sys_sbrk(kernel, 16));
        ck_assert_ptr_null(sys_reserve(kernel, 4096));
        ck_assert_ptr_null(sys_map(kernel, 4096));
        ck_assert(!sys_unmap(kernel, &byte, 1) && !sys_commit(kernel, &byte, 1));
        ck_assert(!sys_guard(kernel, &byte, 1) && !sys_move(kernel, &byte, 1, 1, &byte));
        ck_assert(!sys_discard(kernel, &byte, 1) && !sys_random(kernel, &byte, 1));
        ck_assert(!sys_resident(kernel, &byte, 1, &page));
        ck_assert_int_eq(byte, 5);
        expect_none_failed();
    }
}
END_TEST

START_TEST(any_other_failure_names_its_call) {
    struct os_kernel *kernel = kernel_failing_with(EBADF);
    char byte;
    ck_assert_ptr_null(sys_sbrk(kernel, 16));
    expect_failed_call("sbrk");
    ck_assert_ptr_null(sys_reserve(kernel, 4096));
    expect_failed_call("mmap");
    ck_assert_ptr_null(sys_map(kernel, 4096));
    expect_failed_call("mmap");
    ck_assert(!sys_unmap(kernel, &byte, 1));
    expect_failed_call("munmap");
    ck_assert(!sys_commit(kernel, &byte, 1));
    expect_failed_call("mprotect");
    ck_assert(!sys_guard(kernel, &byte, 1));
    expect_failed_call("mprotect");
    ck_assert(
        !sys_move(kernel, &byte, 1, 1, &byte)); /* a program's mlock can cause that */
    expect_none_failed();
    ck_assert(!sys_discard(kernel, &byte, 1));
    expect_failed_call("madvise");
    unsigned char page;
    ck_assert(!sys_resident(kernel, &byte, 1, &page));
    expect_failed_call("mincore");
    ck_assert(!sys_random(kernel, &byte, 1));
    expect_none_failed();
    failing.error = EINVAL; /* what madvise says of locked pages */
    ck_assert(!sys_discard(kernel, &byte, 1));
    expect_none_failed();
}
END_TEST

START_TEST(the_real_kernel_serves) {
    struct os_kernel kernel;
    sys_real_kernel(&kernel);
    char *from = sys_reserve(&kernel, 4 * kernel.page);
    ck_assert(sys_commit(&kernel, from, 2 * kernel.page));
    memset(from, 7, 2 * kernel.page);
    ck_assert(sys_discard(&kernel, from, kernel.page));
    ck_assert(from[0] == 0 && from[kernel.page] == 7);
    char *to = sys_reserve(&kernel, 8 * kernel.page);
    ck_assert(sys_move(&kernel, from, 2 * kernel.page, 3 * kernel.page, to));
    ck_assert(to[kernel.page] == 7 && to[3 * kernel.page - 1] == 0);
    ck_assert(sys_guard(&kernel, to, kernel.page));
    ck_assert(sys_unmap(&kernel, to, 8 * kernel.page));
    uint64_t random[2] = {0};
    ck_assert(sys_random(&kernel, random, sizeof random) && random[0] != random[1]);
    char *old = sys_sbrk(&kernel, 32);
    ck_assert_ptr_eq(sys_sbrk(&kernel, -32), old + 32);
    ck_assert_ptr_eq(sys_sbrk(&kernel, 0), old);
    char *map = sys_map(&kernel, kernel.page);
    ck_assert_int_eq(map[0], 0);
}
END_TEST

int main(void) {
    return suite_run("sys",
                     SUITE(a_shortage_or_a_denial_is_an_answer,
                           any_other_failure_names_its_call, the_real_kernel_serves));
}
