/* Every way in which osmem ends a program, with the exact sentence. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "osmem/osmem.h"
#include "osmem/platform/expect.h"
#include "osmem/platform/sys.h"
#include "osmem/testing/suite.h"

static_assert(
    OS_FAULT_COUNT == OS_NO_MEMORY + 1 + 10,
    "each of the ten rows of fault.def has its death test, below or (HEADER) in "
    "classic/classic_test.c");

static char text[4096];

/* Runs a misuse in a process of its own; its first line, and that it died by SIGABRT. */
static void expect_death(void (*misuse)(void), const char *first_line) {
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        misuse();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t n;
    while ((n = read(ends[0], text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)n;
    text[length] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "lived: %s", text);
    char *end = strchr(text, '\n');
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    ck_assert_str_eq(text, first_line);
    *end = '\n';
}

#define DOUBLE_FREE                                                        \
    "osmem: double-free: the address lies in memory that is free already " \
    "[OSM-DOUBLE-FREE]"
#define USE_AFTER_FREE                                                       \
    "osmem: use-after-free: the size of a block that is free was asked for " \
    "[OSM-USE-AFTER-FREE]"
#define INTERIOR                                                                  \
    "osmem: interior-pointer: the address lies inside a block, not at its start " \
    "[OSM-INTERIOR]"
#define MISALIGNED                                                                      \
    "osmem: misaligned-pointer: the address lies in the heap and is not a multiple of " \
    "16 [OSM-MISALIGNED]"
#define FOREIGN                                                     \
    "osmem: foreign-pointer: the address is no block of this heap " \
    "[OSM-FOREIGN]"
#define FORGED                                                                         \
    "osmem: forged-pointer: the address lies in the allocator's own memory, where no " \
    "block can be [OSM-FORGED]"
#define FREE_LINK                                                                \
    "osmem: write-after-free: the first bytes of a free block were overwritten " \
    "[OSM-FREE-LINK]"

/* The compiler must not know what we do. */
static void *volatile hidden;

static void *hide(void *pointer) {
    hidden = pointer;
    return hidden;
}

static void double_free_small(void) {
    void *p = hide(os_malloc(100)), *wall = os_malloc(16);
    os_free(p);
    os_free(p);
    os_free(wall);
}

static void double_free_joined(void) {
    void *a = os_malloc(100), *b = os_malloc(100);
    os_free(a);
    os_free(b);
    os_free(hide(b));
}

static void double_free_large(void) {
    void *p = hide(os_malloc(1000000));
    os_free(p);
    os_free(p);
}

static void realloc_of_the_dead(void) {
    void *p = hide(os_malloc(100));
    os_free(p);
    hide(os_realloc(p, 200));
}

START_TEST(double_free) {
    expect_death(double_free_small, DOUBLE_FREE);
    ck_assert_ptr_nonnull(strstr(text, "  in os_free, address 0x"));
    ck_assert_ptr_nonnull(strstr(text, "  the mistake is the program's, not osmem's\n"));
    expect_death(double_free_joined, DOUBLE_FREE);
    expect_death(double_free_large, DOUBLE_FREE);
    expect_death(realloc_of_the_dead, DOUBLE_FREE);
    ck_assert_ptr_nonnull(strstr(text, "  in os_realloc, address 0x"));
}
END_TEST

static void usable_size_of_the_dead(void) {
    void *p = hide(os_malloc(100));
    os_free(p);
    os_usable_size(p);
}

START_TEST(use_after_free) {
    expect_death(usable_size_of_the_dead, USE_AFTER_FREE);
}
END_TEST

static void interior_small(void) {
    char *p = hide(os_malloc(100));
    os_free(p + 32);
}

static void interior_large(void) {
    char *p = hide(os_malloc(1000000));
    os_free(p + 4096);
}

START_TEST(interior) {
    expect_death(interior_small, INTERIOR);
    ck_assert_ptr_nonnull(
        strstr(text, "  the address is 32 bytes into the 112-byte block"));
    expect_death(interior_large, INTERIOR);
    ck_assert_ptr_nonnull(
        strstr(text, "  the address is 4096 bytes into the 1003520-byte"));
}
END_TEST

static void misaligned_small(void) {
    char *p = hide(os_malloc(100));
    os_free(p + 8);
}

static void misaligned_large(void) {
    char *p = hide(os_malloc(1000000));
    os_free(p + 1);
}

START_TEST(misaligned) {
    expect_death(misaligned_small, MISALIGNED);
    expect_death(misaligned_large, MISALIGNED);
}
END_TEST

static char a_global[64];

static void foreign_stack(void) {
    char local[64];
    os_free(hide(local));
}

static void foreign_global(void) {
    os_free(hide(a_global));
}

static void foreign_break(void) {
    os_free(os_malloc(1));
    struct os_kernel kernel;
    sys_real_kernel(&kernel);
    char *mine = sys_sbrk(&kernel, 4096);
    for (int i = 0; i < 3; i++)
        hide(os_malloc(100000)); /* the heap grows beyond what is mine */
    os_free(mine + 64);
}

static void foreign_wild(void) {
    os_free(hide((void *)(uintptr_t)0x123456789ab0));
}

START_TEST(foreign) {
    expect_death(foreign_stack, FOREIGN);
    expect_death(foreign_global, FOREIGN);
    expect_death(foreign_break, FOREIGN);
    expect_death(foreign_wild, FOREIGN);
}
END_TEST

static void forged_fence(void) {
    char *p = hide(os_malloc(1000000));
    os_free(p - 64);
}

START_TEST(forged) {
    expect_death(forged_fence, FORGED);
}
END_TEST

static void written_after_free(void) {
    void *p = hide(os_malloc(100)), *wall = os_malloc(16);
    os_free(p);
    memset(p, 0x41, 100);
    hide(os_malloc(100));
    os_free(wall);
}

START_TEST(free_link) {
    expect_death(written_after_free, FREE_LINK);
}
END_TEST

static void broken_call(void) {
    os_syscall_fail("munmap", EINVAL);
}

START_TEST(system_call) {
    expect_death(broken_call,
                 "osmem: system-call-failed: a system call failed for a reason "
                 "other than memory [OSM-SYSCALL]");
    ck_assert_ptr_nonnull(strstr(text, "  munmap: errno 22\n"));
}
END_TEST

static void broken_expectation(void) {
    fault_expectation("some/file.c", 7, "1 == 2");
}

START_TEST(expectation) {
    expect_death(
        broken_expectation,
        "osmem: internal-error: osmem's own bookkeeping is wrong [OSM-INTERNAL]");
    ck_assert_ptr_nonnull(strstr(text, "  1 == 2 in some/file.c: line 7\n"));
}
END_TEST

static void allocate_and_leave(int number) {
    signal(number, SIG_DFL);
    os_free(os_malloc(100));
    raise(number);
}

static void die_with_a_handler(void) {
    signal(SIGABRT, allocate_and_leave);
    double_free_small();
}

START_TEST(a_handler_of_the_abort_may_allocate) {
    expect_death(die_with_a_handler, DOUBLE_FREE);
}
END_TEST

int main(void) {
    return suite_run("death", SUITE(double_free, use_after_free, interior, misaligned,
                                    foreign, forged, free_link, system_call, expectation,
                                    a_handler_of_the_abort_may_allocate));
}
