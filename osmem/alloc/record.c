#include "osmem/alloc/record.h"

void record_init(struct os_record *record) {
    *record = (struct os_record){.lock = OS_LOCK_INIT};
}

void record_open(struct os_record *record, struct os_kernel *kernel,
                 const struct os_options *options, uint64_t random) {
    if (options->sites)
        site_table_open(&record->sites, kernel, options->sites);
    if (options->history)
        history_open(&record->history, kernel, options->history);
    record->sample.random = random;
}

void record_begin(struct os_record *record, struct os_call *call) {
    call->site.operation = 0;
    if (record->sites.rows)
        call->site.operation =
            1 + atomic_fetch_add_explicit(&record->operations, 1, memory_order_relaxed);
}

uint64_t record_operation(const struct os_record *record) {
    return record->sites.rows
               ? atomic_load_explicit(&record->operations, memory_order_relaxed)
               : 0;
}

void record_allocation(struct os_record *record, const struct os_call *call,
                       const void *address, size_t requested) {
    if (record->sites.rows == 0)
        return;
    lock_take(&record->lock);
    site_table_add(&record->sites, address, requested, &call->site);
    lock_release(&record->lock);
}

void record_free(struct os_record *record, const struct os_call *call,
                 const void *address) {
    if (record->sites.rows == 0)
        return;
    lock_take(&record->lock);
    site_table_free(&record->sites, address, &call->site);
    lock_release(&record->lock);
}

void record_add_history(struct os_record *record, const struct history_call *call) {
    if (!call->result && !call->block)
        return;
    lock_take(&record->lock);
    history_add(&record->history, call);
    lock_release(&record->lock);
}

/* A free block may be joined of several: the address says which one was freed. The caller has the
 * lock. */
static void record_find(struct os_record *record, struct os_finding *finding) {
    bool is_free =
        finding->kind == OS_FAULT_DOUBLE_FREE || finding->kind == OS_FAULT_USE_AFTER_FREE;
    const struct site_row *row =
        site_table_find(&record->sites, is_free ? finding->address : finding->block);
    if (row) {
        finding->allocated = row->allocated;
        finding->freed = row->freed;
    }
}

void record_explain(struct os_record *record, struct os_finding *finding) {
    if (record->sites.rows == 0)
        return;
    lock_take(&record->lock);
    record_find(record, finding);
    lock_release(&record->lock);
}

void record_explain_in_signal(struct os_record *record, struct os_finding *finding) {
    if (record->sites.rows == 0 || !lock_try_for_a_while(&record->lock))
        return;
    record_find(record, finding);
    lock_release(&record->lock);
}
