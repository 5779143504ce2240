/* front_testing: a front over a kernel in a box that remembers the last fault, for the tests beside it. */
#ifndef OSMEM_FRONT_FRONT_TESTING_H
#define OSMEM_FRONT_FRONT_TESTING_H

#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/front/front.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct os_front front;
static struct os_cache cache;
static struct os_finding last;
static int faults;
static unsigned char found[16]; /* in place of links */

static void remember(struct os_front *from, const struct os_finding *info) {
    (void)from;
    last = *info;
    if (info->links)
        memcpy(found, info->links, sizeof found);
    faults++;
}

static void open_front(void) {
    ck_assert(machine_open(&machine));
    front_init(&front, &machine.kernel);
    front.on_fault = remember;
    cache = (struct os_cache){0};
    faults = 0;
}

/* Verified, looked around, and waiting. */
static inline void open_full(void) {
    static struct os_options options;
    options = options_of_tier[TIER_FULL];
    options.sample = 0;
    open_front();
    front_set_options(&front, &options);
}

static inline void expect_fault(enum os_status kind, const char *verb) {
    ck_assert_int_eq(faults, 1);
    ck_assert_int_eq(last.kind, kind);
    ck_assert_str_eq(last.verb, verb);
    faults = 0;
}

#endif
