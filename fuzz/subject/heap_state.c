#include "fuzz/subject/heap_state.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/check/walk.h"
#include "osmem/space/registry.h"

struct heap_digest {
    uint64_t sum;
    const char *base;
};

static bool heap_digest_block(void *context, const struct walk_block *block) {
    struct heap_digest *digest = context;
    if (block->state == STATE_IN_USE)
        digest->sum =
            num_mix(digest->sum + num_mix((uint64_t)(block->address - digest->base)) +
                    block->size + block->slack);
    return true;
}

uint64_t heap_digest(const struct os_heap *heap, const char *base) {
    struct heap_digest digest = {0, base};
    walk_heap(heap, heap_digest_block, &digest);
    return digest.sum;
}

static uint64_t heap_offset(const char *base, const char *address) {
    return address ? num_mix((uint64_t)(address - base)) : 0;
}

static uint64_t heap_sum(uint64_t sum, const void *bytes, size_t length) {
    const char *at = bytes;
    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 29;
    }
    for (; length > 0; length--)
        sum = num_mix(sum + (unsigned char)*at++);
    return sum;
}

static uint64_t heap_span_state(const struct os_span *span, const char *base) {
    struct tags_extent extent;
    size_t granules = span_granules(span);
    uint64_t sum = heap_offset(base, span_base(span)) + num_mix(granules) +
                   heap_offset(base, span->break_end);
    if (granules)
        sum = heap_sum(sum, (const void *)span->tags, granules);
    for (size_t at = 0; at < granules && tags_read(span->tags + at, &extent);
         at += extent.granules)
        if (extent.state == STATE_FREE)
            sum = heap_sum(sum, span_base(span) + at * GRANULE,
                           num_min(extent.granules * GRANULE, 64));
    return sum;
}

static uint64_t heap_entry_state(const struct large_entry *entry, const char *base) {
    return num_mix(heap_offset(base, entry->base) + entry->length) +
           heap_offset(base, large_address(entry)) + large_size(entry) +
           num_mix((uint64_t)large_state(entry) * 16 + entry->guarded * 8 +
                   entry->right * 4 + entry->grows * 2 + entry->ready);
}

/* What decides which calls of the kernel a free makes. */
static uint64_t heap_habits_state(const struct retired *retired) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < RETIRED_HABITS; i++) {
        const struct zero_habit *habit = &retired->habit[i];
        sum = num_mix(sum + habit->length);
        if (habit->length)
            sum = num_mix(sum + zero_is_due(habit) + habit->pause * 2);
        for (unsigned run = 0; run < habit->runs; run++)
            sum = num_mix(sum + habit->run[run].first + num_mix(habit->run[run].count));
    }
    return sum;
}

/* In which order entries stand decides nothing, but in which those are kept does. */
static uint64_t heap_large_state(const struct os_space *space, const char *base) {
    uint64_t sum = heap_habits_state(&space->retired);
    for (uint32_t i = 0; i < space->registry.used; i++) {
        const struct large_entry *entry = large_entry(space, i);
        if (large_state(entry) != LARGE_NONE)
            sum += num_mix(heap_entry_state(entry, base));
    }
    for (unsigned i = 0; i < space->retired.kept_count; i++) {
        const struct large_entry *entry = large_entry(space, space->retired.kept[i]);
        sum = num_mix(sum + heap_offset(base, entry->base));
    }
    return sum;
}

uint64_t heap_state(const struct os_heap *heap, const char *base) {
    const struct os_space *space = &heap->space;
    uint64_t sum = heap_sum(space->break_span + heap->arena.random + space->random,
                            &heap->arena.bins, sizeof heap->arena.bins);
    for (unsigned i = 0; i < space_spans(space); i++)
        sum = num_mix(sum + heap_span_state(&space->span[i], base));
    /* Tables and entries that are there already need no call that could be refused. */
    sum = num_mix(sum + space->pages.tables + num_mix(space->registry.used));
    return num_mix(sum + heap_large_state(space, base));
}
