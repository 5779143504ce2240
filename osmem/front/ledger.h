/*
 * ledger: who allocated and who freed which block.
 *
 * A table out of the user's reach, in sets of four rows by address. A row stays after the free, until
 * another block needs it; then the one that was freed first makes place, or if none was, the one that
 * was allocated first. So nothing here ever fails, and a block may be unknown.
 */
#ifndef OSMEM_FRONT_LEDGER_H
#define OSMEM_FRONT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/heap/guarded.h"
#include "osmem/platform/site.h"

struct ledger_row {
    const void *address; /* NULL: the row is empty */
    size_t asked;
    struct os_site taken;
    struct os_site freed; /* without an operation while the block is in use */
};

struct os_ledger {
    struct guarded_region table;
    size_t rows; /* a power of two; 0: nothing is recorded */
};

/* About so many rows; where they are refused, nothing is recorded. */
void ledger_open(struct os_ledger *ledger, struct os_kernel *kernel, size_t rows);

void ledger_take(struct os_ledger *ledger, const void *address, size_t asked,
                 const struct os_site *site);
void ledger_give(struct os_ledger *ledger, const void *address,
                 const struct os_site *site);

/* What is known of the last block that started at an address, or NULL. */
struct ledger_row *ledger_find(const struct os_ledger *ledger, const void *address);

/* The row by its number, or NULL behind the last. */
struct ledger_row *ledger_row(const struct os_ledger *ledger, size_t number);

#endif
