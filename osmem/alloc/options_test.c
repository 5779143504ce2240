/* What OSMEM_OPTIONS accepts, and what it says of the rest. */
#include "osmem/alloc/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "props/testing/suite.h"

static struct os_options options;
static char said[8192];

static void take(const char *text) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    options = options_of_tier[TIER_LIGHT];
    options_read(&options, text, ends[1]);
    close(ends[1]);
    ssize_t n = read(ends[0], said, sizeof said - 1);
    said[n > 0 ? n : 0] = '\0';
    close(ends[0]);
}

START_TEST(what_is_right_is_taken_in_silence) {
    take("");
    ck_assert_uint_eq(options.deepbind, 0);
    take("deepbind=1");
    ck_assert_uint_eq(options.deepbind, 1);
    take(":deepbind=1::deepbind=0:");
    ck_assert_uint_eq(options.deepbind, 0);
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(a_tier_presets_and_single_options_change_it) {
    take("tier=standard");
    ck_assert_int_eq(options.tier, TIER_STANDARD);
    ck_assert(options.canary && options.zero && options.random && !options.deepbind);
    take("zero=0:tier=standard");
    ck_assert(options.canary && !options.zero && options.random);
    take("tier=standard:tier=light:zero=1");
    ck_assert(!options.canary && options.zero && !options.random);
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(what_is_wrong_is_reported_and_left) {
    static const struct {
        const char *text, *said;
    } wrong[] = {
        {"deepbind=2", "osmem: OSMEM_OPTIONS: deepbind=2: expected deepbind=0 to 1\n"},
        {"deepbind=1k", "osmem: OSMEM_OPTIONS: deepbind=1k: expected deepbind=0 to 1\n"},
        {"deepbind", "osmem: OSMEM_OPTIONS: deepbind: expected deepbind=0 to 1\n"},
        {"deepbind=", "osmem: OSMEM_OPTIONS: deepbind=: expected deepbind=0 to 1\n"},
        {"deepbind=k", "osmem: OSMEM_OPTIONS: deepbind=k: expected deepbind=0 to 1\n"},
        {"deepbind=-1", "osmem: OSMEM_OPTIONS: deepbind=-1: expected deepbind=0 to 1\n"},
        {"deepbind=18446744073709551617",
         "osmem: OSMEM_OPTIONS: deepbind=18446744073709551617: expected deepbind=0 to "
         "1\n"},
        {"deepbind=17179869184g",
         "osmem: OSMEM_OPTIONS: deepbind=17179869184g: expected deepbind=0 to 1\n"},
        {"deepbin=1",
         "osmem: OSMEM_OPTIONS: deepbin=1: no such option; help=1 lists them\n"},
        {"=1", "osmem: OSMEM_OPTIONS: =1: no such option; help=1 lists them\n"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        take(wrong[i].text);
        ck_assert_str_eq(said, wrong[i].said);
        ck_assert_uint_eq(options.deepbind, 0);
    }
    take("tier=strict");
    ck_assert_str_eq(said,
                     "osmem: OSMEM_OPTIONS: tier=strict: expected tier=light, standard, "
                     "full or paranoid\n");
    ck_assert_int_eq(options.tier, TIER_LIGHT);
    take("nothing=1:deepbind=1:deepbind=7");
    ck_assert_uint_eq(options.deepbind, 1);
}
END_TEST

START_TEST(words_say_what_becomes_of_the_process) {
    static const struct {
        const char *text;
        enum os_on_error on_error;
        int code;
    } words[] = {{"on_error=abort", ON_ERROR_ABORT, 0},
                 {"on_error=report", ON_ERROR_REPORT, 0},
                 {"on_error=trap", ON_ERROR_TRAP, 0},
                 {"on_error=once", ON_ERROR_ONCE, 0},
                 {"on_error=ignore", ON_ERROR_IGNORE, 0},
                 {"on_error=exit=0", ON_ERROR_EXIT, 0},
                 {"on_error=exit=255:canary=1", ON_ERROR_EXIT, 255}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        take(words[i].text);
        ck_assert_int_eq(options.on_error, words[i].on_error);
        ck_assert_int_eq(options.exit_code, words[i].code);
        ck_assert_str_eq(said, "");
    }
    static const char *const wrong[] = {"on_error=", "on_error=exit", "on_error=exit=256",
                                        "on_error=exit=", "on_error=aborts"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char expected[200];
        take(wrong[i]);
        snprintf(expected, sizeof expected,
                 "osmem: OSMEM_OPTIONS: %s: expected on_error=abort, exit=0 to exit=255, "
                 "report, "
                 "once, ignore or trap\n",
                 wrong[i]);
        ck_assert_str_eq(said, expected);
        ck_assert_int_eq(options.on_error, ON_ERROR_ABORT);
    }
}
END_TEST

static void expect_policy(enum os_status kind, enum os_on_error on_error, int code) {
    struct os_policy policy = options_policy(&options, kind);
    ck_assert_int_eq(policy.on_error, on_error);
    ck_assert_int_eq(policy.exit_code, code);
    ck_assert_int_eq(options_tolerates(&options, kind), on_error != ON_ERROR_ABORT &&
                                                            on_error != ON_ERROR_EXIT &&
                                                            on_error != ON_ERROR_TRAP);
}

START_TEST(a_kind_has_a_policy_of_its_own) {
    take("size-mismatch=ignore");
    expect_policy(OS_FAULT_SIZE_MISMATCH, ON_ERROR_IGNORE, 0);
    expect_policy(OS_FAULT_DOUBLE_FREE, ON_ERROR_ABORT, 0);
    take("double-free=exit=9:on_error=report"); /* in any order */
    expect_policy(OS_FAULT_DOUBLE_FREE, ON_ERROR_EXIT, 9);
    expect_policy(OS_FAULT_SIZE_MISMATCH, ON_ERROR_REPORT, 0);
    take("write-after-free=once"); /* two kinds, one slug */
    expect_policy(OS_FAULT_FREE_LINK, ON_ERROR_ONCE, 0);
    expect_policy(OS_FAULT_WRITE_AFTER_FREE, ON_ERROR_ONCE, 0);
    take("foreign-pointer=trap:foreign-pointer=abort:tier=full");
    expect_policy(OS_FAULT_FOREIGN, ON_ERROR_ABORT, 0);
    ck_assert_str_eq(said, "");
    take("size-mismatch=never");
    expect_policy(OS_FAULT_SIZE_MISMATCH, ON_ERROR_ONCE, 0);
    ck_assert_str_eq(
        said, "osmem: OSMEM_OPTIONS: size-mismatch=never: expected size-mismatch=abort, "
              "exit=0 to exit=255, report, once, ignore or trap\n");
}
END_TEST

START_TEST(another_size_is_tolerated_in_light_and_standard) {
    for (int tier = 0; tier < TIERS; tier++) {
        options = options_of_tier[tier];
        bool tolerant = tier == TIER_LIGHT || tier == TIER_STANDARD;
        for (enum os_status kind = OS_NO_MEMORY + 1; kind < OS_STATUS_COUNT; kind++)
            expect_policy(kind,
                          tolerant && kind == OS_FAULT_SIZE_MISMATCH ? ON_ERROR_ONCE
                                                                     : ON_ERROR_ABORT,
                          0);
    }
    take("on_error=exit=3"); /* is for every kind */
    expect_policy(OS_FAULT_SIZE_MISMATCH, ON_ERROR_EXIT, 3);
}
END_TEST

START_TEST(a_log_is_a_path) {
    char text[400] = "log=";
    take("log=/tmp/a b.txt:canary=1");
    ck_assert_str_eq(options.log, "/tmp/a b.txt");
    memset(text + 4, 'x', 255);
    take(text);
    ck_assert_uint_eq(strlen(options.log), 255);
    ck_assert_str_eq(said, "");
    text[4 + 255] = 'x';
    take(text);
    ck_assert_str_eq(options.log, "");
    ck_assert_ptr_nonnull(strstr(said, ": expected log=a path of at most 255 bytes\n"));
    take("log=");
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(help_lists_every_option) {
    take("help=1");
    ck_assert_ptr_nonnull(strstr(said, "osmem: on_error=abort, "));
    ck_assert_ptr_nonnull(strstr(said, "osmem: log=PATH"));
#define OPTION(name, light, standard, full, paranoid, least, most, help) \
    ck_assert_ptr_nonnull(strstr(said, #name "="));                      \
    ck_assert_ptr_nonnull(strstr(said, "  " help " (light "));
#include "osmem/alloc/options.def"
#undef OPTION
#define FAULT(id, slug, code, sentence, next) \
    ck_assert_ptr_nonnull(strstr(said, "osmem: " slug "=WORD  "));
#include "osmem/base/fault.def"
#undef FAULT
    ck_assert_ptr_nonnull(
        strstr(said, " (light once, standard once, full abort, paranoid abort)\n"));
}
END_TEST

/* Each form that is wrong is answered by one that is right. */
START_TEST(the_right_form_is_shown) {
    static const char *const wrong[][2] = {
        {"tier", "tier: expected tier=light, standard, full or paranoid\n"},
        {"on_error", "on_error: expected on_error=abort, exit=0 "},
        {"double-free", "double-free: expected double-free=abort, exit=0 "},
        {"double-free=", "double-free=: expected double-free=abort, exit=0 "},
        {"log", "log: expected log=a path "},
        {"quarantine",
         "quarantine: expected quarantine=0 to 1073741824, or in k, m or g, "},
        {"quarantine=1t",
         "quarantine=1t: expected quarantine=0 to 1073741824, or in k, m "},
        {"quarantine=1mb", "quarantine=1mb: expected quarantine=0 to 1073741824, or in "},
        {"quarantine=2G", "quarantine=2G: expected quarantine=0 to 1073741824, or in "},
        {"quarantine=99999999999G",
         "99999999999G: expected quarantine=0 to 1073741824, "},
        {"tiers=full", "tiers=full: no such option; help=1 lists them\n"},
        {"double-frees=abort", "double-frees=abort: no such option; help=1 lists them\n"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        take(wrong[i][0]);
        ck_assert_msg(strstr(said, wrong[i][1]) != NULL, "%s", said);
        ck_assert_uint_eq(options.quarantine, 0);
        ck_assert_uint_eq(strcspn(said, "\n") + 1, strlen(said));
    }
}
END_TEST

START_TEST(numbers_have_units_in_either_case) {
    static const struct {
        const char *text;
        size_t value;
    } sizes[] = {{"keep=3", 3},
                 {"keep=3k", 3 << 10},
                 {"keep=3K", 3 << 10},
                 {"keep=3m", 3 << 20},
                 {"keep=3M", 3 << 20},
                 {"keep=3g", (size_t)3 << 30},
                 {"keep=3G", (size_t)3 << 30},
                 {"keep=1024G", (size_t)1 << 40}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        take(sizes[i].text);
        ck_assert_uint_eq(options.keep, sizes[i].value);
        ck_assert_str_eq(said, "");
    }
}
END_TEST

/* 100 KB, of which the first and the last count. */
START_TEST(a_text_may_be_long) {
    static char text[100000];
    memset(text, ':', sizeof text - 1);
    memcpy(text, "zero=1", 6);
    memcpy(text + sizeof text - 10, "canary=1:", 10);
    take(text);
    ck_assert(options.zero && options.canary);
    ck_assert_str_eq(said, "");
    memset(text, 'x', sizeof text - 11);
    take(text);
    ck_assert(!options.zero && options.canary);
    ck_assert_uint_eq(strspn(said + strlen("osmem: OSMEM_OPTIONS: "), "x"), 100);
    ck_assert_ptr_nonnull(strstr(said, "x...: no such option; help=1 lists them\n"));
}
END_TEST

int main(void) {
    return suite_run("options", SUITE(what_is_right_is_taken_in_silence,
                                      a_tier_presets_and_single_options_change_it,
                                      what_is_wrong_is_reported_and_left,
                                      words_say_what_becomes_of_the_process,
                                      a_kind_has_a_policy_of_its_own,
                                      another_size_is_tolerated_in_light_and_standard,
                                      a_log_is_a_path, the_right_form_is_shown,
                                      numbers_have_units_in_either_case,
                                      help_lists_every_option, a_text_may_be_long));
}
