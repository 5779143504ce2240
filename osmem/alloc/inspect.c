#include "osmem/alloc/inspect.h"

#include "osmem/alloc/prepare.h"
#include "osmem/alloc/state.h"
#include "osmem/base/num.h"
#include "osmem/block/fill.h"
#include "osmem/platform/expect.h"

bool inspect_canary(struct os_alloc *alloc, struct os_call *call,
                    const struct os_block *block) {
    struct heap_filled padding = heap_left_padding(&alloc->heap, block);
    if (!fill_holds(padding.at, padding.length, padding.byte)) {
        struct fill_damage damage = fill_damage(padding.at, padding.length, padding.byte);
        finding_left_padding(alloc, call, block, &padding, &damage);
    }
    if (heap_canary_holds(&alloc->heap, block))
        return true;
    struct fill_damage damage = heap_canary_damage(&alloc->heap, block);
    finding_canary(alloc, call, block, &damage);
    return false;
}

/* ---- neighbours ---- */

static void inspect_add(struct os_alloc *alloc, struct os_call *call,
                        const struct heap_verdict *verdict) {
    if (verdict->wrong == HEAP_CANARY)
        finding_canary(alloc, call, &verdict->block, &verdict->damage);
    else if (verdict->wrong == HEAP_FILL)
        finding_fill(alloc, call, &verdict->block, &verdict->damage, verdict->watched);
    else if (verdict->wrong == HEAP_LINKS)
        inspect_links(alloc, call);
}

void inspect_neighbours(struct os_alloc *alloc, struct os_call *call,
                        const struct os_block *block) {
    struct heap_verdict left, right;
    if (!alloc->options->neighbours)
        return;
    heap_verify_neighbours(&alloc->heap, block, &left, &right);
    inspect_add(alloc, call, &right);
    inspect_add(alloc, call, &left);
}

/* Bytes of a block that the caller owns. */
static bool inspect_filled(struct os_alloc *alloc, struct os_call *call,
                           const struct os_block *block,
                           const struct heap_filled *filled) {
    if (fill_holds(filled->at, filled->length, filled->byte))
        return true;
    struct fill_damage damage = fill_damage(filled->at, filled->length, filled->byte);
    finding_fill(alloc, call, block, &damage, filled->length);
    return false;
}

/* ---- fills ---- */

void inspect_fresh(struct os_alloc *alloc, struct os_call *call, struct os_block *block,
                   size_t from) {
    EXPECT(from <= block->size);
    if (!alloc->options->verify || block->id == NO_BLOCK || !heap_is_zeroed(&alloc->heap))
        return;
    struct heap_filled filled = {block->address + from, block->size - from, FILL_CLEAR};
    if (!inspect_filled(alloc, call, block, &filled))
        fill_write(filled.at, filled.length, FILL_CLEAR);
    block->zero = from == 0;
}

static void inspect_due(struct os_alloc *alloc, struct os_call *call,
                        const struct heap_due *due) {
    for (unsigned i = 0; i < due->count; i++) {
        const struct os_block *block = &due->block[i];
        struct heap_filled filled = heap_filled(&alloc->heap, block, STATE_QUARANTINED);
        inspect_filled(alloc, call, block, &filled);
        prepare_clear(alloc->options, block);
        heap_give(&alloc->heap, block);
    }
}

bool inspect_drain(struct os_alloc *alloc, struct os_call *call, size_t bytes) {
    struct heap_due due;
    bool any = false;
    do {
        heap_quarantine_take(&alloc->heap, bytes, &due);
        inspect_due(alloc, call, &due);
        any = any || due.count;
    } while (due.count == HEAP_DUE_MAX);
    return any;
}

bool inspect_quarantine(struct os_alloc *alloc, struct os_call *call,
                        const struct os_block *block) {
    size_t bytes = alloc->options->quarantine;
    struct heap_due due;
    if (bytes == 0 || block->id == NO_BLOCK)
        return false;
    fill_write(block->address, block->size, FILL_DEAD);
    if (!heap_quarantine(&alloc->heap, block, bytes, &due))
        return false;
    inspect_due(alloc, call, &due);
    if (due.count == HEAP_DUE_MAX)
        inspect_drain(alloc, call, bytes);
    return true;
}

bool inspect_links(struct os_alloc *alloc, struct os_call *call) {
    bool corrupted = heap_repair_links(&alloc->heap);
    finding_recorded(alloc, call);
    return corrupted;
}
