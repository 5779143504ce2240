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

bool os_check(struct os_breach *breach) {
    struct os_call call;
    return os_heap_check(&process_enter(&call, NULL)->heap, breach);
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
static void inspect_fill(struct os_heap *heap, const char *from,
                         struct inspect_batch *batch) {
    batch->count = 0;
    heap_lock(heap);
    walk_heap_from(heap, from, inspect_collect, batch);
    heap_unlock(heap);
}

/* Every block in address order, without a lock while `visit` runs, until it answers false. */
static bool inspect_walk(struct os_heap *heap, walk_visitor *visit, void *context) {
    struct inspect_batch batch;
    for (const char *from = NULL;;) {
        inspect_fill(heap, from, &batch);
        for (unsigned i = 0; i < batch.count; i++)
            if (!visit(context, &batch.block[i]))
                return false;
        if (batch.count < INSPECT_BATCH)
            return true;
        from = batch.block[batch.count - 1].address + 1;
    }
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
    struct os_call call;
    struct inspect_visit to = {visit, context};
    return inspect_walk(&process_enter(&call, NULL)->heap, inspect_show, &to);
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

void os_dump(int fd) {
    struct os_call call;
    struct os_heap *heap = &process_enter(&call, NULL)->heap;
    char line[DUMP_LINE];
    struct dump_picture picture = {.span = 0};
    inspect_walk(heap, inspect_dump_block, &fd);
    for (;;) {
        heap_lock(heap);
        size_t length = dump_picture_line(heap, &picture, line);
        heap_unlock(heap);
        if (length == 0)
            return;
        inspect_write(fd, line, length);
    }
}

/* ---- statistics ---- */

void os_stats(struct os_stats *stats) {
    struct os_call call;
    struct os_alloc *alloc = process_enter(&call, NULL);
    struct heap_counters counters = heap_count(&alloc->heap);
    size_t in_use = counters.granules[STATE_IN_USE] * GRANULE;
    size_t quarantined = counters.granules[STATE_QUARANTINED] * GRANULE;
    size_t is_free = counters.granules[STATE_FREE] * GRANULE;
    size_t not_ours = counters.granules[STATE_NOT_OURS] * GRANULE;
    *stats = (struct os_stats){
        .blocks_in_use = counters.blocks_in_use + counters.large_blocks,
        .bytes_in_use = in_use + counters.large_size,
        .bytes_free = is_free,
        .bytes_quarantined = quarantined,
        .bytes_not_ours = not_ours,
        .span_bytes = in_use + is_free + quarantined + not_ours,
        .spans = space_spans(&alloc->heap.space),
        .large_blocks = counters.large_blocks,
        .large_bytes = counters.large_size,
        .idle_mappings = counters.large_idle,
        .unguarded = counters.unguarded,
        .given_back = counters.given_back,
        .allocations = atomic_load_explicit(&alloc->allocations, memory_order_relaxed),
        .frees = atomic_load_explicit(&alloc->frees, memory_order_relaxed),
    };
}
