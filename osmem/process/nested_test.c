/* Calls of a handler that interrupted one: here the test holds the heap's locks in its place. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "osmem/alloc/state.h"
#include "osmem/osmem.h"
#include "osmem/process/process.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

static struct os_heap *heap;

static void interrupt(void) {
    struct os_call call;
    heap = &process_enter(&call, NULL)->heap;
    heap_lock(heap);
}

/* The interrupted call goes on, and ends. */
static void resume(void) {
    heap_unlock(heap);
    os_free(os_malloc(1));
}

static size_t in_use(void) {
    struct os_stats stats;
    os_stats(&stats);
    return stats.blocks_in_use;
}

START_TEST(a_handler_has_memory_of_its_own) {
    size_t before = in_use();
    interrupt();
    char *small = os_malloc(100), *large = os_calloc(3, 100000);
    void *aligned = os_aligned_alloc(4096, 10);
    ck_assert(small && large && aligned);
    memset(small, 1, 100);
    ck_assert(large[0] == 0 && large[299999] == 0);
    ck_assert_uint_ge(os_usable_size(small), 100);
    small = os_realloc(small, 5000);
    ck_assert(small[0] == 1 && small[99] == 1);
    os_free(large);
    os_free_aligned_sized(aligned, 4096, 10);
    ck_assert(os_check(NULL));
    resume();
    ck_assert_uint_eq(in_use(), before + 1);
    small = os_realloc(small, 70000); /* by a call that is not nested */
    ck_assert(small[0] == 1 && small[99] == 1);
    os_free(small);
    ck_assert_uint_eq(in_use(), before);
    ck_assert(os_check(NULL));
}
END_TEST

START_TEST(what_a_handler_frees_is_freed_when_the_call_ends) {
    enum {
        BLOCKS = 3000
    };
    static char *block[BLOCKS];
    os_free(os_malloc(1));
    size_t before = in_use();
    for (int i = 0; i < BLOCKS; i++)
        block[i] = os_malloc((size_t)i * 97 % 200000);
    interrupt();
    errno = 77;
    for (int i = 0; i < BLOCKS; i++)
        if (i % 2)
            os_free(block[i]);
        else
            os_free_sized(block[i], (size_t)i * 97 % 200000);
    ck_assert_int_eq(errno, 77);
    resume();
    ck_assert_uint_eq(in_use(), before);
    ck_assert(os_check(NULL));
}
END_TEST

START_TEST(a_handler_reallocates_what_was_there_before) {
    size_t before = in_use();
    char *block = os_malloc(100), *large = os_malloc(300000), *gone = os_malloc(5);
    memset(block, 7, 100);
    memset(large, 8, 300000);
    interrupt();
    ck_assert_uint_ge(os_usable_size(block), 100);
    char *more = os_realloc(block, 4000), *less = os_realloc(large, 10);
    ck_assert(more != block && more[0] == 7 && more[99] == 7);
    ck_assert(less != large && less[9] == 8);
    ck_assert_ptr_null(os_realloc(gone, 0));
    resume();
    ck_assert_uint_eq(in_use(), before + 2);
    os_free(more);
    os_free(less);
    ck_assert_uint_eq(in_use(), before);
}
END_TEST

static void free_twice_in_a_handler(void) {
    void *block = os_malloc(100);
    interrupt();
    os_free(block);
    os_free(block);
    resume();
}

static void free_a_free_block_of_a_handler(void) {
    interrupt();
    void *block = os_malloc(100);
    os_free(block);
    os_free(block);
}

static void free_with_another_size_in_a_handler(void) {
    void *block = os_malloc(100);
    interrupt();
    os_free_sized(block, 200);
    resume();
}

static void overflow_in_a_handler(void) {
    interrupt();
    char *block = os_malloc(100);
    block[100] ^= 1;
    os_free(block);
}

START_TEST(mistakes_of_a_handler_are_reported) {
    static char text[8192];
    int status = child_run(free_twice_in_a_handler, text, sizeof text);
    ck_assert_msg(child_died(status, SIGABRT), "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "osmem: double-free"));
    status = child_run(free_a_free_block_of_a_handler, text, sizeof text);
    ck_assert_msg(child_died(status, SIGABRT), "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "osmem: double-free"));
    child_run(free_with_another_size_in_a_handler, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "osmem: size-mismatch"));
    status = child_run(overflow_in_a_handler, text, sizeof text);
    ck_assert_msg(child_died(status, SIGABRT), "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "osmem: heap-buffer-overflow"));
}
END_TEST

START_TEST(a_handler_forks) {
    char *block = os_malloc(100);
    interrupt();
    os_free(os_malloc(10));
    pid_t child = fork();
    void *more = os_malloc(100); /* in both processes */
    os_free(block);
    resume();
    ck_assert_ptr_nonnull(more);
    os_free(more);
    ck_assert(os_check(NULL));
    if (child == 0)
        _exit(33);
    int status;
    waitpid(child, &status, 0);
    ck_assert_msg(child_exited(status, 33), "status %d", status);
}
END_TEST

/* The exit does not check a heap in mid-change, and does not wait for it. */
static void exit_in_a_handler(void) {
    interrupt();
    exit(34);
}

START_TEST(a_handler_exits) {
    static char text[8192];
    int status = child_run(exit_in_a_handler, text, sizeof text);
    ck_assert_msg(child_exited(status, 34), "%s", text);
}
END_TEST

/* Only what handlers allocated can be looked at in one. */
START_TEST(a_handler_looks_at_its_own_heap) {
    os_malloc(100);
    interrupt();
    size_t before = in_use();
    void *block = os_malloc(10);
    ck_assert_uint_eq(in_use(), before + 1);
    os_trim();
    os_free(block);
    ck_assert_uint_eq(in_use(), before);
    resume();
}
END_TEST

const char *os_default_options(void) {
    return "tier=standard:at_exit=1:leaks=1";
}

int main(void) {
    return suite_run("nested", SUITE(a_handler_has_memory_of_its_own,
                                     what_a_handler_frees_is_freed_when_the_call_ends,
                                     a_handler_reallocates_what_was_there_before,
                                     mistakes_of_a_handler_are_reported, a_handler_forks,
                                     a_handler_exits, a_handler_looks_at_its_own_heap));
}
