/* What becomes of a process after a fault: one report, the handler, and what on_error says. */
#include "osmem/report/error_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "osmem/osmem.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

static const struct os_finding fault = {.kind = OS_FAULT_DOUBLE_FREE,
                                        .function = "os_free",
                                        .address = &fault,
                                        .block = &fault,
                                        .size = 48};
static struct os_options options;
static char said[8192];

/* In a process of its own; how that ended, and in `said` what it wrote. */
static int run(void (*function)(void)) {
    return child_run(function, said, sizeof said);
}

/* The same in this process, where that goes on; what it wrote is in `said`. */
static void run_here(void (*function)(void)) {
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    function();
    dup2(kept, STDERR_FILENO);
    close(kept);
    ssize_t n = pread(fileno(file), said, sizeof said - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    fclose(file);
}

static size_t reports(const char *text) {
    size_t n = 0;
    for (; (text = strstr(text, "osmem: double-free: ")); text++)
        n++;
    return n;
}

static void one_fault(void) {
    error_policy(&options, NULL, &fault);
}

START_TEST(each_word_ends_it_so) {
    options = options_of_tier[TIER_STANDARD];
    int status = run(one_fault);
    ck_assert(child_died(status, SIGABRT));
    ck_assert_uint_eq(reports(said), 1);
    options.on_error = ON_ERROR_EXIT;
    options.exit_code = 23;
    status = run(one_fault);
    ck_assert(child_exited(status, 23));
    options.on_error = ON_ERROR_TRAP;
    status = run(one_fault);
    ck_assert(child_died(status, SIGILL));
    options.on_error = ON_ERROR_REPORT;
    status = run(one_fault);
    ck_assert(child_exited(status, CHILD_RETURNED));
    ck_assert_uint_eq(reports(said), 1);
}
END_TEST

static void two_faults(void) {
    error_policy(&options, NULL, &fault);
    error_policy(&options, NULL, &fault);
}

START_TEST(a_program_that_goes_on_may_fail_again) {
    options = (struct os_options){.on_error = ON_ERROR_REPORT};
    run_here(two_faults);
    ck_assert_uint_eq(reports(said), 2);
}
END_TEST

/* ---- the policy of a kind ---- */

static const struct os_finding other_fault = {.kind = OS_FAULT_FOREIGN,
                                              .function = "os_free"};

static void faults_of_two_kinds(void) {
    for (int i = 0; i < 3; i++) {
        error_policy(&options, NULL, &fault);
        error_policy(&options, NULL, &other_fault);
    }
}

static size_t count(const char *what) {
    size_t n = 0;
    for (const char *at = said; (at = strstr(at, what)); at++)
        n++;
    return n;
}

START_TEST(a_kind_may_have_another_policy) {
    options =
        (struct os_options){.on_error = ON_ERROR_REPORT,
                            .of_kind = {[OS_FAULT_FOREIGN] = {true, ON_ERROR_EXIT, 31}}};
    int status = run(faults_of_two_kinds);
    ck_assert(child_exited(status, 31));
    ck_assert_uint_eq(count("  then: exit; OSMEM_OPTIONS=foreign-pointer=report goes on "
                            "after this kind\n"),
                      1);
    options.of_kind[OS_FAULT_FOREIGN].on_error = ON_ERROR_IGNORE;
    run_here(faults_of_two_kinds);
    ck_assert_uint_eq(reports(said), 3);
    ck_assert_uint_eq(count("osmem: foreign-pointer"), 0);
    ck_assert_uint_eq(
        count("  then: the program goes on; OSMEM_OPTIONS=double-free=abort "
              "ends it at this kind\n"),
        3);
}
END_TEST

static void leave(const struct os_fault_report *report, void *context) {
    (void)report, (void)context;
    dprintf(STDERR_FILENO, "handled\n");
}

static void once_and_exit(void) {
    os_set_fault_handler(leave, NULL);
    faults_of_two_kinds();
    pid_t child = fork();
    if (child == 0) {
        error_policy_after_fork();
        faults_of_two_kinds();
    }
    waitpid(child, NULL, 0);
    exit(32);
}

START_TEST(the_first_of_a_kind_is_reported_and_others_are_counted) {
    options = (struct os_options){.on_error = ON_ERROR_ONCE};
    options.of_kind[OS_FAULT_FOREIGN] = (struct os_policy){true, ON_ERROR_IGNORE, 0};
    int status = run(once_and_exit);
    ck_assert(child_exited(status, 32));
    ck_assert_uint_eq(reports(said), 1);
    ck_assert_uint_eq(count("handled\n"), 1);
    ck_assert_uint_eq(count("  then: the program goes on, and others of this kind are "
                            "counted, not reported; OSMEM_OPTIONS=double-free=abort "),
                      1);
    /* Each process lists its own. */
    ck_assert_uint_eq(count("osmem: not reported: 2 more of double-free\n"), 1);
    ck_assert_uint_eq(count("osmem: not reported: 3 more of double-free\n"), 1);
    ck_assert_uint_eq(count("not reported: "), 2);
}
END_TEST

static void touched(void) {
    error_policy(&options, NULL,
                 &(struct os_finding){.kind = OS_FAULT_GUARD_FREED, .access = "a read"});
}

START_TEST(an_access_is_left_to_the_signal) {
    options = (struct os_options){.on_error = ON_ERROR_ABORT};
    run(touched);
    ck_assert_uint_eq(count("  then: abort; OSMEM_OPTIONS=use-after-free=report leaves "
                            "this kind to SIGSEGV\n"),
                      1);
    options.on_error = ON_ERROR_REPORT;
    run(touched);
    ck_assert_uint_eq(count("  then: SIGSEGV; OSMEM_OPTIONS=use-after-free=abort "), 1);
}
END_TEST

static enum os_status kind;

static void one_of_a_kind(void) {
    struct finding_neighbour beside = {&fault, 32, "in use"};
    struct os_finding info = {.kind = kind,
                              .function = "os_free",
                              .address = &fault,
                              .block = &fault,
                              .size = 48,
                              .requested = 40,
                              .changed = kind % 2 + 1,
                              .first = 3,
                              .expected = 1,
                              .found = 2,
                              .left = beside,
                              .right = beside,
                              .detail = "munmap",
                              .number = 22};
    error_policy(&options, NULL, &info);
}

START_TEST(every_kind_has_its_report) {
    options = (struct os_options){.on_error = ON_ERROR_REPORT};
    for (kind = OS_NO_MEMORY + 1; kind < OS_STATUS_COUNT; kind++) {
        char first[100];
        run_here(one_of_a_kind);
        snprintf(first, sizeof first, "osmem: %s: ", status_row(kind)->slug);
        ck_assert_int_eq(strncmp(said, first, strlen(first)), 0);
        ck_assert_ptr_nonnull(strstr(said, "]\n  in os_free, address 0x"));
        ck_assert_int_eq(said[strlen(said) - 1], '\n');
    }
}
END_TEST

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

START_TEST(a_log_is_added_to) {
    char path[] = "/tmp/policyXXXXXX", text[4096] = "";
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, "before\n", 7), 7);
    options = (struct os_options){.on_error = ON_ERROR_REPORT};
    strcpy(options.log, path);
    run_here(one_fault);
    ck_assert_str_eq(said, "");
    ck_assert_int_gt(pread(fd, text, sizeof text - 1, 0), 0);
    ck_assert_int_eq(strncmp(text, "before\nosmem: double-free: ", 26), 0);
    close(fd);
    unlink(path);
    strcpy(options.log, "/nowhere/at/all");
    run(one_fault);
    ck_assert_uint_eq(reports(said), 1);
}
END_TEST

/* The last calls go to a file of ours: neither to where another program's leads, nor into a pipe. */
START_TEST(the_call_history_is_a_new_file) {
    static struct os_history history;
    static struct history_call ring[16] = {
        {.function = "os_malloc", .result = ring, .size = 5}};
    char folder[] = "/tmp/policyXXXXXX", name[64], text[200] = "";
    history =
        (struct os_history){.ring = {.base = (char *)ring}, .calls = 16, .added = 1};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    snprintf(name, sizeof name, "osmem.%d.ops", (int)getpid());
    for (int is_pipe = 0; is_pipe < 2; is_pipe++) {
        int fd = is_pipe ? mkfifo(name, 0600) : open("precious", O_CREAT | O_RDWR, 0600);
        ck_assert_int_ge(fd, 0);
        if (!is_pipe) {
            ck_assert_int_eq(write(fd, "kept", 4), 4);
            ck_assert_int_eq(link("precious", name), 0);
        }
        options = (struct os_options){.on_error = ON_ERROR_REPORT};
        error_policy(&options, &history, &fault);
        ck_assert(is_pipe || pread(fd, text, sizeof text, 0) == 4);
        fd = open(name, O_RDONLY);
        ssize_t n = read(fd, text, sizeof text - 1);
        text[n > 0 ? n : 0] = '\0';
        ck_assert_ptr_nonnull(strstr(text, "[OSM-DOUBLE-FREE]\nmalloc s0 5\n"));
        close(fd);
        unlink(name);
    }
    unlink("precious");
    ck_assert_int_eq(chdir("/"), 0);
    rmdir(folder);
}
END_TEST

int main(void) {
    return suite_run("error_policy",
                     SUITE(each_word_ends_it_so, a_program_that_goes_on_may_fail_again,
                           a_kind_may_have_another_policy,
                           the_first_of_a_kind_is_reported_and_others_are_counted,
                           an_access_is_left_to_the_signal, every_kind_has_its_report,
                           the_handler_runs_behind_the_report,
                           a_fault_within_is_not_reported_and_does_not_loop,
                           faults_at_once_are_one_report, a_turn_ends_with_its_report,
                           a_turn_that_never_ends_is_taken_away,
                           each_finding_of_a_call_is_reported_and_errno_kept,
                           more_findings_within_a_report_leave_its_turn,
                           a_child_reports_for_itself, a_log_is_added_to,
                           the_call_history_is_a_new_file));
}
