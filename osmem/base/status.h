/*
 * status: what an operation answers: done, the system refused memory, or what is wrong.
 *
 * One row of fault.def for each thing that can be wrong: its enumerator, the words of its report,
 * and what to do next.
 */
#ifndef OSMEM_BASE_STATUS_H
#define OSMEM_BASE_STATUS_H

enum os_status {
    OS_OK,
    OS_NO_MEMORY,
#define FAULT(id, slug, code, sentence, next) OS_FAULT_##id,
#include "osmem/base/fault.def"
#undef FAULT
    OS_STATUS_COUNT
};

struct status_row {
    const char *slug;     /* "double-free" */
    const char *code;     /* "OSM-DOUBLE-FREE" */
    const char *sentence; /* what is wrong */
    const char *next;     /* what to do next */
};

/* The row of a status; never NULL, and its strings are constants. Async-signal-safe. */
const struct status_row *status_row(enum os_status status);

#endif
