/*
 * inspect.c: the functions of osmem.h that look at the heap: check, walk, dump, statistics.
 *
 * What a walk or a dump shows is copied in batches under the heap's locks, and shown after them: a
 * visitor may allocate and free, and the reader of a dump may be slow.
 */
#include <errno.h>
#include <unistd.h>

#include "osmem/alloc/state.h"
#include "osmem/check/check.h"
#include "osmem/check/dump.h"
#include "osmem/check/walk.h"
#include "osmem/osmem.h"
#include "osmem/process/process.h"

/* The heaps that a function is to look at, from the last one on; the first call starts the process's. */
static struct os_alloc *inspect_next(const struct os_alloc *last) {
    if (!last)
        process_options();
    return process_next_heap(last);
}

bool os_check(struct os_breach *breach) {
    struct check_breach found = {.invariant = INVARIANT_NONE};
    for (struct os_alloc *alloc = NULL; (alloc = inspect_next(alloc)) != NULL;) {
        process_hold(alloc);
        heap_lock(&alloc->heap);
        found = check_heap(&alloc->heap, CHECK_FULL);
        heap_unlock(&alloc->heap);
        process_release(alloc);
        if (found.invariant != INVARIANT_NONE)
            break;
    }
    if (breach)
        *breach = (struct os_breach){check_name(found.invariant),
                                     check_rule(found.invariant), found.where};
    return found.invariant == INVARIANT_NONE;
}

/* ---- the walk ---- */

enum {
    INSPECT_BATCH = 64,
};

struct inspect_batch {
    unsigned count;
    struct walk_block block[INSPECT_BATCH];
};

static bool inspect_collect(void *context, const struct walk_block *block) {
    struct inspect_batch *batch = context;
    if (batch->count == INSPECT_BATCH)
        return false;
    batch->block[batch->count++] = *block;
    return true;
}

/* The blocks from an address on, as many as fit in a batch. */
static void inspect_fill(struct os_alloc *alloc, const char *from,
                         struct inspect_batch *batch) {
    batch->count = 0;
    process_hold(alloc);
    heap_lock(&alloc->heap);
    walk_heap_from(&alloc->heap, from, inspect_collect, batch);
    heap_unlock(&alloc->heap);
    process_release(alloc);
}

/* Every block in address order, without a lock while `visit` runs, until it answers false. */
static bool inspect_walk_heap(struct os_alloc *alloc, walk_visitor *visit,
                              void *context) {
    struct inspect_batch batch;
    for (const char *from = NULL;;) {
        inspect_fill(alloc, from, &batch);
        for (unsigned i = 0; i < batch.count; i++)
            if (!visit(context, &batch.block[i]))
                return false;
        if (batch.count < INSPECT_BATCH)
            return true;
        from = batch.block[batch.count - 1].address + 1;
    }
}

static bool inspect_walk(walk_visitor *visit, void *context) {
    for (struct os_alloc *alloc = NULL; (alloc = inspect_next(alloc)) != NULL;)
        if (!inspect_walk_heap(alloc, visit, context))
            return false;
    return true;
}

struct inspect_visit {
    bool (*visit)(void *context, const struct os_block_info *block);
    void *context;
};

static bool inspect_show(void *context, const struct walk_block *block) {
    const struct inspect_visit *to = context;
    struct os_block_info info = {.address = block->address,
                                 .size = block->size,
                                 .in_use = block->state == STATE_IN_USE,
                                 .large = block->large,
                                 .state = walk_state_name(block->state)};
    return to->visit(to->context, &info);
}

bool os_walk(bool (*visit)(void *context, const struct os_block_info *block),
             void *context) {
    struct inspect_visit to = {visit, context};
    return inspect_walk(inspect_show, &to);
}

/* ---- the dump ---- */

static void inspect_write(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno != EINTR)
            return;
        size_t written = n > 0 ? (size_t)n : 0;
        text += written;
        length -= written;
    }
}

static bool inspect_dump_block(void *context, const struct walk_block *block) {
    char line[DUMP_LINE];
    inspect_write(*(const int *)context, line, dump_block(block, line));
    return true;
}

static void inspect_dump_picture(struct os_alloc *alloc, int fd) {
    char line[DUMP_LINE];
    struct dump_picture picture = {.span = 0};
    for (;;) {
        process_hold(alloc);
        heap_lock(&alloc->heap);
        size_t length = dump_picture_line(&alloc->heap, &picture, line);
        heap_unlock(&alloc->heap);
        process_release(alloc);
        if (length == 0)
            return;
        inspect_write(fd, line, length);
    }
}

void os_dump(int fd) {
    inspect_walk(inspect_dump_block, &fd);
    for (struct os_alloc *alloc = NULL; (alloc = inspect_next(alloc)) != NULL;)
        inspect_dump_picture(alloc, fd);
}

/* ---- statistics ---- */

static void inspect_count(struct os_alloc *alloc, struct os_stats *stats) {
    process_hold(alloc);
    struct heap_counters counters = heap_count(&alloc->heap);
    process_release(alloc);
    size_t in_use = counters.granules[STATE_IN_USE] * GRANULE;
    size_t quarantined = counters.granules[STATE_QUARANTINED] * GRANULE;
    size_t is_free = counters.granules[STATE_FREE] * GRANULE;
    size_t not_ours = counters.granules[STATE_NOT_OURS] * GRANULE;
    stats->blocks_in_use += counters.blocks_in_use + counters.large_blocks;
    stats->bytes_in_use += in_use + counters.large_size;
    stats->bytes_free += is_free;
    stats->bytes_quarantined += quarantined;
    stats->bytes_not_ours += not_ours;
    stats->span_bytes += in_use + is_free + quarantined + not_ours;
    stats->spans += space_spans(&alloc->heap.space);
    stats->large_blocks += counters.large_blocks;
    stats->large_bytes += counters.large_size;
    stats->idle_mappings += counters.large_idle;
    stats->unguarded += counters.unguarded;
    stats->given_back += counters.given_back;
    stats->allocations += atomic_load_explicit(&alloc->allocations, memory_order_relaxed);
    stats->frees += atomic_load_explicit(&alloc->frees, memory_order_relaxed);
}

void os_stats(struct os_stats *stats) {
    *stats = (struct os_stats){.spans = 0};
    for (struct os_alloc *alloc = NULL; (alloc = inspect_next(alloc)) != NULL;)
        inspect_count(alloc, stats);
}
