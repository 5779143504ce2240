/*
 * record: what is kept of the calls: who allocated and freed each block, the last calls, and which
 * allocation is to be a guarded one.
 *
 * With a lock of its own, taken only where something is kept, and never together with another.
 */
#ifndef OSMEM_ALLOC_RECORD_H
#define OSMEM_ALLOC_RECORD_H

#include <stdatomic.h>
#include <stdint.h>

#include "osmem/alloc/call.h"
#include "osmem/alloc/history.h"
#include "osmem/alloc/options.h"
#include "osmem/alloc/sample.h"
#include "osmem/alloc/site_table.h"
#include "osmem/platform/lock.h"

struct os_record {
    struct os_lock lock; /* of the sites and the history */
    struct site_table sites;
    struct os_history history;
    struct os_sample sample;
    _Atomic(uint64_t) operations; /* calls, ever, where sites are recorded */
};

void record_init(struct os_record *record);

/* Tables as the options say; where one is refused, it records nothing. */
void record_open(struct os_record *record, struct os_kernel *kernel,
                 const struct os_options *options, uint64_t random);

/* Numbers the call, where sites are recorded. */
void record_begin(struct os_record *record, struct os_call *call);

/* The number of the last call, where sites are recorded; else 0. */
uint64_t record_operation(const struct os_record *record);

/* The call handed out, or took back, the block at an address. */
void record_allocation(struct os_record *record, const struct os_call *call,
                       const void *address, size_t requested);
void record_free(struct os_record *record, const struct os_call *call,
                 const void *address);

/* The call came to this; one that was refused leaves nothing. */
void record_add_history(struct os_record *record, const struct history_call *call);

static inline void record_history(struct os_record *record,
                                  const struct history_call *call) {
    if (record->history.calls)
        record_add_history(record, call);
}

/* Adds what is known of the finding's block; in a signal handler only if the lock is to be had. */
void record_explain(struct os_record *record, struct os_finding *finding);
void record_explain_in_signal(struct os_record *record, struct os_finding *finding);

#endif
