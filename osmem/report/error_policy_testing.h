/* error_policy_testing: a fault, and what is written about it, for the tests of the error policy. */
#ifndef OSMEM_REPORT_ERROR_POLICY_TESTING_H
#define OSMEM_REPORT_ERROR_POLICY_TESTING_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "osmem/report/error_policy.h"
#include "props/testing/child.h"

static const struct os_finding fault = {.kind = OS_FAULT_DOUBLE_FREE,
                                        .function = "os_free",
                                        .address = &fault,
                                        .block = &fault,
                                        .size = 48};
static struct os_options options;
static char said[8192];

/* In a process of its own; how that ended, and in `said` what it wrote. */
static inline int run(void (*function)(void)) {
    return child_run(function, said, sizeof said);
}

/* The same in this process, where that goes on; what it wrote is in `said`. */
static inline void run_here(void (*function)(void)) {
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    function();
    dup2(kept, STDERR_FILENO);
    close(kept);
    ssize_t n = pread(fileno(file), said, sizeof said - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    fclose(file);
}

static inline size_t reports(const char *text) {
    size_t n = 0;
    for (; (text = strstr(text, "osmem: double-free: ")); text++)
        n++;
    return n;
}

static inline void one_fault(void) {
    error_policy(&options, NULL, &fault);
}

#endif
