#include "osmem/alloc/site_table.h"

#include "osmem/base/num.h"

enum {
    SITE_TABLE_SET = 4,
    SITE_TABLE_LEAST = 64,
};

void site_table_open(struct site_table *table, struct os_kernel *kernel, size_t rows) {
    rows = (size_t)1 << num_log2(num_max(rows, SITE_TABLE_LEAST));
    size_t size = num_ceil(rows * sizeof(struct site_row), kernel->page);
    if (!table->table.base && !guarded_reserve(&table->table, kernel, size, size))
        return;
    if (guarded_commit(&table->table, kernel, size))
        table->rows = rows;
}

struct site_row *site_table_row(const struct site_table *table, size_t number) {
    struct site_row *rows = (struct site_row *)(void *)table->table.base;
    return number < table->rows ? &rows[number] : NULL;
}

static struct site_row *site_table_set(const struct site_table *table,
                                       const void *address) {
    size_t sets = table->rows / SITE_TABLE_SET;
    return site_table_row(table, num_mix(num_address(address)) % sets * SITE_TABLE_SET);
}

struct site_row *site_table_find(const struct site_table *table, const void *address) {
    if (table->rows == 0 || !address)
        return NULL;
    struct site_row *set = site_table_set(table, address);
    for (unsigned i = 0; i < SITE_TABLE_SET; i++)
        if (set[i].address == address)
            return &set[i];
    return NULL;
}

/* Which of two rows is the better one to replace. */
static bool site_table_is_older(const struct site_row *a, const struct site_row *b) {
    bool a_is_live = a->freed.operation == 0, b_is_live = b->freed.operation == 0;
    if (!a->address || !b->address)
        return !a->address;
    if (a_is_live != b_is_live)
        return b_is_live;
    return a_is_live ? a->allocated.operation < b->allocated.operation
                     : a->freed.operation < b->freed.operation;
}

void site_table_add(struct site_table *table, const void *address, size_t requested,
                    const struct os_site *site) {
    if (table->rows == 0)
        return;
    struct site_row *row = site_table_find(table, address);
    if (!row) {
        struct site_row *set = site_table_set(table, address);
        row = set;
        for (unsigned i = 1; i < SITE_TABLE_SET; i++)
            if (site_table_is_older(&set[i], row))
                row = &set[i];
    }
    *row =
        (struct site_row){.address = address, .requested = requested, .allocated = *site};
}

void site_table_free(struct site_table *table, const void *address,
                     const struct os_site *site) {
    struct site_row *row = site_table_find(table, address);
    if (row)
        row->freed = *site;
}
