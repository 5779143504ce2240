#include "osmem/arena/bins.h"

#include "osmem/arena/link.h"
#include "osmem/arena/trie.h"
#include "osmem/base/num.h"
#include "osmem/platform/expect.h"

void bins_init(struct os_arena *arena) {
    for (size_t i = 0; i <= BIN_GRANULES_MAX; i++)
        arena->bins.head[i] = NO_BLOCK;
    for (size_t i = 0; i < TRIE_ROOTS; i++)
        arena->bins.root[i] = NO_BLOCK;
    arena->bins.filled = 0;
    arena->bins.rooted = 0;
}

void bins_put(struct os_arena *arena, block_id block, size_t granules) {
    EXPECT(granules > 0);
    if (!bin_holds(granules)) {
        trie_put(arena, block, granules);
        return;
    }
    block_id next = arena->bins.head[granules];
    link_set(arena, block, granules, LINK_NEXT, next);
    link_set(arena, block, granules, LINK_PREVIOUS, NO_BLOCK);
    block_id before;
    /* A damaged link stays until the block is taken: writing here would hide it. */
    if (next != NO_BLOCK && link_get(arena, next, granules, LINK_PREVIOUS, &before) &&
        before == NO_BLOCK)
        link_set(arena, next, granules, LINK_PREVIOUS, block);
    arena->bins.head[granules] = block;
    arena->bins.filled |= (uint64_t)1 << (granules - 1);
}

bool bins_links_hold(const struct os_arena *arena, block_id block, size_t granules) {
    block_id next, previous, suspect;
    return link_neighbours(arena, block, granules, arena->bins.head[granules], &next,
                           &previous, &suspect);
}

block_id bins_drop(struct os_arena *arena, block_id block, size_t granules) {
    if (!bin_holds(granules)) {
        trie_drop(arena, block, granules);
        return NO_BLOCK;
    }
    block_id next, previous, suspect, head = arena->bins.head[granules];
    if (!link_neighbours(arena, block, granules, head, &next, &previous, &suspect)) {
        EXPECT(granules < TAG_LINKS_MIN_GRANULES); /* no program reaches the others */
        return suspect;
    }
    if (next != NO_BLOCK)
        link_set(arena, next, granules, LINK_PREVIOUS, previous);
    if (previous != NO_BLOCK)
        link_set(arena, previous, granules, LINK_NEXT, next);
    else
        arena->bins.head[granules] = next;
    if (arena->bins.head[granules] == NO_BLOCK)
        arena->bins.filled &= ~((uint64_t)1 << (granules - 1));
    link_clear(arena, block, granules);
    return NO_BLOCK;
}

/* One of the first few of a list, at random; where a link is bad the one before it. */
static block_id bins_choose(struct os_arena *arena, size_t granules) {
    block_id block = arena->bins.head[granules], next;
    if (arena->random == 0)
        return block;
    arena->random ^= arena->random << 13;
    arena->random ^= arena->random >> 7;
    arena->random ^= arena->random << 17;
    for (uint64_t steps = arena->random >> 61; steps > 0; steps--) {
        if (!link_follow(arena, block, granules, &next))
            break;
        block = next;
    }
    return block;
}

block_id bins_best(struct os_arena *arena, size_t granules) {
    EXPECT(granules > 0);
    if (bin_holds(granules)) {
        uint64_t fitting = arena->bins.filled >> (granules - 1);
        if (fitting)
            return bins_choose(arena, granules + num_lowest_bit(fitting));
    }
    return trie_best(arena, granules);
}
