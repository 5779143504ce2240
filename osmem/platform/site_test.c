/* Where in the program something was called. */
#include "osmem/platform/site.h"

#include <string.h>

#include "props/testing/suite.h"

static struct os_site site;

__attribute__((noinline)) static void called(void) {
    site_take(&site, __builtin_return_address(0));
    site.operation = 7;
}

START_TEST(a_site_begins_with_its_caller) {
    struct os_text text = {.length = 0};
    called();
    ck_assert_ptr_nonnull(site.frame[0]);
    ck_assert_ptr_null(site.frame[1]); /* before it is prepared */
    site_prepare();
    called();
    ck_assert_ptr_nonnull(site.frame[1]);
    site_put(&text, "allocated", &site);
    const char *shown = text_string(&text);
    ck_assert_int_eq(strncmp(shown, "  allocated by operation 7 at\n    /", 35), 0);
    ck_assert_ptr_nonnull(strstr(shown, "site_test+0x"));
    ck_assert_ptr_nonnull(strstr(shown, "libc.so.6+0x"));
}
END_TEST

START_TEST(what_is_not_known_is_said) {
    struct os_text text = {.length = 0};
    site_put(&text, "freed", &(struct os_site){.operation = 0});
    ck_assert_uint_eq(text.length, 0);
    site_put(&text, "freed", &(struct os_site){.operation = 3});
    site_put_frame(&text, (const void *)0x10);
    ck_assert_str_eq(text_string(&text),
                     "  freed by operation 3, before sites were recorded\n0x10");
}
END_TEST

int main(void) {
    return suite_run("site",
                     SUITE(a_site_begins_with_its_caller, what_is_not_known_is_said));
}
