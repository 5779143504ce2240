/* One report at a time: the handler, a fault within a report, in other threads and in a child. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "osmem/osmem.h"
#include "osmem/report/error_policy.h"
#include "osmem/report/error_policy_testing.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

static void handle(const struct os_fault_report *report, void *context) {
    const int *number = context;
    os_free(os_malloc(100));
    dprintf(STDERR_FILENO, "handled %d: %s by %s, %d %d %zu, %d\n", *number, report->kind,
            report->function, report->address == &fault, report->block == &fault,
            report->size, strncmp(report->text, "osmem: double-free: ", 20));
}

static void handled(void) {
    static int number = 5;
    os_set_fault_handler(handle, &number);
    error_policy(&options, NULL, &fault);
}

START_TEST(the_handler_runs_behind_the_report) {
    options = (struct os_options){.on_error = ON_ERROR_EXIT};
    int status = run(handled);
    ck_assert(child_exited(status, 0));
    options.on_error = ON_ERROR_REPORT;
    run_here(handled);
    os_set_fault_handler(NULL, NULL);
    const char *line = strstr(said, "handled 5: double-free by os_free, 1 1 48, 0\n");
    ck_assert_ptr_nonnull(line);
    ck_assert(line > strstr(said, "osmem: double-free"));
}
END_TEST

static void fail_again(const struct os_fault_report *report, void *context) {
    (void)report;
    (void)context;
    error_policy(&options, NULL, &fault);
    dprintf(STDERR_FILENO, "went on\n");
}

static void failing_handler(void) {
    os_set_fault_handler(fail_again, NULL);
    error_policy(&options, NULL, &fault);
}

static void fail_in_signal_handler(int number) {
    (void)number;
    error_policy(&options, NULL, &fault);
}

static void failing_signal_handler(void) {
    signal(SIGABRT, fail_in_signal_handler);
    error_policy(&options, NULL, &fault);
}

START_TEST(a_fault_within_is_not_reported_and_does_not_loop) {
    options = options_of_tier[TIER_LIGHT];
    int status = run(failing_handler);
    ck_assert(child_died(status, SIGABRT));
    ck_assert_uint_eq(reports(said), 1);
    status = run(failing_signal_handler);
    ck_assert(child_died(status, SIGABRT));
    ck_assert_uint_eq(reports(said), 1);
    options.on_error = ON_ERROR_REPORT;
    run_here(failing_handler);
    os_set_fault_handler(NULL, NULL);
    ck_assert_uint_eq(reports(said), 1);
    ck_assert_ptr_nonnull(strstr(said, "went on\n"));
}
END_TEST

static void *fail_in_thread(void *unused) {
    error_policy(&options, NULL, &fault);
    return unused;
}

static void wait_a_little(const struct os_fault_report *report, void *context) {
    (void)report;
    (void)context;
    usleep(20000);
}

static void many_faults(void) {
    pthread_t threads[8];
    os_set_fault_handler(wait_a_little, NULL);
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, fail_in_thread, NULL);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(faults_at_once_are_one_report) {
    options = options_of_tier[TIER_LIGHT];
    int status = run(many_faults);
    ck_assert(child_died(status, SIGABRT));
    ck_assert_uint_eq(reports(said), 1);
    options.on_error = ON_ERROR_REPORT;
    run(many_faults);
    ck_assert_uint_eq(reports(said), 8);
}
END_TEST

/* ---- turns ---- */

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail_in_another_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, fail_in_thread, NULL);
    pthread_join(thread, NULL);
}

static void one_after_the_other(void) {
    error_policy(&options, NULL, &fault);
    fail_in_another_thread();
}

START_TEST(a_turn_ends_with_its_report) {
    options = (struct os_options){.on_error = ON_ERROR_REPORT};
    double start = seconds();
    run_here(one_after_the_other);
    ck_assert_uint_eq(reports(said), 2);
    ck_assert(seconds() - start < .9); /* a turn that is taken away lasts a second */
}
END_TEST

static void end_thread(const struct os_fault_report *report, void *context) {
    (void)report;
    pthread_exit(context);
}

static void report_that_never_ends(void) {
    os_set_fault_handler(end_thread, NULL);
    fail_in_another_thread();
    os_set_fault_handler(NULL, NULL);
    error_policy(&options, NULL, &fault);
}

START_TEST(a_turn_that_never_ends_is_taken_away) {
    options = (struct os_options){.on_error = ON_ERROR_REPORT};
    run_here(report_that_never_ends);
    ck_assert_uint_eq(reports(said), 2);
}
END_TEST

static void two_findings(void) {
    struct os_findings findings = {.count = 2, .finding = {fault, fault}};
    errno = 77;
    error_policy_all(&options, NULL, &findings);
    if (errno != 77)
        dprintf(STDERR_FILENO, "errno %d\n", errno);
}

static void change_errno(const struct os_fault_report *report, void *context) {
    (void)report, (void)context;
    errno = EIO;
}

START_TEST(each_finding_of_a_call_is_reported_and_errno_kept) {
    options = (struct os_options){.on_error = ON_ERROR_REPORT};
    os_set_fault_handler(change_errno, NULL);
    run_here(two_findings);
    os_set_fault_handler(NULL, NULL);
    ck_assert_uint_eq(reports(said), 2);
    ck_assert_ptr_null(strstr(said, "errno"));
}
END_TEST

static unsigned many_handled;

/* A call with more findings than fit, within a report; a handler that were called again would call it
 * again. */
static void fail_often(const struct os_fault_report *report, void *context) {
    struct os_findings findings = {.count = 1, .more = 1};
    (void)report, (void)context;
    findings.finding[0] = fault;
    if (many_handled++ < 5)
        for (int i = 0; i < 2; i++)
            error_policy_all(&options, NULL, &findings);
}

START_TEST(more_findings_within_a_report_leave_its_turn) {
    options = (struct os_options){.on_error = ON_ERROR_REPORT};
    os_set_fault_handler(fail_often, NULL);
    run_here(one_fault);
    os_set_fault_handler(NULL, NULL);
    ck_assert_uint_eq(many_handled, 1);
    ck_assert_uint_eq(reports(said), 1);
}
END_TEST

static void fork_in_handler(const struct os_fault_report *report, void *context) {
    (void)report;
    (void)context;
    if (fork() == 0) {
        os_set_fault_handler(NULL, NULL);
        error_policy(&options, NULL, &fault);
    }
    wait(NULL);
}

static void forked(void) {
    os_set_fault_handler(fork_in_handler, NULL);
    error_policy(&options, NULL, &fault);
}

START_TEST(a_child_reports_for_itself) {
    options = (struct os_options){.on_error = ON_ERROR_EXIT};
    run(forked);
    ck_assert_uint_eq(reports(said), 2);
}
END_TEST

int main(void) {
    return suite_run("error_policy_turns",
                     SUITE(the_handler_runs_behind_the_report,
                           a_fault_within_is_not_reported_and_does_not_loop,
                           faults_at_once_are_one_report, a_turn_ends_with_its_report,
                           a_turn_that_never_ends_is_taken_away,
                           each_finding_of_a_call_is_reported_and_errno_kept,
                           more_findings_within_a_report_leave_its_turn,
                           a_child_reports_for_itself));
}
