/* The check of the heap when a program exits. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "osmem/osmem.h"
#include "props/testing/child.h"
#include "props/testing/suite.h"

const char *os_default_options(void) {
    return "tier=standard:at_exit=1";
}

static char text[8192];

static size_t reports(void) {
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, "osmem: heap-buffer-overflow: ")); at++)
        n++;
    return n;
}

static void *volatile damaged;

static void damage(void) {
    char *block = damaged = os_malloc(40);
    block[40] ^= 1;
}

static void exit_damaged(void) {
    damage();
    exit(21);
}

static void exit_sound(void) {
    damaged = os_malloc(40);
    exit(21);
}

START_TEST(the_heap_is_checked_at_the_exit) {
    int status = child_run(exit_damaged, text, sizeof text);
    ck_assert_msg(child_died(status, SIGABRT), "%s", text);
    ck_assert_uint_eq(reports(), 1);
    ck_assert_ptr_nonnull(strstr(text, "\n  in exit\n"));
    status = child_run(exit_sound, text, sizeof text);
    ck_assert_msg(child_exited(status, 21), "%s", text);
}
END_TEST

static void exit_in_handler(const struct os_fault_report *report, void *context) {
    (void)report, (void)context;
    exit(22);
}

static void report_and_exit(void) {
    os_set_fault_handler(exit_in_handler, NULL);
    damage();
    os_free(damaged);
}

/* What is damaged was reported: the exit says nothing of it again. */
START_TEST(an_exit_in_a_handler_is_not_checked) {
    int status = child_run(report_and_exit, text, sizeof text);
    ck_assert_msg(child_exited(status, 22), "%s", text);
    ck_assert_uint_eq(reports(), 1);
}
END_TEST

int main(void) {
    return suite_run("exit", SUITE(the_heap_is_checked_at_the_exit,
                                   an_exit_in_a_handler_is_not_checked));
}
