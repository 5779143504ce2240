/*
 * site_table: who allocated and who freed which block.
 *
 * A table out of the program's reach, in sets of four rows by address. A row stays after the free,
 * until another block needs it; the one that was freed first is replaced first, or if none was, the
 * one that was allocated first. So nothing here ever fails, and a block may be unknown.
 */
#ifndef OSMEM_ALLOC_SITE_TABLE_H
#define OSMEM_ALLOC_SITE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/base/finding.h"
#include "osmem/space/guarded.h"

struct site_row {
    const void *address; /* NULL: the row is empty */
    size_t requested;
    struct os_site allocated;
    struct os_site freed; /* without an operation while the block is in use */
};

struct site_table {
    struct guarded_region table;
    size_t rows; /* a power of two; 0: nothing is recorded */
};

/* About so many rows; where they are refused, nothing is recorded. */
void site_table_open(struct site_table *table, struct os_kernel *kernel, size_t rows);

void site_table_add(struct site_table *table, const void *address, size_t requested,
                    const struct os_site *site);
void site_table_free(struct site_table *table, const void *address,
                     const struct os_site *site);

/* What is known of the last block that started at an address, or NULL. */
struct site_row *site_table_find(const struct site_table *table, const void *address);

/* The row by its number, or NULL behind the last. */
struct site_row *site_table_row(const struct site_table *table, size_t number);

#endif
