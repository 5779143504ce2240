#include "osmem/report/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "osmem/platform/expect.h"
#include "props/testing/suite.h"

static char text[8192];

static const char *report_of(const struct os_finding *info) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    errno = 77;
    struct os_text report = {.length = 0};
    report_put(&report, info);
    text_write(&report, ends[1]);
    ck_assert_int_eq(errno, 77);
    close(ends[1]);
    ssize_t length = read(ends[0], text, sizeof text - 1);
    ck_assert_int_gt(length, 0);
    text[length] = '\0';
    close(ends[0]);
    return text;
}

START_TEST(a_pointer_in_a_block) {
    struct os_finding info = {.kind = OS_FAULT_INTERIOR,
                              .function = "os_free",
                              .address = (void *)0x1020,
                              .block = (void *)0x1000,
                              .size = 48};
    ck_assert_str_eq(
        report_of(&info),
        "osmem: interior-pointer: the address lies inside a block, not at its "
        "start [OSM-INTERIOR]\n"
        "  in os_free, address 0x1020\n"
        "  the address is 32 bytes into the 48-byte block at 0x1000\n"
        "  the mistake is the program's, not osmem's\n"
        "  next: OSMEM_OPTIONS=tier=paranoid shows where the block was allocated and "
        "freed\n");
}
END_TEST

START_TEST(a_system_call) {
    struct os_finding info = {
        .kind = OS_FAULT_SYSCALL, .detail = "munmap", .number = EINVAL};
    ck_assert_str_eq(
        report_of(&info),
        "osmem: system-call-failed: a system call failed for a reason other than "
        "memory [OSM-SYSCALL]\n"
        "  munmap: errno 22\n"
        "  the system, or a limit or filter set on this process, is the cause\n"
        "  next: look at ulimit -a, vm.max_map_count, and seccomp filters\n");
}
END_TEST

START_TEST(what_is_too_long_is_cut) {
    static char detail[6000];
    memset(detail, 'x', sizeof detail - 1);
    struct os_finding info = {.kind = OS_FAULT_EXPECTATION, .detail = detail};
    ck_assert_uint_eq(strlen(report_of(&info)), 4096);
}
END_TEST

START_TEST(a_report_to_nowhere_returns) {
    struct os_text report = {.length = 0};
    report_put(&report, &(struct os_finding){.kind = OS_FAULT_FOREIGN});
    text_write(&report, -1);
    ck_assert_str_eq(status_row(OS_FAULT_FOREIGN)->slug, "foreign-pointer");
}
END_TEST

START_TEST(an_expectation_that_holds_costs_nothing) {
    EXPECT(1 + 1 == 2);
}
END_TEST

int main(void) {
    return suite_run("text", SUITE(a_pointer_in_a_block, a_system_call,
                                   what_is_too_long_is_cut, a_report_to_nowhere_returns,
                                   an_expectation_that_holds_costs_nothing));
}
