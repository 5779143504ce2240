/*
 * suite: the main of a test by libcheck.
 *
 *     int main(void) {
 *         return suite_run("tags", SUITE(first_test, second_test));
 *     }
 */
#ifndef PROPS_TESTING_SUITE_H
#define PROPS_TESTING_SUITE_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

#define SUITE(...)                  \
    (const TTest *[]){__VA_ARGS__}, \
        sizeof((const TTest *[]){__VA_ARGS__}) / sizeof(TTest *)

/* Runs each test in a process of its own (CK_FORK=no: in this one). */
static inline int suite_run(const char *name, const TTest *const *tests, size_t count) {
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < count; i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        tcase_set_timeout(tcase, 120); /* ends a hang */
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
