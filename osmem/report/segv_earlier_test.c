/* The handler of SIGSEGV that was there before is called as the kernel would have called it. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "osmem/report/segv.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

enum {
    STACK_SIZE = 65536,
    CALLED = 50, /* exit code of a handler that found all as it should be */
};

static struct os_options options;
static char *page; /* neither read nor written */
static char *stack;

static bool explain_nothing(const void *address, struct os_finding *finding) {
    (void)address, (void)finding;
    return false;
}

static bool explain_by_a_fault(const void *address, struct os_finding *finding) {
    (void)address, (void)finding;
    return *(volatile char *)page;
}

/* Sets an alternate stack, the handler, and then osmem's. */
static void watch(const struct sigaction *earlier, segv_explanation *explain) {
    stack_t other = {.ss_sp = stack, .ss_size = STACK_SIZE};
    sigaltstack(&other, NULL);
    sigaction(SIGSEGV, earlier, NULL);
    segv_watch(&options, NULL, explain);
}

static void access_page(void) {
    *(volatile char *)page = 1;
}

static bool is_on_the_stack(const void *here) {
    return (uintptr_t)here - (uintptr_t)stack < STACK_SIZE;
}

static bool is_blocked(int number) {
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    return sigismember(&now, number);
}

static int run(void (*function)(void)) {
    char said[256];
    stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                 -1, 0);
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    options = options_of_tier[TIER_FULL];
    int status = child_run(function, said, sizeof said);
    ck_assert_str_eq(said, "");
    return status;
}

/* ---- mask, stack and flags ---- */

static void expect_all(int number, siginfo_t *signal, void *context) {
    if (!is_blocked(SIGUSR1) || is_blocked(SIGUSR2) || is_blocked(number))
        _exit(1);
    if (!is_on_the_stack(&number) || signal->si_addr != page || !context)
        _exit(2);
    _exit(CALLED);
}

static void with_all(void) {
    struct sigaction earlier = {.sa_sigaction = expect_all,
                                .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    sigaddset(&earlier.sa_mask, SIGUSR1);
    watch(&earlier, explain_nothing);
    access_page();
}

static void expect_none(int number) {
    _exit(is_on_the_stack(&number) || is_blocked(SIGUSR1) || !is_blocked(number)
              ? 1
              : CALLED);
}

static void with_none(void) {
    watch(&(struct sigaction){.sa_handler = expect_none}, explain_nothing);
    access_page();
}

START_TEST(its_mask_stack_and_flags) {
    ck_assert(child_exited(run(with_all), CALLED));
    ck_assert(child_exited(run(with_none), CALLED));
}
END_TEST

/* ---- SA_RESETHAND ---- */

static int calls;

static void expect_the_only_call(int number) {
    struct sigaction now;
    sigaction(number, NULL, &now);
    if (calls++ || now.sa_handler != SIG_DFL)
        _exit(1);
}

static void with_reset(void) {
    watch(&(struct sigaction){.sa_handler = expect_the_only_call,
                              .sa_flags = (int)SA_RESETHAND},
          explain_nothing);
    access_page();
}

/* A handler that was set since calls ours, which has nothing to reset. */
static void expect_every_call(int number) {
    struct sigaction now;
    sigaction(number, NULL, &now);
    if (now.sa_handler == SIG_DFL)
        _exit(1);
    calls++;
}

static void with_reset_and_another_since(void) {
    struct sigaction ours;
    siginfo_t info = {.si_code = SEGV_ACCERR, .si_addr = page};
    watch(&(struct sigaction){.sa_handler = expect_every_call,
                              .sa_flags = (int)SA_RESETHAND},
          explain_nothing);
    sigaction(SIGSEGV, &(struct sigaction){.sa_handler = expect_none}, &ours);
    ours.sa_sigaction(SIGSEGV, &info, NULL);
    ours.sa_sigaction(SIGSEGV, &info, NULL);
    _exit(calls == 2 ? CALLED : 2);
}

START_TEST(once_where_it_says_so) {
    ck_assert(child_exited(run(with_reset_and_another_since), CALLED));
    ck_assert(child_died(run(with_reset), SIGSEGV));
}
END_TEST

/* ---- what it must not change for osmem ---- */

static void with_a_fault_of_our_own(void) {
    struct sigaction earlier = {.sa_handler = expect_none, .sa_flags = SA_NODEFER};
    watch(&earlier, explain_by_a_fault);
    access_page();
}

START_TEST(a_fault_in_the_handler_ends_the_process) {
    ck_assert(child_died(run(with_a_fault_of_our_own), SIGSEGV));
}
END_TEST

static volatile sig_atomic_t explaining, interrupted;

static bool explain_with_a_signal(const void *address, struct os_finding *finding) {
    (void)address, (void)finding;
    explaining = 1;
    raise(SIGUSR1);
    explaining = 0;
    return false;
}

static void note_interruption(int number) {
    (void)number;
    interrupted = 1 + explaining;
}

static void expect_a_late_signal(int number) {
    (void)number;
    _exit(interrupted == 1 ? CALLED : 1);
}

static void with_a_signal_meanwhile(void) {
    signal(SIGUSR1, note_interruption);
    watch(&(struct sigaction){.sa_handler = expect_a_late_signal}, explain_with_a_signal);
    access_page();
}

START_TEST(no_handler_runs_while_the_heap_is_read) {
    ck_assert(child_exited(run(with_a_signal_meanwhile), CALLED));
}
END_TEST

int main(void) {
    return suite_run("segv_earlier",
                     SUITE(its_mask_stack_and_flags, once_where_it_says_so,
                           a_fault_in_the_handler_ends_the_process,
                           no_handler_runs_while_the_heap_is_read));
}
