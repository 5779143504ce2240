/* Programs whose limits are narrow start, run out of memory, and recover. */
#include <errno.h>
#include <stdio.h>
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

/* How many MiB can be had in blocks of 64 KiB, and of 300 KB; argv[1] names it. */
static int count_mebibytes(size_t size) {
    size_t got = 0;
    for (void *block; (block = os_malloc(size)) != NULL; got += size)
        memset(block, 1, size);
    return (int)(got >> 20);
}

static int run_program(int resource, rlim_t bytes, const char *what) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        limit(resource, bytes);
        execl(program, program, what, (char *)NULL);
        _exit(99);
    }
    waitpid(child, &status, 0);
    return status;
}

static int run_under(int resource, rlim_t bytes) {
    return run_program(resource, bytes, "limited");
}

START_TEST(starts_under_ulimit_v) {
    static const rlim_t mebibytes[] = {256, 128, 64, 32};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(run_under(RLIMIT_AS, mebibytes[i] << 20), 0);
}
END_TEST

/* What the heap reserves for itself is a share of the limit, whatever that is. */
static void expect_growth(const char *what) {
    int first = 0, last = 0;
    for (int mebibytes = 40; mebibytes <= 200; mebibytes += 8) {
        int status = run_program(RLIMIT_AS, (rlim_t)mebibytes << 20, what);
        ck_assert_msg(WIFEXITED(status), "%d MiB: status %d", mebibytes, status);
        int got = WEXITSTATUS(status);
        ck_assert_msg(got >= last, "%d MiB: %d, before %d", mebibytes, got, last);
        last = got;
        if (!first)
            first = got;
    }
    ck_assert_int_ge(last - first, (200 - 40) * 85 / 100);
}

START_TEST(usable_memory_grows_with_the_limit) {
    expect_growth("small");
    expect_growth("large");
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

static size_t mappings(void) {
    size_t lines = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    for (int byte; (byte = getc(maps)) != EOF;)
        lines += byte == '\n';
    fclose(maps);
    return lines;
}

/* The system allows a process 65,530 mappings by default; none of the blocks is touched. */
START_TEST(very_many_large_blocks_leave_mappings_for_others) {
    enum {
        BLOCKS = 40000
    };
    static void *block[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        ck_assert_ptr_nonnull(block[i] = os_malloc(135168));
    ck_assert_uint_lt(mappings(), 30000);
    struct os_stats stats;
    os_stats(&stats);
    ck_assert_uint_lt(stats.unguarded, BLOCKS);
    for (int i = 0; i < BLOCKS; i++) { /* 7919 is prime */
        os_free(block[(size_t)i * 7919 % BLOCKS]);
        if (i % 5000 == 0)
            ck_assert_uint_lt(mappings(), 60000);
    }
    os_stats(&stats);
    ck_assert_uint_eq(stats.large_blocks + stats.idle_mappings, 0);
    ck_assert_uint_lt(mappings(), 500); /* some are kept for reuse */
    os_trim();
    ck_assert_uint_lt(mappings(), 100);
    size_t unguarded = stats.unguarded; /* there are guard pages again */
    ck_assert_ptr_nonnull(os_malloc(270336));
    os_stats(&stats);
    ck_assert_uint_eq(stats.unguarded, unguarded);
}
END_TEST

int main(int argc, char **argv) {
    program = argv[0];
    if (argc > 1 && strcmp(argv[1], "limited") == 0)
        return run_limited();
    if (argc > 1)
        return count_mebibytes(strcmp(argv[1], "small") == 0 ? 65536 : 300000);
    return suite_run("limits",
                     SUITE(starts_under_ulimit_v, usable_memory_grows_with_the_limit,
                           starts_under_a_small_data_limit,
                           runs_out_of_address_space_and_recovers, a_limit_set_later,
                           very_many_large_blocks_leave_mappings_for_others,
                           the_break_cannot_grow));
}
