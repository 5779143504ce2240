#include "osmem/front/ledger.h"

#include "osmem/base/num.h"

enum {
    LEDGER_SET = 4,
    LEDGER_LEAST = 64,
};

void ledger_open(struct os_ledger *ledger, struct os_kernel *kernel, size_t rows) {
    rows = (size_t)1 << num_log2(num_max(rows, LEDGER_LEAST));
    size_t size = num_ceil(rows * sizeof(struct ledger_row), kernel->page);
    if (!ledger->table.base && !guarded_reserve(&ledger->table, kernel, size, size))
        return;
    if (guarded_commit(&ledger->table, kernel, size))
        ledger->rows = rows;
}

struct ledger_row *ledger_row(const struct os_ledger *ledger, size_t number) {
    struct ledger_row *rows = (struct ledger_row *)(void *)ledger->table.base;
    return number < ledger->rows ? &rows[number] : NULL;
}

static struct ledger_row *ledger_set(const struct os_ledger *ledger,
                                     const void *address) {
    size_t sets = ledger->rows / LEDGER_SET;
    return ledger_row(ledger, num_mix(num_address(address)) % sets * LEDGER_SET);
}

struct ledger_row *ledger_find(const struct os_ledger *ledger, const void *address) {
    if (ledger->rows == 0 || !address)
        return NULL;
    struct ledger_row *set = ledger_set(ledger, address);
    for (unsigned i = 0; i < LEDGER_SET; i++)
        if (set[i].address == address)
            return &set[i];
    return NULL;
}

/* Which of two rows is the better one to give up. */
static bool ledger_is_older(const struct ledger_row *a, const struct ledger_row *b) {
    bool a_lives = a->freed.operation == 0, b_lives = b->freed.operation == 0;
    if (!a->address || !b->address)
        return !a->address;
    if (a_lives != b_lives)
        return b_lives;
    return a_lives ? a->taken.operation < b->taken.operation
                   : a->freed.operation < b->freed.operation;
}

void ledger_take(struct os_ledger *ledger, const void *address, size_t asked,
                 const struct os_site *site) {
    if (ledger->rows == 0)
        return;
    struct ledger_row *row = ledger_find(ledger, address);
    if (!row) {
        struct ledger_row *set = ledger_set(ledger, address);
        row = set;
        for (unsigned i = 1; i < LEDGER_SET; i++)
            if (ledger_is_older(&set[i], row))
                row = &set[i];
    }
    *row = (struct ledger_row){.address = address, .asked = asked, .taken = *site};
}

void ledger_give(struct os_ledger *ledger, const void *address,
                 const struct os_site *site) {
    struct ledger_row *row = ledger_find(ledger, address);
    if (row)
        row->freed = *site;
}
