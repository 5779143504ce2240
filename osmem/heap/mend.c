#include "osmem/heap/mend.h"

#include <string.h>

#include "osmem/heap/bins.h"
#include "osmem/heap/link.h"

/* The next free block of a size in address order, from `*at` on, or NO_BLOCK. What a block that is
 * being split or joined leaves uncovered for a moment is passed over. */
static block_id mend_scan(const struct os_heap *heap, size_t granules, block_id *at) {
    while (block_span_number(*at) < heap->spans) {
        block_id block = *at;
        if (block_granule(block) >= block_span(heap, block)->granules) {
            *at = block_name(block_span_number(block) + 1, 0);
            continue;
        }
        struct tags_extent extent = {.granules = 1};
        bool starts = tags_read(block_tag(heap, block), &extent);
        *at = block_right(block, extent.granules);
        if (starts && extent.state == STATE_FREE && extent.granules == granules)
            return block;
    }
    return NO_BLOCK;
}

/* Keeps what is found there, once; false where there is no more room. */
static bool mend_note(struct os_heap *heap, block_id block, size_t granules) {
    struct suspects *suspects = &heap->suspects;
    char *address = block_address(heap, block);
    for (size_t i = 0; i < suspects->count; i++)
        if (suspects->block[i].address == address)
            return true;
    if (suspects->count == SUSPECTS_MAX)
        return false;
    struct heap_suspect *suspect = &suspects->block[suspects->count++];
    suspect->address = address;
    suspect->room = granules * GRANULE;
    memcpy(suspect->found, address, GRANULE);
    return true;
}

/* Links of before can agree with each other and yet leave blocks out: then the list ends where it
 * should not. */
static bool mend_is_cut_short(struct os_heap *heap, size_t granules, size_t blocks) {
    block_id last = NO_BLOCK, next = heap->bins.head[granules], at = 0;
    size_t listed = 0;
    for (; next != NO_BLOCK && listed < blocks; listed++) {
        last = next;
        if (!link_follow(heap, last, granules, &next))
            next = NO_BLOCK;
    }
    if (listed == blocks)
        return false;
    mend_note(heap, last != NO_BLOCK ? last : mend_scan(heap, granules, &at), granules);
    return true;
}

/* Notes every block whose links are bad; whether any are. */
static bool mend_look(struct os_heap *heap, size_t granules) {
    block_id block, next, previous, suspect, at = 0;
    block_id head = heap->bins.head[granules];
    size_t blocks = 0;
    bool bad = false;
    while ((block = mend_scan(heap, granules, &at)) != NO_BLOCK) {
        blocks++;
        if (!link_neighbours(heap, block, granules, head, &next, &previous, &suspect)) {
            if (!mend_note(heap, suspect, granules) && suspect == block)
                heap->suspects.more++;
            bad = true;
        }
    }
    return bad || mend_is_cut_short(heap, granules, blocks);
}

static void mend_make(struct os_heap *heap, size_t granules, block_id without) {
    heap->bins.head[granules] = NO_BLOCK;
    heap->bins.filled &= ~((uint64_t)1 << (granules - 1));
    block_id block, at = 0;
    while ((block = mend_scan(heap, granules, &at)) != NO_BLOCK)
        if (block != without)
            bins_put(heap, block, granules);
}

bool mend_list(struct os_heap *heap, size_t granules) {
    bool bad = mend_look(heap, granules);
    if (bad)
        mend_make(heap, granules, NO_BLOCK);
    return bad;
}

void mend_without(struct os_heap *heap, block_id block, size_t granules,
                  block_id suspect) {
    mend_look(heap, granules);
    mend_note(heap, suspect, granules);
    mend_make(heap, granules, block);
    link_clear(heap, block, granules);
}
