/*
 * call: one call of the C functions, from its start to its reports.
 *
 * Its caller owns it, on its stack: who called, and what was found to be wrong on the way. A finding
 * changes nothing of the heap; it is reported when the call is over and holds no lock.
 */
#ifndef OSMEM_ALLOC_CALL_H
#define OSMEM_ALLOC_CALL_H

#include "osmem/base/finding.h"

struct os_call {
    const char *function; /* "os_free" */
    const void *address;  /* that it was given, or NULL */
    struct os_site site;  /* of the caller, where sites are recorded */
    struct os_findings findings;
};

/* By a caller that is not recorded; the rest is filled in by the function that is called. */
static inline void call_open(struct os_call *call) {
    call->function = NULL;
    call->address = NULL;
    call->site.frame[0] = NULL;
    call->site.operation = 0;
    call->findings.count = call->findings.more = 0;
}

#endif
