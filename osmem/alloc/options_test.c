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
        {"deepbind=2", "osmem: OSMEM_OPTIONS: deepbind=2: expected 0 to 1\n"},
        {"deepbind=1k", "osmem: OSMEM_OPTIONS: deepbind=1k: expected 0 to 1\n"},
        {"deepbind", "osmem: OSMEM_OPTIONS: deepbind: expected 0 to 1\n"},
        {"deepbind=", "osmem: OSMEM_OPTIONS: deepbind=: expected 0 to 1\n"},
        {"deepbind=k", "osmem: OSMEM_OPTIONS: deepbind=k: expected 0 to 1\n"},
        {"deepbind=-1", "osmem: OSMEM_OPTIONS: deepbind=-1: expected 0 to 1\n"},
        {"deepbind=18446744073709551617",
         "osmem: OSMEM_OPTIONS: deepbind=18446744073709551617: expected 0 to 1\n"},
        {"deepbind=17179869184g",
         "osmem: OSMEM_OPTIONS: deepbind=17179869184g: expected 0 to 1\n"},
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
    ck_assert_str_eq(said, "osmem: OSMEM_OPTIONS: tier=strict: expected light, standard, "
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
                 "osmem: OSMEM_OPTIONS: %s: expected abort, exit=0 to exit=255, report "
                 "or trap\n",
                 wrong[i]);
        ck_assert_str_eq(said, expected);
        ck_assert_int_eq(options.on_error, ON_ERROR_ABORT);
    }
    take("on_error");
    ck_assert_ptr_nonnull(strstr(said, "on_error: no such option"));
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
    ck_assert_ptr_nonnull(strstr(said, ": expected a path of at most 255 bytes\n"));
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
}
END_TEST

START_TEST(a_long_text_is_cut) {
    char text[6000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    take(text);
    ck_assert_uint_eq(strlen(said), 4096);
}
END_TEST

int main(void) {
    return suite_run("options",
                     SUITE(what_is_right_is_taken_in_silence,
                           a_tier_presets_and_single_options_change_it,
                           what_is_wrong_is_reported_and_left,
                           words_say_what_becomes_of_the_process, a_log_is_a_path,
                           help_lists_every_option, a_long_text_is_cut));
}
