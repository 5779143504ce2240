#include "fuzz/subject/heap_state.h"

#include "osmem/base/num.h"
#include "osmem/check/walk.h"

struct heap_digest {
    uint64_t sum;
    const char *base;
};

static bool heap_digest_block(void *context, const struct walk_block *block) {
    struct heap_digest *digest = context;
    if (block->state == STATE_IN_USE)
        digest->sum =
            num_mix(digest->sum + num_mix((uint64_t)(block->address - digest->base)) +
                    block->room + block->slack);
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
    uint64_t sum = heap_offset(base, span->base) + num_mix(span->granules) +
                   heap_offset(base, span->break_end);
    if (span->granules)
        sum = heap_sum(sum, (const void *)span->tags, span->granules);
    for (size_t at = 0; at < span->granules && tags_read(span->tags + at, &extent);
         at += extent.granules)
        if (extent.state == STATE_FREE)
            sum = heap_sum(sum, span->base + at * GRANULE,
                           num_min(extent.granules * GRANULE, 64));
    return sum;
}

uint64_t heap_state(const struct os_heap *heap, const char *base) {
    uint64_t sum = heap_sum(heap->break_span + heap->choice + heap->large.random,
                            &heap->bins, sizeof heap->bins);
    for (unsigned i = 0; i < heap->spans; i++)
        sum = num_mix(sum + heap_span_state(&heap->span[i], base));
    for (size_t i = 0; i < heap->large.count; i++) {
        const struct large_entry *entry = &large_entries(heap)[i];
        sum = num_mix(sum + heap_offset(base, entry->base) + entry->length) +
              heap_offset(base, entry->address) + entry->room + entry->live +
              2u * entry->kept;
    }
    return sum;
}
