/*
 * zero: makes the memory of a freed mapping zero, and no page resident that is not.
 *
 * Of a large block a program often touches the same few pages each time. Those are cleared by writing,
 * so that they need no fault when they are used again; all others are given back to the kernel. Which
 * they are mincore says, once in a while for each size. And where the process had no page fault
 * since the others were given back, none of them was touched, so that nothing is left to give back:
 * then the program takes and frees a block at the cost of one getrusage. Faults of another process that
 * writes into this one (the child of a vfork, a debugger) are not counted: such bytes stay, so that a
 * calloc must not rely on it.
 */
#ifndef OSMEM_SPACE_ZERO_H
#define OSMEM_SPACE_ZERO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/platform/sys.h"

enum {
    ZERO_RUNS = 4, /* runs of pages that are cleared by writing */
};

/* The pages that blocks of one size had touched, in runs in ascending order. */
struct zero_habit {
    size_t length; /* bytes of such a block; 0: none yet */
    unsigned uses;
    unsigned pause;   /* uses for which faults are not counted */
    unsigned longest; /* the pause after the next fault */
    uint32_t version; /* another one each time that the pages are looked up; never 0 */
    unsigned runs;
    struct zero_run {
        uint32_t first, count; /* pages */
    } run[ZERO_RUNS];
};

/* When a mapping had no other pages than those of a habit. */
struct zero_mark {
    uint64_t faults;  /* of the process; 0: not known */
    uint32_t version; /* of the habit */
    bool assumed;     /* by the count of faults, and not by giving back the others */
};

/* Whole pages, which have a mark if they were cleared before; false where the kernel refused to take
 * one back: then some still have their bytes. */
bool zero_pages(struct os_kernel *kernel, char *start, size_t length,
                struct zero_habit *habit, struct zero_mark *mark);

/* The pages are to be looked up at this use. */
bool zero_is_due(const struct zero_habit *habit);

#endif
