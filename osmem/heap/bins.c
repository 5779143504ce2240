#include "osmem/heap/bins.h"

#include "osmem/base/num.h"
#include "osmem/heap/link.h"
#include "osmem/heap/mend.h"
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

void bins_put(struct os_heap *heap, block_id block, size_t granules) {
    EXPECT(granules > 0);
    if (!bin_holds(granules)) {
        trie_put(heap, block, granules);
        return;
    }
    block_id next = heap->bins.head[granules];
    link_set(heap, block, granules, LINK_NEXT, next);
    link_set(heap, block, granules, LINK_PREVIOUS, NO_BLOCK);
    block_id before;
    /* A damaged link is left for whoever takes the block: writing here would hide it. */
    if (next != NO_BLOCK && link_get(heap, next, granules, LINK_PREVIOUS, &before) &&
        before == NO_BLOCK)
        link_set(heap, next, granules, LINK_PREVIOUS, block);
    heap->bins.head[granules] = block;
    heap->bins.filled |= (uint64_t)1 << (granules - 1);
}

bool bins_links_hold(const struct os_heap *heap, block_id block, size_t granules) {
    block_id next, previous, suspect;
    return link_neighbours(heap, block, granules, heap->bins.head[granules], &next,
                           &previous, &suspect);
}

void bins_drop(struct os_heap *heap, block_id block, size_t granules) {
    if (!bin_holds(granules)) {
        trie_drop(heap, block, granules);
        return;
    }
    block_id next, previous, suspect, head = heap->bins.head[granules];
    if (!link_neighbours(heap, block, granules, head, &next, &previous, &suspect)) {
        EXPECT(granules < TAG_LINKS_MIN_GRANULES); /* no program reaches the others */
        mend_without(heap, block, granules, suspect);
        return;
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
static block_id bins_choose(struct os_heap *heap, size_t granules) {
    block_id block = heap->bins.head[granules], next;
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

block_id bins_best(struct os_heap *heap, size_t granules) {
    EXPECT(granules > 0);
    if (bin_holds(granules)) {
        uint64_t fitting = heap->bins.filled >> (granules - 1);
        if (fitting)
            return bins_choose(heap, granules + num_lowest_bit(fitting));
    }
    return trie_best(heap, granules);
}
