/* Every way in which osmem ends a program, with the exact sentence. */
#include <assert.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "osmem/alloc/options.h"
#include "osmem/base/status.h"
#include "osmem/osmem.h"
#include "osmem/platform/expect.h"
#include "osmem/platform/sys.h"
#include "osmem/process/death_testing.h"
#include "osmem/process/process.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

static_assert(OS_STATUS_COUNT == OS_NO_MEMORY + 1 + 18,
              "each of the eighteen rows of fault.def has its death test, below, or in "
              "sized_free_test.c (SIZE_MISMATCH), classic/classic_test.c (HEADER), "
              "props/conformance/probe/languages.c (NEW_REFUSED), "
              "props/conformance/promises/promises.txt (WRITE_AFTER_FREE, GUARD_...), or "
              "alloc/alloc_test.c and report/text_test.c (SYSCALL)");

#define DOUBLE_FREE                                                        \
    "osmem: double-free: the address lies in memory that is free already " \
    "[OSM-DOUBLE-FREE]"
#define NEVER_ALLOCATED                                                                \
    "osmem: double-free: the address lies in memory that was never allocated, or not " \
    "since a trim [OSM-DOUBLE-FREE]"
#define USE_AFTER_FREE                                                     \
    "osmem: use-after-free: the usable size of free memory was requested " \
    "[OSM-USE-AFTER-FREE]"
#define INTERIOR                                                                  \
    "osmem: interior-pointer: the address lies inside a block, not at its start " \
    "[OSM-INTERIOR]"
#define MISALIGNED                                                                      \
    "osmem: misaligned-pointer: the address lies in the heap and is not a multiple of " \
    "16 [OSM-MISALIGNED]"
#define FOREIGN                                                                        \
    "osmem: foreign-pointer: the address is no block of this heap: unknown, or freed " \
    "long ago [OSM-FOREIGN]"
#define FORGED                                                                         \
    "osmem: forged-pointer: the address lies in the allocator's own memory, where no " \
    "block can be [OSM-FORGED]"
#define FREE_LINK                                                                \
    "osmem: write-after-free: the first bytes of a free block were overwritten " \
    "[OSM-FREE-LINK]"

static void double_free_small(void) {
    void *p = hide(os_malloc(100)), *barrier = os_malloc(16);
    os_free(p);
    os_free(p);
    os_free(barrier);
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

static void never_allocated(void) {
    char *p = hide(os_malloc(100));
    os_free(p + 4096);
}

START_TEST(double_free) {
    expect_death(double_free_small, FREE_MEMORY);
    ck_assert_ptr_nonnull(strstr(text, "  in os_free, address 0x"));
    ck_assert_ptr_nonnull(strstr(text, "  the mistake is the program's, not osmem's\n"));
    expect_death(double_free_joined, FREE_MEMORY);
    expect_death(double_free_large, DOUBLE_FREE);
    expect_death(never_allocated, NEVER_ALLOCATED);
    expect_death(realloc_of_the_dead, FREE_MEMORY);
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

static void forged_guard(void) {
    char *p = hide(os_malloc(1000000));
    os_free(p - 64);
}

START_TEST(forged) {
    expect_death(forged_guard, FORGED);
}
END_TEST

static void written_after_free(void) {
    void *p = hide(os_malloc(100)), *barrier = os_malloc(16);
    os_free(p);
    memset(p, 0x41, 100);
    hide(os_malloc(100));
    os_free(barrier);
}

START_TEST(free_link) {
    expect_death(written_after_free, FREE_LINK);
}
END_TEST

static void written_past_the_end(void) {
    void *left = os_malloc(20);
    char *p = hide(os_malloc(40)), *right = os_malloc(100);
    os_free(right);
    hide(left);
    p[40] = p[40] == 0x41 ? 0x42 : 0x41;
    os_free(p);
}

/* The report's text with every address as ADDRESS. */
static void expect_report(const char *expected) {
    char stable[sizeof text];
    size_t length = 0;
    for (const char *at = text; *at;) {
        if (strncmp(at, "0x", 2) == 0 && strspn(at + 2, "0123456789abcdef") > 2) {
            length += (size_t)sprintf(stable + length, "ADDRESS");
            at += 2 + strspn(at + 2, "0123456789abcdef");
        } else
            stable[length++] = *at++;
    }
    stable[length] = '\0';
    char *byte = strstr(stable, ": expected 0x");
    if (byte) /* the canary's, which is a secret, and what was written to differ from it */
        memmove(byte + 11, strchr(byte, '\n'), strlen(strchr(byte, '\n')) + 1);
    ck_assert_str_eq(stable, expected);
}

START_TEST(overflow) {
    expect_death(written_past_the_end,
                 "osmem: heap-buffer-overflow: 1 byte written past the end of a 40-byte "
                 "block [OSM-CANARY]");
    expect_report(
        "osmem: heap-buffer-overflow: 1 byte written past the end of a 40-byte block "
        "[OSM-CANARY]\n"
        "  in os_free, address ADDRESS\n"
        "  the first changed byte is 0 bytes past the end of the block at ADDRESS: "
        "expected \n"
        "  on its left: 32 bytes at ADDRESS, in use\n"
        "  on its right: 130992 bytes at ADDRESS, free\n"
        "  the write happened after the block was allocated and before this call\n"
        "  the mistake is the program's, not osmem's\n"
        "  next: OSMEM_OPTIONS=tier=full:sample=1 stops the program at the access "
        "itself, for up to 4096 blocks at a time\n"
        "  then: abort; OSMEM_OPTIONS=heap-buffer-overflow=report goes on after this "
        "kind\n");
}
END_TEST

static void written_in_front(void) {
    char *left = os_malloc(20), *p = hide(os_malloc(40));
    p[-1] ^= 1;
    p[-3] ^= 1;
    os_free(left);
}

START_TEST(underflow) {
    expect_death(written_in_front,
                 "osmem: heap-buffer-underflow: at least 2 bytes written in front of a "
                 "40-byte block, or past the end of a 20-byte block [OSM-UNDERFLOW]");
    ck_assert_ptr_nonnull(strstr(text, "  in os_free, address 0x"));
    ck_assert_ptr_nonnull(
        strstr(text, "  the first changed byte is 3 bytes in front of the block at 0x"));
    ck_assert_ptr_nonnull(strstr(text, "  on its left: 32 bytes at 0x"));
}
END_TEST

/* What an attacker would switch off first. */
START_TEST(options_cannot_be_written_to) {
    int status;
    os_free(os_malloc(1));
    pid_t child = fork();
    if (child == 0) {
        ((struct os_options *)(uintptr_t)process_options())->canary = 0;
        _exit(0);
    }
    waitpid(child, &status, 0);
    ck_assert(process_options()->canary);
    ck_assert(child_died(status, SIGSEGV));
}
END_TEST

static void double_free_in_a_buffer(void) {
    static char memory[65536];
    struct os_heap *heap = os_heap_create(memory, sizeof memory);
    void *p = os_heap_malloc(heap, 100);
    os_heap_free(heap, p);
    os_heap_free(heap, hide(p));
}

START_TEST(a_buffer_has_no_other_policy) {
    expect_death(double_free_in_a_buffer, FREE_MEMORY);
}
END_TEST

static void broken_expectation(void) {
    expect_failed("some/file.c", 7, "1 == 2");
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
    expect_death(die_with_a_handler, FREE_MEMORY);
}
END_TEST

int main(void) {
    return suite_run("death",
                     SUITE(options_cannot_be_written_to, double_free, use_after_free,
                           interior, misaligned, foreign, forged, free_link, overflow,
                           underflow, expectation, a_buffer_has_no_other_policy,
                           a_handler_of_the_abort_may_allocate));
}
