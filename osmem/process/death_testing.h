/* death_testing: the end of a program by a report, for the tests of what ends it. */
#ifndef OSMEM_PROCESS_DEATH_TESTING_H
#define OSMEM_PROCESS_DEATH_TESTING_H

#include <signal.h>
#include <string.h>

#include "props/testing/child.h"

#define FREE_MEMORY                                                                \
    "osmem: double-free: the address lies in free memory: freed before, or never " \
    "allocated [OSM-DOUBLE-FREE]"

static char text[4096];

/* Runs a misuse in a process of its own; its first line, and that it died by SIGABRT. */
static inline void expect_death(void (*misuse)(void), const char *first_line) {
    int status = child_run(misuse, text, sizeof text);
    ck_assert_msg(child_died(status, SIGABRT), "lived: %s", text);
    char *end = strchr(text, '\n');
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    ck_assert_str_eq(text, first_line);
    *end = '\n';
}

/* The compiler must not know what we do. */
static void *volatile hidden;

static inline void *hide(void *pointer) {
    hidden = pointer;
    return hidden;
}

#endif
