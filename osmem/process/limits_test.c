/* Programs whose limits are narrow start, run out of memory, and recover. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "osmem/osmem.h"
#include "props/testing/suite.h"

static const char *program;

static void limit(int resource, rlim_t bytes) {
    struct rlimit limits = {bytes, bytes};
    ck_assert_int_eq(setrlimit(resource, &limits), 0);
}

/* Allocates until NULL, frees all, and allocates again; returns how much it got. */
static size_t exhaust(size_t size) {
    void **list = NULL;
    size_t got = 0;
    for (void **block; (block = os_malloc(size)); got += size) {
        *block = list;
        list = block;
        if (got > (size_t)4 << 30)
            break;
    }
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert(os_check(NULL));
    while (list) {
        void **next = *list;
        os_free(list);
        list = next;
    }
    os_trim();
    void *again = os_malloc(size);
    ck_assert_ptr_nonnull(again);
    os_free(again);
    ck_assert(os_check(NULL));
    return got;
}

/* What the started process does: argv[1] names it. */
static int run_limited(void) {
    char *small = os_malloc(100);
    char *large = os_malloc(1000000);
    if (!small || !large)
        return 1;
    memset(large, 1, 1000000);
    os_free(small);
    os_free(large);
    return os_check(NULL) ? 0 : 1;
}

static int run_under(int resource, rlim_t bytes) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        limit(resource, bytes);
        execl(program, program, "limited", (char *)NULL);
        _exit(99);
    }
    waitpid(child, &status, 0);
    return status;
}

START_TEST(starts_under_ulimit_v) {
    static const rlim_t mebibytes[] = {256, 128, 64, 32};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(run_under(RLIMIT_AS, mebibytes[i] << 20), 0);
}
END_TEST

START_TEST(starts_under_a_small_data_limit) {
    ck_assert_int_eq(run_under(RLIMIT_DATA, (rlim_t)8 << 20), 0);
}
END_TEST

START_TEST(runs_out_of_address_space_and_recovers) {
    limit(RLIMIT_AS, (rlim_t)256 << 20);
    ck_assert_uint_gt(exhaust(1000), (size_t)64 << 20);
    ck_assert_uint_gt(exhaust(300000), (size_t)64 << 20);
    ck_assert_uint_gt(exhaust(70000), (size_t)64 << 20);
}
END_TEST

START_TEST(a_limit_set_later) {
    os_free(os_malloc(100));
    limit(RLIMIT_AS, (rlim_t)512 << 20);
    ck_assert_uint_gt(exhaust(5000), (size_t)64 << 20);
}
END_TEST

START_TEST(the_break_cannot_grow) {
    limit(RLIMIT_DATA, (rlim_t)64 << 20);
    ck_assert_uint_gt(exhaust(1000), (size_t)16 << 20);
}
END_TEST

int main(int argc, char **argv) {
    program = argv[0];
    if (argc > 1 && strcmp(argv[1], "limited") == 0)
        return run_limited();
    return suite_run("limits",
                     SUITE(starts_under_ulimit_v, starts_under_a_small_data_limit,
                           runs_out_of_address_space_and_recovers, a_limit_set_later,
                           the_break_cannot_grow));
}
