#include "fuzz/machine/machine.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "props/testing/suite.h"
#include "sanitizers/poison.h"

#define PAGE MACHINE_PAGE

static struct machine machine;
static struct os_kernel *kernel = &machine.kernel;

static void open_machine(void) {
    ck_assert(machine_open(&machine));
}

START_TEST(the_break_behaves_as_linux_says) {
    open_machine();
    char *start = kernel->sbrk(kernel, 0);
    ck_assert_ptr_eq(kernel->sbrk(kernel, 5000), start);
    memset(start, 1, 5000);
    kernel->sbrk(kernel, -4500);
    kernel->sbrk(kernel, 4500);
    ck_assert_int_eq(start[499], 1);
    ck_assert_int_eq(start[4095], 1); /* the rest of the page is kept */
    ck_assert_int_eq(start[4096], 0);
    errno = 0;
    ck_assert_ptr_eq(kernel->sbrk(kernel, MACHINE_BREAK_LIMIT), (void *)-1);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(machine_check(&machine, false));
    kernel->sbrk(kernel, -5001);
    ck_assert_ptr_nonnull(machine_check(&machine, false));
}
END_TEST

START_TEST(another_user_lowers_only_what_it_raised) {
    open_machine();
    kernel->sbrk(kernel, 100);
    ck_assert(!machine_foreign_sbrk(&machine, -50));
    ck_assert(machine_foreign_sbrk(&machine, 33));
    ck_assert(machine_foreign_sbrk(&machine, -100));
    ck_assert_uint_eq(machine.brk, 100);
    machine_foreign_sbrk(&machine, 10);
    char *end = kernel->sbrk(kernel, 16);
    ck_assert(machine_holds(&machine, end, 16) &&
              machine_holds(&machine, end - 110, 100));
    ck_assert(!machine_holds(&machine, end - 1, 2) &&
              !machine_holds(&machine, end - 110, 101));
    ck_assert_uint_eq(machine_foreign_top(&machine), 0);
    kernel->sbrk(kernel, -16);
    ck_assert_uint_eq(machine_foreign_top(&machine), 10);
    ck_assert_ptr_null(machine_check(&machine, false));
    end[-5] = 0;
    ck_assert_str_eq(machine_check(&machine, false),
                     "a write into another user's part of the break");
    machine.wrong = NULL;
    end[-5] = (char)0xf0;
    kernel->sbrk(kernel, -10);
    ck_assert_ptr_nonnull(machine_check(&machine, false));
}
END_TEST

START_TEST(mappings_are_zero_and_kept_apart) {
    open_machine();
    char *a = kernel->mmap(kernel, 3 * PAGE, PROT_NONE);
    char *b = kernel->mmap(kernel, PAGE, PROT_READ | PROT_WRITE);
    ck_assert(!machine_holds(&machine, a, 1) && machine_holds(&machine, b, PAGE));
    ck_assert_int_eq(kernel->mprotect(kernel, a + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
    ck_assert(machine_holds(&machine, a + PAGE, PAGE));
    ck_assert(!machine_holds(&machine, a + PAGE, PAGE + 1));
    ck_assert(!machine_holds(&machine, b, PAGE + 1)); /* behind all that is mapped */
    memset(a + PAGE, 7, PAGE);
    ck_assert_int_eq(kernel->munmap(kernel, a, 3 * PAGE), 0);
    char *again = kernel->mmap(kernel, 3 * PAGE, PROT_READ | PROT_WRITE);
    ck_assert_ptr_eq(again, a);
    ck_assert_int_eq(again[PAGE], 0);
    ck_assert_uint_eq(machine_mapped(&machine), 4 * PAGE);
    ck_assert_ptr_null(machine_check(&machine, false));
    machine_reset(&machine);
    ck_assert_uint_eq(machine_mapped(&machine), 0);
}
END_TEST

START_TEST(pages_are_given_back_behind_any_protection) {
    open_machine();
    unsigned char pages[3];
    char *at = kernel->mmap(kernel, 3 * PAGE, PROT_READ | PROT_WRITE);
    at[0] = at[PAGE + 7] = 1;
    ck_assert_int_eq(kernel->mincore(kernel, at, 3 * PAGE, pages), 0);
    ck_assert(pages[0] == 1 && pages[1] == 1 && pages[2] == 0);
    ck_assert_int_eq(kernel->mprotect(kernel, at + PAGE, PAGE, PROT_NONE), 0);
    ck_assert_int_eq(kernel->madvise(kernel, at, 3 * PAGE), 0);
    ck_assert(!machine_holds(&machine, at + PAGE, 1));
    ck_assert_int_eq(kernel->mprotect(kernel, at + PAGE, PAGE, PROT_READ | PROT_WRITE),
                     0);
    ck_assert(at[0] == 0 && at[PAGE + 7] == 0);
    ck_assert_int_eq(kernel->munmap(kernel, at, 3 * PAGE), 0);
    ck_assert_ptr_null(machine_check(&machine, false));
    ck_assert_int_eq(kernel->mincore(kernel, at, PAGE, pages), -1);
    ck_assert_ptr_nonnull(machine_check(&machine, false));
}
END_TEST

START_TEST(mremap_moves_into_what_is_reserved) {
    open_machine();
    char *from = kernel->mmap(kernel, PAGE, PROT_READ | PROT_WRITE);
    char *to = kernel->mmap(kernel, 4 * PAGE, PROT_NONE);
    from[5] = 9;
    ck_assert_ptr_eq(kernel->mremap(kernel, from, PAGE, 2 * PAGE, to + PAGE), to + PAGE);
    ck_assert(to[PAGE + 5] == 9 && to[2 * PAGE] == 0);
    ck_assert(!machine_holds(&machine, from, 1));
    ck_assert_uint_eq(machine_mapped(&machine), 4 * PAGE);
    ck_assert_int_eq(kernel->madvise(kernel, to + PAGE, PAGE), 0);
    ck_assert_int_eq(to[PAGE + 5], 0);
    ck_assert_ptr_null(machine_check(&machine, false));
}
END_TEST

static bool all_zero(const char *at, size_t length) {
    return at[0] == 0 && memcmp(at, at + 1, length - 1) == 0;
}

/* Reported or not, no write is seen by the next mapping. */
START_TEST(long_mappings_are_clean_again) {
    open_machine();
    machine.reports_writes = true;
    const size_t length = 64 * PAGE;
    char *a = kernel->mmap(kernel, length, PROT_READ | PROT_WRITE);
    memset(a, 1, length); /* not reported, as a heap's own table */
    machine_reset(&machine);
    ck_assert_ptr_eq(kernel->mmap(kernel, length, PROT_READ | PROT_WRITE), a);
    ck_assert(all_zero(a, length));
    a[0] = a[40 * PAGE + 7] = 1;
    machine_report_write(&machine, a, 1);
    machine_report_write(&machine, a + 40 * PAGE + 7, 1);
    kernel->munmap(kernel, a, length);
    ck_assert_ptr_eq(kernel->mmap(kernel, length, PROT_READ | PROT_WRITE), a);
    ck_assert(all_zero(a, length));
    kernel->munmap(kernel, a, length);
    kernel->mmap(kernel, PAGE, PROT_READ | PROT_WRITE);
    machine_report_write(&machine, a, 1); /* of a short one, which is cleaned whole */
    kernel->munmap(kernel, a, PAGE);
    kernel->mmap(kernel, length, PROT_READ | PROT_WRITE);
    memset(a, 1, length);
    machine_reset(&machine);
    kernel->mmap(kernel, length, PROT_READ | PROT_WRITE);
    ck_assert(all_zero(a, length));
    a[5 * PAGE] = 1;
    machine_report_write(&machine, a, 1);
    machine_scrub(&machine); /* another page only was reported */
    kernel->mmap(kernel, length, PROT_READ | PROT_WRITE);
    ck_assert(all_zero(a, length));
}
END_TEST

START_TEST(what_a_correct_allocator_never_does_is_seen) {
    open_machine();
    char *a = kernel->mmap(kernel, 3 * PAGE, PROT_NONE);
    ck_assert_int_eq(kernel->munmap(kernel, a, 4 * PAGE), -1);
    ck_assert_str_eq(machine_check(&machine, false), "munmap of what is not mapped");
    machine_reset(&machine);
    ck_assert_int_eq(kernel->mprotect(kernel, a, PAGE, PROT_READ), -1);
    ck_assert_ptr_nonnull(machine_check(&machine, false));
    machine_reset(&machine);
    if (POISON_ACTIVE)
        return; /* the sanitizer sees the writes that follow */
    a = kernel->mmap(kernel, 3 * PAGE, PROT_NONE);
    a[3 * PAGE - 1] = 1;
    kernel->munmap(kernel, a, 3 * PAGE);
    ck_assert_str_eq(machine_check(&machine, false), "a write into an inaccessible page");
    a[3 * PAGE - 1] = 0;
    machine_reset(&machine);
    a = kernel->mmap(kernel, 3 * PAGE, PROT_NONE);
    a[PAGE] = 1; /* and is still mapped */
    ck_assert_ptr_null(machine_check(&machine, false));
    ck_assert_str_eq(machine_check(&machine, true), "a write into an inaccessible page");
    a[PAGE] = 0;
    machine_reset(&machine);
    a = kernel->sbrk(kernel, PAGE);
    a[PAGE] = 1;
    ck_assert_str_eq(machine_check(&machine, false), "a write above the break");
}
END_TEST

START_TEST(calls_are_refused_on_schedule) {
    open_machine();
    machine_refuse(&machine, 2, 2);
    ck_assert_ptr_ne(kernel->sbrk(kernel, 16), (void *)-1);
    ck_assert(machine_refusal_pending(&machine));
    errno = 0;
    ck_assert_ptr_eq(kernel->sbrk(kernel, 16), (void *)-1);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_eq(kernel->mmap(kernel, PAGE, PROT_NONE), MAP_FAILED);
    ck_assert(!machine_refusal_pending(&machine));
    ck_assert_uint_eq(machine.refused, 2);
    ck_assert_ptr_ne(kernel->mmap(kernel, PAGE, PROT_NONE), MAP_FAILED);
}
END_TEST

int main(void) {
    return suite_run(
        "machine",
        SUITE(
            the_break_behaves_as_linux_says, another_user_lowers_only_what_it_raised,
            mappings_are_zero_and_kept_apart, pages_are_given_back_behind_any_protection,
            mremap_moves_into_what_is_reserved, long_mappings_are_clean_again,
            what_a_correct_allocator_never_does_is_seen, calls_are_refused_on_schedule));
}
