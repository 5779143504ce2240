/* An access that the processor stops: what is the heap's is reported, everything else is handed on. */
#include "osmem/report/segv.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "osmem/osmem.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

static struct os_options options;
static char *guard, *elsewhere;
static char said[8192];

static bool explain(const void *address, struct os_finding *info) {
    if (address != guard)
        return false;
    info->kind = OS_FAULT_GUARD_BEHIND;
    info->block = guard - 40;
    info->requested = 40;
    return true;
}

static void open_guards(void) {
    guard = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    elsewhere = guard + 4096;
    options = options_of_tier[TIER_FULL];
}

/* In a process of its own; how that ended, and in `said` what it wrote. */
static int run(void (*function)(void)) {
    return child_run(function, said, sizeof said);
}

static void expect_signal(int status, int number, bool report) {
    ck_assert(child_died(status, number));
    ck_assert_int_eq(strncmp(said, "osmem: heap-buffer-overflow: a ", 31) == 0, report);
    if (!report)
        ck_assert_str_eq(said, "");
}

static void write_to_the_guard(void) {
    segv_watch(&options, NULL, explain);
    *(volatile char *)guard = 1;
}

static void read_the_guard(void) {
    segv_watch(&options, NULL, explain);
    (void)*(volatile char *)guard;
}

static void write_elsewhere(void) {
    segv_watch(&options, NULL, explain);
    *(volatile char *)elsewhere = 1;
}

static void send_it(void) {
    segv_watch(&options, NULL, explain);
    kill(getpid(), SIGSEGV);
}

START_TEST(the_heaps_own_is_reported) {
    open_guards();
    expect_signal(run(write_to_the_guard), SIGABRT, true);
    ck_assert_ptr_nonnull(
        strstr(said, "a write 0 bytes past the end of a 40-byte block"));
    expect_signal(run(read_the_guard), SIGABRT, true);
    ck_assert_ptr_nonnull(strstr(said, "a read 0 bytes past the end"));
    options.on_error = ON_ERROR_REPORT; /* there is no going on from there */
    expect_signal(run(read_the_guard), SIGSEGV, true);
    options.on_error = ON_ERROR_EXIT;
    options.exit_code = 23;
    int status = run(read_the_guard);
    ck_assert(child_exited(status, 23));
}
END_TEST

START_TEST(everything_else_goes_to_the_system) {
    open_guards();
    expect_signal(run(write_elsewhere), SIGSEGV, false);
    expect_signal(run(send_it), SIGSEGV, false);
}
END_TEST

static void leave(int number) {
    _exit(number == SIGSEGV ? 55 : 56);
}

static void leave_with(int number, siginfo_t *signal, void *context) {
    (void)context;
    _exit(number == SIGSEGV && signal->si_addr == elsewhere ? 57 : 58);
}

static void had_a_handler(void) {
    signal(SIGSEGV, leave);
    write_elsewhere();
}

static void had_another_handler(void) {
    struct sigaction action = {.sa_sigaction = leave_with, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    write_elsewhere();
}

static void ignored_it(void) {
    signal(SIGSEGV, SIG_IGN);
    write_elsewhere();
}

static void ignored_what_was_sent(void) {
    signal(SIGSEGV, SIG_IGN);
    send_it();
    _exit(59);
}

/* Where the stack is full, there is only the one for signals. */
static int fill_the_stack(volatile int *deeper) {
    volatile int here[4096];
    here[0] = *deeper + 1;
    return here[0] < 0 ? here[0] : fill_the_stack(here) + here[0];
}

static void had_a_stack_for_signals(void) {
    struct sigaction action = {.sa_handler = leave, .sa_flags = SA_ONSTACK};
    stack_t other = {.ss_sp = malloc(65536), .ss_size = 65536};
    volatile int start = 0;
    sigaltstack(&other, NULL);
    sigaction(SIGSEGV, &action, NULL);
    segv_watch(&options, NULL, explain);
    fill_the_stack(&start);
}

/* A small stack of the program's own is used, and nothing is written below it. */
static char *stack;

static void look_below(const struct os_fault_report *report, void *context) {
    (void)context;
    if ((uintptr_t)&report - (uintptr_t)stack >= 65536 + 8192)
        _exit(62);
    for (size_t i = 0; i < 65536; i++)
        if (stack[i] != 0x55)
            _exit(61);
    _exit(60);
}

static void had_a_small_stack(void) {
    stack = malloc(65536 + 8192);
    memset(stack, 0x55, 65536 + 8192);
    stack_t small = {.ss_sp = stack + 65536, .ss_size = 8192};
    sigaltstack(&small, NULL);
    os_set_fault_handler(look_below, NULL);
    write_to_the_guard();
}

START_TEST(a_small_stack_is_enough) {
    open_guards();
    ck_assert_int_eq(WEXITSTATUS(run(had_a_small_stack)), 60);
}
END_TEST

/* And in this process, where a handler comes back. */
static sigjmp_buf back;

static void come_back(int number) {
    siglongjmp(back, number);
}

START_TEST(a_program_with_a_handler_may_go_on) {
    open_guards();
    options.on_error = ON_ERROR_REPORT;
    options.log[0] = '\0';
    signal(SIGSEGV, come_back);
    segv_watch(&options, NULL, explain);
    volatile int times = 0;
    if (sigsetjmp(back, 1) == 0)
        *(volatile char *)guard = 1;
    else
        times++;
    if (times == 1 && sigsetjmp(back, 1) == 0)
        (void)*(volatile char *)elsewhere;
    else
        times++;
    signal(SIGSEGV, SIG_DFL);
    ck_assert_int_eq(times, 2);
}
END_TEST

static void sets_a_handler(void) {
    segv_watch(&options, NULL, explain);
    signal(SIGSEGV, leave);
    *(volatile char *)guard = 1;
}

START_TEST(or_to_the_programs_own_handler) {
    open_guards();
    ck_assert_int_eq(WEXITSTATUS(run(had_a_handler)), 55);
    ck_assert_int_eq(WEXITSTATUS(run(had_another_handler)), 57);
    expect_signal(run(ignored_it), SIGSEGV, false);
    ck_assert_int_eq(WEXITSTATUS(run(ignored_what_was_sent)), 59);
    ck_assert_int_eq(WEXITSTATUS(run(sets_a_handler)), 55);
    ck_assert_int_eq(WEXITSTATUS(run(had_a_stack_for_signals)), 55);
}
END_TEST

int main(void) {
    return suite_run("segv",
                     SUITE(the_heaps_own_is_reported, everything_else_goes_to_the_system,
                           or_to_the_programs_own_handler, a_small_stack_is_enough,
                           a_program_with_a_handler_may_go_on));
}
