/* A variable, with environ and without. */
#define _GNU_SOURCE /* environ */
#include "osmem/platform/environ.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "props/testing/suite.h"

static struct os_kernel kernel;

static const char *get(const char *name) {
    sys_real_kernel(&kernel);
    const char *value = environ_get(&kernel, name);
    ck_assert_ptr_nonnull(value);
    return value;
}

/* As before the C library knows it. */
static const char *get_from_the_kernel(const char *name) {
    char **kept = environ;
    sys_real_kernel(&kernel);
    environ = NULL;
    const char *value = environ_get(&kernel, name);
    environ = kept;
    return value;
}

START_TEST(what_environ_says) {
    setenv("OSMEM_TEST", "a=b:c", 1);
    ck_assert_str_eq(get("OSMEM_TEST"), "a=b:c");
    ck_assert_str_eq(get("OSMEM_TES"), "");
    ck_assert_str_eq(get("OSMEM_TEST_"), "");
    setenv("OSMEM_TEST", "", 1);
    ck_assert_str_eq(get("OSMEM_TEST"), "");
}
END_TEST

/* The kernel knows the environment that the process was started with. */
START_TEST(what_the_kernel_says) {
    const char *path = getenv("PATH");
    ck_assert_ptr_nonnull(path);
    setenv("OSMEM_TEST", "only in environ", 1);
    ck_assert_str_eq(get_from_the_kernel("PATH"), path);
    ck_assert_str_eq(get_from_the_kernel("PAT"), "");
    ck_assert_str_eq(get_from_the_kernel("PATH_"), "");
    ck_assert_str_eq(get_from_the_kernel("OSMEM_TEST"), "");
}
END_TEST

/* The kernel takes 128 KiB for one. */
enum {
    LONG = 100000
};

static char long_value[LONG + 1];

static void fill_long_value(void) {
    for (size_t i = 0; i < LONG; i++)
        long_value[i] = (char)('a' + i % 23);
}

START_TEST(a_value_may_be_long) {
    fill_long_value();
    setenv("OSMEM_TEST", long_value, 1);
    ck_assert_str_eq(get("OSMEM_TEST"), long_value);
    setenv("OSMEM_BEFORE", long_value, 1);
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        char first[LONG + 20] = "OSMEM_BEFORE=", second[LONG + 20] = "OSMEM_TEST=";
        strcat(first, long_value);
        strcat(second, long_value);
        char *entries[] = {first, second, "OSMEM_BEHIND=1", NULL};
        execle("/proc/self/exe", "environ_test", "started", NULL, entries);
        _exit(1);
    }
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* The program that the test starts, with an environment of long values. */
static int started(void) {
    fill_long_value();
    const char *value = get_from_the_kernel("OSMEM_TEST");
    const char *behind = get_from_the_kernel("OSMEM_BEHIND");
    return !value || strcmp(value, long_value) != 0 || !behind ||
           strcmp(behind, "1") != 0;
}

static void *refuse_mmap(struct os_kernel *refusing, size_t length, int protection) {
    (void)refusing, (void)length, (void)protection;
    errno = ENOMEM;
    return (void *)-1;
}

START_TEST(what_cannot_be_copied_is_not_known_yet) {
    char **kept = environ;
    sys_real_kernel(&kernel);
    kernel.mmap = refuse_mmap;
    environ = NULL;
    const char *value = environ_get(&kernel, "PATH");
    environ = kept;
    ck_assert_ptr_null(value);
}
END_TEST

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "started") == 0)
        return started();
    return suite_run("environ",
                     SUITE(what_environ_says, what_the_kernel_says, a_value_may_be_long,
                           what_cannot_be_copied_is_not_known_yet));
}
