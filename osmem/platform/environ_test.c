/* A variable, with environ and without. */
#define _GNU_SOURCE /* environ */
#include "osmem/platform/environ.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "props/testing/suite.h"

static char value[64];

static const char *get(const char *name) {
    memset(value, 'x', sizeof value);
    ck_assert(environ_get(name, value, sizeof value));
    return value;
}

START_TEST(what_environ_says) {
    setenv("OSMEM_TEST", "a=b:c", 1);
    ck_assert_str_eq(get("OSMEM_TEST"), "a=b:c");
    ck_assert_str_eq(get("OSMEM_TES"), "");
    ck_assert_str_eq(get("OSMEM_TEST_"), "");
    setenv("OSMEM_TEST", "", 1);
    ck_assert_str_eq(get("OSMEM_TEST"), "");
    setenv("OSMEM_TEST",
           "0123456789012345678901234567890123456789012345678901234567890123", 1);
    ck_assert_uint_eq(strlen(get("OSMEM_TEST")), sizeof value - 1);
}
END_TEST

/* The kernel knows the environment that the process was started with. */
START_TEST(what_the_kernel_says) {
    char **kept = environ;
    const char *path = getenv("PATH");
    char expected[sizeof value] = "";
    ck_assert_ptr_nonnull(path);
    strncat(expected, path, sizeof expected - 1);
    setenv("OSMEM_TEST", "only in environ", 1);
    kept = environ;
    environ = NULL;
    get("PATH");
    environ = kept;
    ck_assert_str_eq(value, expected);
    environ = NULL;
    get("OSMEM_TEST");
    environ = kept;
    ck_assert_str_eq(value, "");
}
END_TEST

int main(void) {
    return suite_run("environ", SUITE(what_environ_says, what_the_kernel_says));
}
