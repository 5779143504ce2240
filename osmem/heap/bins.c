#include "osmem/heap/bins.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/heap/link.h"
#include "osmem/heap/trie.h"
#include "osmem/platform/expect.h"

void bins_init(struct os_heap *heap) {
    for (size_t i = 0; i <= BIN_GRANULES_MAX; i++)
        heap->bins.head[i] = NO_BLOCK;
    for (size_t i = 0; i < TRIE_ROOTS; i++)
        heap->bins.root[i] = NO_BLOCK;
    heap->bins.filled = 0;
    heap->bins.rooted = 0;
}

void bins_put(struct os_heap *heap, os_block block, size_t granules) {
    EXPECT(granules > 0);
    if (!bin_holds(granules)) {
        trie_put(heap, block, granules);
        return;
    }
    os_block next = heap->bins.head[granules];
    link_set(heap, block, granules, LINK_NEXT, next);
    link_set(heap, block, granules, LINK_PREVIOUS, NO_BLOCK);
    os_block before;
    /* A damaged link is left for whoever takes the block: writing here would hide it. */
    if (next != NO_BLOCK && link_get(heap, next, granules, LINK_PREVIOUS, &before) &&
        before == NO_BLOCK)
        link_set(heap, next, granules, LINK_PREVIOUS, block);
    heap->bins.head[granules] = block;
    heap->bins.filled |= (uint64_t)1 << (granules - 1);
}

/* ---- links that were written over ---- */

/* The next free block of a size in address order, from `*at` on, or NO_BLOCK. What a block that is
 * being split or joined leaves uncovered for a moment is passed over. */
static os_block bins_scan(const struct os_heap *heap, size_t granules, os_block *at) {
    while (block_span_number(*at) < heap->spans) {
        os_block block = *at;
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

/* Keeps what is found there, once. */
static void bins_suspect(struct os_heap *heap, os_block block, size_t granules) {
    struct suspects *suspects = &heap->suspects;
    char *address = block_address(heap, block);
    for (size_t i = 0; i < suspects->count; i++)
        if (suspects->block[i].address == address)
            return;
    if (suspects->count == SUSPECTS_MAX)
        return;
    struct heap_suspect *suspect = &suspects->block[suspects->count++];
    suspect->address = address;
    suspect->room = granules * GRANULE;
    memcpy(suspect->found, address, GRANULE);
}

static void bins_list_anew(struct os_heap *heap, size_t granules) {
    heap->bins.head[granules] = NO_BLOCK;
    heap->bins.filled &= ~((uint64_t)1 << (granules - 1));
    os_block block, at = 0;
    while ((block = bins_scan(heap, granules, &at)) != NO_BLOCK)
        bins_put(heap, block, granules);
}

bool bins_mend(struct os_heap *heap, size_t granules) {
    os_block block, next, previous, suspect, at = 0;
    os_block head = heap->bins.head[granules];
    bool bad = false;
    while ((block = bins_scan(heap, granules, &at)) != NO_BLOCK)
        if (!link_neighbours(heap, block, granules, head, &next, &previous, &suspect)) {
            bins_suspect(heap, suspect, granules);
            bad = true;
        }
    if (bad)
        bins_list_anew(heap, granules);
    return bad;
}

bool bins_links_hold(const struct os_heap *heap, os_block block, size_t granules) {
    os_block next, previous, suspect;
    return link_neighbours(heap, block, granules, heap->bins.head[granules], &next,
                           &previous, &suspect);
}

void bins_drop(struct os_heap *heap, os_block block, size_t granules) {
    if (!bin_holds(granules)) {
        trie_drop(heap, block, granules);
        return;
    }
    os_block next, previous, suspect, head = heap->bins.head[granules];
    if (!link_neighbours(heap, block, granules, head, &next, &previous, &suspect)) {
        bins_mend(heap, granules);
        head = heap->bins.head[granules];
        bool hold =
            link_neighbours(heap, block, granules, head, &next, &previous, &suspect);
        (void)hold;
        EXPECT(hold);
    }
    if (next != NO_BLOCK)
        link_set(heap, next, granules, LINK_PREVIOUS, previous);
    if (previous != NO_BLOCK)
        link_set(heap, previous, granules, LINK_NEXT, next);
    else
        heap->bins.head[granules] = next;
    if (heap->bins.head[granules] == NO_BLOCK)
        heap->bins.filled &= ~((uint64_t)1 << (granules - 1));
    link_clear(heap, block, granules);
}

/* One of the first few of a list, by lot; where a link is bad the one before it. */
static os_block bins_choose(struct os_heap *heap, size_t granules) {
    os_block block = heap->bins.head[granules], next;
    if (heap->choice == 0)
        return block;
    heap->choice ^= heap->choice << 13;
    heap->choice ^= heap->choice >> 7;
    heap->choice ^= heap->choice << 17;
    for (uint64_t steps = heap->choice >> 61; steps > 0; steps--) {
        if (!link_follow(heap, block, granules, &next))
            break;
        block = next;
    }
    return block;
}

os_block bins_best(struct os_heap *heap, size_t granules) {
    EXPECT(granules > 0);
    if (bin_holds(granules)) {
        uint64_t fitting = heap->bins.filled >> (granules - 1);
        if (fitting)
            return bins_choose(heap, granules + num_lowest_bit(fitting));
    }
    return trie_best(heap, granules);
}
