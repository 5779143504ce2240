#include "osmem/report/leaks.h"

#include "osmem/alloc/state.h"
#include "osmem/check/walk.h"
#include "osmem/platform/site.h"
#include "osmem/report/error_policy.h"
#include "osmem/report/kept.h"

struct leaks {
    size_t blocks, bytes;
};

static void leaks_put(struct os_text *text, const struct leaks *leaks) {
    text_put(text, "osmem: leak: ");
    text_number(text, leaks->bytes, 10);
    text_put(text, leaks->bytes == 1 ? " byte in " : " bytes in ");
    text_number(text, leaks->blocks, 10);
    text_put(text, leaks->blocks == 1 ? " block" : " blocks");
}

static bool leaks_is_live(const struct site_row *row) {
    return row->address && row->freed.operation == 0;
}

/* Frames behind the last, which is NULL, are not set. */
static bool leaks_is_same(const struct os_site *a, const struct os_site *b) {
    int i = 0;
    while (i < SITE_FRAMES - 1 && a->frame[i] && a->frame[i] == b->frame[i])
        i++;
    return a->frame[i] == b->frame[i];
}

/* The site of the block that was allocated first of those not listed yet; false: there is none. Of
 * the calls up to `last`: other threads may go on allocating. */
static bool leaks_first(const struct site_table *table, uint64_t last,
                        struct os_site *first) {
    first->operation = 0;
    const struct site_row *row;
    for (size_t i = 0; (row = site_table_row(table, i)) != NULL; i++)
        if (leaks_is_live(row) && row->allocated.operation <= last &&
            (first->operation == 0 || row->allocated.operation < first->operation))
            *first = row->allocated;
    return first->operation != 0;
}

/* All blocks of one site, whose rows are empty then. */
static struct leaks leaks_gather(const struct site_table *table,
                                 const struct os_site *site) {
    struct leaks leaks = {0, 0};
    struct site_row *row;
    for (size_t i = 0; (row = site_table_row(table, i)) != NULL; i++) {
        if (!leaks_is_live(row) || !leaks_is_same(&row->allocated, site))
            continue;
        leaks.blocks++;
        leaks.bytes += row->requested;
        row->address = NULL;
    }
    return leaks;
}

/* The next site, gathered under the lock of the table, and written after it. */
static bool leaks_next(struct os_record *record, uint64_t last, struct os_site *site,
                       struct leaks *leaks) {
    lock_take(&record->lock);
    bool any = leaks_first(&record->sites, last, site);
    if (any)
        *leaks = leaks_gather(&record->sites, site);
    lock_release(&record->lock);
    return any;
}

struct leaks_sum {
    struct leaks all;
    const struct kept *kept;
};

static bool leaks_count(void *context, const struct walk_block *block) {
    struct leaks_sum *sum = context;
    if (block->state == STATE_IN_USE && !kept_holds(sum->kept, block->address)) {
        sum->all.blocks++;
        sum->all.bytes += block->size - block->slack;
    }
    return true;
}

static void leaks_forget_kept(struct os_record *record, const struct kept *kept) {
    struct site_row *row;
    lock_take(&record->lock);
    for (size_t i = 0; (row = site_table_row(&record->sites, i)) != NULL; i++)
        if (leaks_is_live(row) && kept_holds(kept, row->address))
            row->address = NULL;
    lock_release(&record->lock);
}

void leaks_list(struct os_alloc *alloc) {
    struct kept kept;
    struct leaks_sum sum = {{0, 0}, &kept};
    struct leaks leaks;
    struct os_site site;
    struct os_text text;
    uint64_t last = record_operation(&alloc->record);
    kept_find(&kept, alloc);
    heap_lock(&alloc->heap);
    walk_heap(&alloc->heap, leaks_count, &sum);
    heap_unlock(&alloc->heap);
    leaks_forget_kept(&alloc->record, &kept);
    kept_close(&kept, alloc);
    while (leaks_next(&alloc->record, last, &site, &leaks)) {
        text.length = 0;
        leaks_put(&text, &leaks);
        text_put(&text, "\n");
        site_put(&text, "the first of them", &site);
        error_policy_write(alloc->options, &text);
    }
    text.length = 0;
    leaks_put(&text, &sum.all);
    text_put(&text, " in all are in use at the exit\n");
    error_policy_write(alloc->options, &text);
}
