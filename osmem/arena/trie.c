#include "osmem/arena/trie.h"

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"

static block_id trie_get(const struct os_arena *arena, block_id block,
                         enum tags_link link) {
    return tags_get_link(block_tag(arena->space, block), link);
}

static void trie_set(struct os_arena *arena, block_id block, enum tags_link link,
                     block_id value) {
    if (block != NO_BLOCK)
        tags_set_link(block_tag(arena->space, block), link, value);
}

static size_t trie_size(const struct os_arena *arena, block_id block) {
    struct tags_extent extent = {0};
    tags_read(block_tag(arena->space, block), &extent);
    EXPECT(extent.state == STATE_FREE);
    return extent.granules;
}

static enum tags_link trie_side(size_t granules, unsigned bit) {
    return granules >> bit & 1 ? LINK_HIGH : LINK_LOW;
}

static void trie_set_links(struct os_arena *arena, block_id block, block_id next,
                           block_id previous, block_id parent) {
    trie_set(arena, block, LINK_NEXT, next);
    trie_set(arena, block, LINK_PREVIOUS, previous);
    trie_set(arena, block, LINK_LOW, NO_BLOCK);
    trie_set(arena, block, LINK_HIGH, NO_BLOCK);
    trie_set(arena, block, LINK_PARENT, parent);
}

void trie_put(struct os_arena *arena, block_id block, size_t granules) {
    unsigned root = trie_root(granules);
    EXPECT(root < TRIE_ROOTS);
    block_id node = arena->bins.root[root];
    if (node == NO_BLOCK) {
        arena->bins.root[root] = block;
        arena->bins.rooted |= (uint32_t)1 << root;
        trie_set_links(arena, block, NO_BLOCK, NO_BLOCK, NO_BLOCK);
        return;
    }
    for (unsigned bit = trie_first_bit(root);; bit--) {
        if (trie_size(arena, node) == granules) {
            block_id next = trie_get(arena, node, LINK_NEXT);
            trie_set_links(arena, block, next, node, NO_BLOCK);
            trie_set(arena, next, LINK_PREVIOUS, block);
            trie_set(arena, node, LINK_NEXT, block);
            return;
        }
        enum tags_link side = trie_side(granules, bit);
        block_id child = trie_get(arena, node, side);
        if (child == NO_BLOCK) {
            trie_set(arena, node, side, block);
            trie_set_links(arena, block, NO_BLOCK, NO_BLOCK, node);
            return;
        }
        node = child;
    }
}

/* What points to a node from above points to `heir` (perhaps NO_BLOCK) from now on. */
static void trie_replace_above(struct os_arena *arena, block_id node, unsigned root,
                               block_id heir) {
    block_id parent = trie_get(arena, node, LINK_PARENT);
    if (parent == NO_BLOCK) {
        EXPECT(arena->bins.root[root] == node);
        arena->bins.root[root] = heir;
        if (heir == NO_BLOCK)
            arena->bins.rooted &= ~((uint32_t)1 << root);
    } else {
        bool low = trie_get(arena, parent, LINK_LOW) == node;
        trie_set(arena, parent, low ? LINK_LOW : LINK_HIGH, heir);
    }
    trie_set(arena, heir, LINK_PARENT, parent);
}

/* Any leaf below a node, cut off; NO_BLOCK if the node is one itself. */
static block_id trie_cut_leaf(struct os_arena *arena, block_id node) {
    block_id leaf = node, above = NO_BLOCK;
    enum tags_link side = LINK_LOW;
    for (;;) {
        block_id child = trie_get(arena, leaf, LINK_LOW);
        enum tags_link down = LINK_LOW;
        if (child == NO_BLOCK) {
            child = trie_get(arena, leaf, LINK_HIGH);
            down = LINK_HIGH;
        }
        if (child == NO_BLOCK)
            break;
        above = leaf;
        side = down;
        leaf = child;
    }
    if (leaf == node)
        return NO_BLOCK;
    trie_set(arena, above, side, NO_BLOCK);
    return leaf;
}

void trie_drop(struct os_arena *arena, block_id block, size_t granules) {
    block_id next = trie_get(arena, block, LINK_NEXT);
    block_id previous = trie_get(arena, block, LINK_PREVIOUS);
    if (previous != NO_BLOCK) { /* in the list behind a node */
        trie_set(arena, previous, LINK_NEXT, next);
        trie_set(arena, next, LINK_PREVIOUS, previous);
        return;
    }
    block_id heir = next;
    if (next != NO_BLOCK)
        trie_set(arena, next, LINK_PREVIOUS, NO_BLOCK);
    else
        heir = trie_cut_leaf(arena, block);
    trie_replace_above(arena, block, trie_root(granules), heir);
    if (heir == NO_BLOCK)
        return;
    block_id low = trie_get(arena, block, LINK_LOW);
    block_id high = trie_get(arena, block, LINK_HIGH);
    trie_set(arena, heir, LINK_LOW, low);
    trie_set(arena, heir, LINK_HIGH, high);
    trie_set(arena, low, LINK_PARENT, heir);
    trie_set(arena, high, LINK_PARENT, heir);
}

/* The smallest block at or below a node: on the path that keeps low. */
static block_id trie_smallest(const struct os_arena *arena, block_id node) {
    block_id best = node;
    size_t best_size = trie_size(arena, node);
    while (node != NO_BLOCK) {
        size_t size = trie_size(arena, node);
        if (size < best_size) {
            best = node;
            best_size = size;
        }
        block_id low = trie_get(arena, node, LINK_LOW);
        node = low != NO_BLOCK ? low : trie_get(arena, node, LINK_HIGH);
    }
    return best;
}

/*
 * The best in the trie of the size's own power of two: on the size's path, or the
 * smallest in the deepest subtree that the path left on its right.
 */
static block_id trie_best_in_root(const struct os_arena *arena, size_t granules,
                                  unsigned root) {
    block_id best = NO_BLOCK, right = NO_BLOCK;
    size_t best_size = SIZE_MAX;
    unsigned bit = trie_first_bit(root);
    for (block_id node = arena->bins.root[root]; node != NO_BLOCK; bit--) {
        size_t size = trie_size(arena, node);
        if (size >= granules && size < best_size) {
            best = node;
            best_size = size;
        }
        if (size == granules)
            return node;
        enum tags_link side = trie_side(granules, bit);
        block_id high = trie_get(arena, node, LINK_HIGH);
        if (side == LINK_LOW && high != NO_BLOCK)
            right = high;
        node = side == LINK_LOW ? trie_get(arena, node, LINK_LOW) : high;
    }
    if (right != NO_BLOCK) {
        right = trie_smallest(arena, right);
        if (trie_size(arena, right) < best_size)
            best = right;
    }
    return best;
}

block_id trie_best(const struct os_arena *arena, size_t granules) {
    uint32_t larger = arena->bins.rooted;
    if (granules >= TAG_TRIE_MIN_GRANULES) {
        unsigned root = trie_root(granules);
        if (root >= TRIE_ROOTS)
            return NO_BLOCK;
        block_id best = trie_best_in_root(arena, granules, root);
        if (best != NO_BLOCK)
            return best;
        larger &= ~(((uint32_t)2 << root) - 1);
    }
    return larger ? trie_smallest(arena, arena->bins.root[num_lowest_bit(larger)])
                  : NO_BLOCK;
}
