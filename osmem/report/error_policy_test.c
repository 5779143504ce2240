/* What becomes of a process after a fault: what on_error says, of each kind, and where it is written. */
#include "osmem/report/error_policy.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "osmem/osmem.h"
#include "osmem/report/error_policy_testing.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

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
                           a_log_is_added_to, the_call_history_is_a_new_file));
}
