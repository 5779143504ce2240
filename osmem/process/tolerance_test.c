/* What the default tier reports once, and goes on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "osmem/osmem.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

static char text[8192];
static void *volatile hidden;

static void *hide(void *pointer) {
    hidden = pointer;
    return hidden;
}

/* As by a base class: more than a block's size, and less. */
static void free_by_other_sizes(void) {
    struct os_stats before, after;
    os_free(os_malloc(1));
    os_stats(&before);
    for (size_t i = 0; i < 100; i++) {
        os_free_sized(hide(os_malloc(100)), 8);
        os_free_sized(hide(os_malloc(200000)), 400000);
        os_free_aligned_sized(hide(os_malloc(100)), 48, 100);
    }
    os_stats(&after);
    exit(before.blocks_in_use == after.blocks_in_use ? 41 : 42);
}

START_TEST(another_size_is_reported_once_and_the_block_is_freed) {
    int status = child_run(free_by_other_sizes, text, sizeof text);
    ck_assert_msg(child_exited(status, 41), "%s", text);
    const char *first = strstr(text, "osmem: size-mismatch: ");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "osmem: size-mismatch: "));
    ck_assert_ptr_nonnull(strstr(text, "  the size given is 8\n  the block was freed, "));
    ck_assert_ptr_nonnull(strstr(text, "OSMEM_OPTIONS=size-mismatch=abort ends it "));
    ck_assert_ptr_nonnull(
        strstr(text, "osmem: not reported: 299 more of size-mismatch\n"));
}
END_TEST

static void free_twice(void) {
    void *block = hide(os_malloc(100)), *barrier = os_malloc(16);
    os_free_sized(block, 8);
    os_free_sized(hide(block), 8);
    os_free(barrier);
}

START_TEST(a_block_that_is_free_by_then_is_not_tolerated) {
    int status = child_run(free_twice, text, sizeof text);
    ck_assert(child_died(status, SIGABRT));
    ck_assert_ptr_nonnull(strstr(text, "osmem: double-free: "));
}
END_TEST

int main(void) {
    return suite_run("tolerance",
                     SUITE(another_size_is_reported_once_and_the_block_is_freed,
                           a_block_that_is_free_by_then_is_not_tolerated));
}
