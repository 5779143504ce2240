#include "osmem/leaks.h"

#include <string.h>

#include "osmem/check/walk.h"
#include "osmem/outcome.h"

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

static bool leaks_is_live(const struct ledger_row *row) {
    return row->address && row->freed.operation == 0;
}

static bool leaks_is_same(const struct ledger_row *a, const struct ledger_row *b) {
    return memcmp(a->taken.frame, b->taken.frame, sizeof a->taken.frame) == 0;
}

/* The block that was allocated first of those not told of yet, or NULL. */
static const struct ledger_row *leaks_first(const struct os_ledger *ledger) {
    const struct ledger_row *first = NULL;
    for (size_t i = 0; i < ledger->rows; i++) {
        const struct ledger_row *row = ledger_row(ledger, i);
        if (leaks_is_live(row) &&
            (!first || row->taken.operation < first->taken.operation))
            first = row;
    }
    return first;
}

/* All blocks of one site, which count no more then. */
static struct leaks leaks_gather(const struct os_ledger *ledger,
                                 const struct ledger_row *first) {
    struct leaks leaks = {0, 0};
    for (size_t i = 0; i < ledger->rows; i++) {
        struct ledger_row *row = ledger_row(ledger, i);
        if (!leaks_is_live(row) || !leaks_is_same(row, first))
            continue;
        leaks.blocks++;
        leaks.bytes += row->asked;
        row->address = NULL;
    }
    return leaks;
}

static bool leaks_count(void *context, const struct walk_block *block) {
    struct leaks *leaks = context;
    if (block->state == STATE_IN_USE) {
        leaks->blocks++;
        leaks->bytes += block->room - block->slack;
    }
    return true;
}

void leaks_list(struct os_front *front) {
    struct leaks all = {0, 0};
    struct os_text text;
    walk_heap(&front->heap, leaks_count, &all);
    for (const struct ledger_row *next; (next = leaks_first(&front->ledger)) != NULL;) {
        const struct ledger_row first = *next;
        struct leaks site = leaks_gather(&front->ledger, &first);
        text.length = 0;
        leaks_put(&text, &site);
        text_put(&text, "\n");
        site_put(&text, "the first of them", &first.taken);
        outcome_write(front->options, &text);
    }
    text.length = 0;
    leaks_put(&text, &all);
    text_put(&text, " in all are in use at the exit\n");
    outcome_write(front->options, &text);
}
