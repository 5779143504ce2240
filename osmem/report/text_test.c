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

/* The first line, and the one about what else it may be. */
static void expect_damage(const struct os_finding *finding, const char *first,
                          const char *other) {
    const char *report = report_of(finding);
    ck_assert_msg(strncmp(report, first, strlen(first)) == 0, "%s", report);
    ck_assert_msg((strstr(report, ": the bytes do not show which\n") != NULL) == !!*other,
                  "%s", report);
    ck_assert_msg(strstr(report, other) != NULL, "%s", report);
}

/* What was never allocated is not said to be free already. */
START_TEST(a_free_of_free_memory) {
    struct os_finding info = {.kind = OS_FAULT_DOUBLE_FREE};
    ck_assert_ptr_nonnull(strstr(report_of(&info), ": the address lies in free memory: "
                                                   "freed before, or never allocated ["));
    info.past = PAST_NONE;
    ck_assert_ptr_nonnull(
        strstr(report_of(&info), " was never allocated, or not since a trim ["));
    info.freed.operation = 7; /* it is known better */
    ck_assert_ptr_nonnull(strstr(report_of(&info), " that is free already ["));
    info = (struct os_finding){.kind = OS_FAULT_DOUBLE_FREE, .past = PAST_FREED};
    ck_assert_ptr_nonnull(strstr(report_of(&info), " that is free already ["));
}
END_TEST

START_TEST(damage_that_fits_two_blocks) {
    struct os_finding info = {.kind = OS_FAULT_OVERFLOW,
                              .block = (void *)0x1000,
                              .size = 48,
                              .requested = 40,
                              .changed = 1};
    expect_damage(&info,
                  "osmem: heap-buffer-overflow: 1 byte written past the end of a 40-byte "
                  "block [OSM-CANARY]\n",
                  "");
    info.changed = 8;
    info.at_least = true;
    info.other = (struct finding_other){OS_FAULT_UNDERFLOW, (void *)0x1030, 24};
    expect_damage(&info,
                  "osmem: heap-buffer-overflow: at least 8 bytes written past the end of "
                  "a 40-byte block, or in front of a 24-byte block [OSM-CANARY]\n",
                  "\n  or they were written in front of the block at 0x1030: ");
    info.kind = OS_FAULT_UNDERFLOW;
    info.other = (struct finding_other){OS_FAULT_OVERFLOW, (void *)0xfc0, 24};
    expect_damage(&info,
                  "osmem: heap-buffer-underflow: at least 8 bytes written in front of a "
                  "40-byte block, or past the end of a 24-byte block [OSM-UNDERFLOW]\n",
                  "\n  or they were written past the end of the block at 0xfc0: ");
    info.other.kind = OS_FAULT_WRITE_AFTER_FREE;
    expect_damage(&info,
                  "osmem: heap-buffer-underflow: at least 8 bytes written in front of a "
                  "40-byte block, or into a free 24-byte block [OSM-UNDERFLOW]\n",
                  "\n  or they were written into the block at 0xfc0: ");
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
    return suite_run("text", SUITE(a_pointer_in_a_block, a_free_of_free_memory,
                                   damage_that_fits_two_blocks, a_system_call,
                                   what_is_too_long_is_cut, a_report_to_nowhere_returns,
                                   an_expectation_that_holds_costs_nothing));
}
