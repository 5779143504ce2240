#include "osmem/alloc/inspect.h"

#include "osmem/alloc/prepare.h"
#include "osmem/alloc/state.h"
#include "osmem/base/num.h"
#include "osmem/block/fill.h"
#include "osmem/platform/expect.h"

/* A neighbour's owner may be at work on it: what looks damaged is read so often before it counts. */
#define INSPECT_READS 3

bool inspect_canary(struct os_alloc *alloc, struct os_call *call,
                    const struct os_block *block) {
    struct heap_filled padding = heap_left_padding(&alloc->heap, block);
    if (!fill_holds(padding.at, padding.length, padding.byte))
        finding_left_padding(alloc, call, block, &padding);
    if (heap_canary_holds(&alloc->heap, block))
        return true;
    finding_canary(alloc, call, block);
    return false;
}

/* ---- neighbours ---- */

/* The last granule of what is filled: an underflow of the block behind it begins there. */
static bool inspect_fill_end(const struct heap_filled *filled) {
    size_t near = num_min(filled->length, GRANULE);
    return fill_holds(filled->at + filled->length - near, near, filled->byte);
}

/* Whether nothing is wrong with a neighbour, as it is now. */
static bool inspect_neighbour(struct os_alloc *alloc, bool is_left,
                              const struct heap_neighbour *neighbour) {
    if (neighbour->state == STATE_IN_USE)
        return heap_canary_holds(&alloc->heap, &neighbour->block);
    if (!is_left || neighbour->state == STATE_BUSY || neighbour->state == STATE_NOT_OURS)
        return true;
    if (neighbour->state == STATE_FREE && neighbour->block.size == GRANULE)
        return heap_links_hold(&alloc->heap, &neighbour->block);
    struct heap_filled filled =
        heap_filled(&alloc->heap, &neighbour->block, neighbour->state);
    return inspect_fill_end(&filled);
}

static void inspect_add(struct os_alloc *alloc, struct os_call *call,
                        const struct heap_neighbour *neighbour) {
    if (neighbour->state == STATE_IN_USE) {
        finding_canary(alloc, call, &neighbour->block);
        return;
    }
    if (neighbour->state == STATE_FREE && neighbour->block.size == GRANULE) {
        inspect_links(alloc, call);
        return;
    }
    struct heap_filled filled =
        heap_filled(&alloc->heap, &neighbour->block, neighbour->state);
    finding_fill(alloc, call, &neighbour->block, &filled);
}

void inspect_neighbours(struct os_alloc *alloc, struct os_call *call,
                        const struct os_block *block) {
    struct heap_neighbours near;
    bool left = false, right = false; /* damaged */
    if (!alloc->options->neighbours)
        return;
    for (int reads = 0; reads < INSPECT_READS; reads++) {
        heap_neighbours(&alloc->heap, block, &near);
        left = near.has_left && !inspect_neighbour(alloc, true, &near.left);
        right = near.has_right && !inspect_neighbour(alloc, false, &near.right);
        if (!left && !right)
            return;
    }
    if (right)
        inspect_add(alloc, call, &near.right);
    if (left)
        inspect_add(alloc, call, &near.left);
}

/* ---- fills ---- */

void inspect_fresh(struct os_alloc *alloc, struct os_call *call, struct os_block *block,
                   size_t from) {
    EXPECT(from <= block->size);
    if (!alloc->options->verify || block->id == NO_BLOCK || !heap_is_zeroed(&alloc->heap))
        return;
    struct heap_filled filled = {block->address + from, block->size - from, FILL_CLEAR};
    if (!fill_holds(filled.at, filled.length, filled.byte)) {
        finding_fill(alloc, call, block, &filled);
        fill_write(filled.at, filled.length, FILL_CLEAR);
    }
    block->zero = from == 0;
}

static void inspect_due(struct os_alloc *alloc, struct os_call *call,
                        const struct heap_due *due) {
    for (unsigned i = 0; i < due->count; i++) {
        const struct os_block *block = &due->block[i];
        struct heap_filled filled = heap_filled(&alloc->heap, block, STATE_QUARANTINED);
        if (!fill_holds(filled.at, filled.length, filled.byte))
            finding_fill(alloc, call, block, &filled);
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
