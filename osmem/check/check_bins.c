/*
 * H1: each free block is in exactly one bin, the one that its size says, and each bit is
 * right.
 *
 * What is listed must be free and of its bin's size, and links must agree both ways;
 * so no block is listed twice, and if as many are listed as are free, each one is.
 */
#include "osmem/alloc/heap_state.h"
#include "osmem/arena/link.h"
#include "osmem/base/num.h"
#include "osmem/check/check.h"

struct check_listed {
    const struct os_arena *arena;
    size_t left; /* how many more may be listed before there are too many */
    struct check_breach breach;
};

static bool check_fail(struct check_listed *listed, block_id block) {
    unsigned span = block_span_number(block);
    bool known = block != NO_BLOCK && span < space_spans(listed->arena->space);
    listed->breach = (struct check_breach){
        INVARIANT_H1, known ? block_address(listed->arena->space, block) : NULL};
    return false;
}

/* The block is one of ours and free; counts it. */
static bool check_is_free(struct check_listed *listed, block_id block, size_t *granules) {
    const struct os_arena *arena = listed->arena;
    struct tags_extent extent;
    if (block_span_number(block) >= space_spans(arena->space) ||
        block_granule(block) >= span_granules(block_span(arena->space, block)) ||
        listed->left == 0)
        return check_fail(listed, block);
    if (!tags_read(block_tag(arena->space, block), &extent) || extent.state != STATE_FREE)
        return check_fail(listed, block);
    listed->left--;
    *granules = extent.granules;
    return true;
}

/* A list from `head` on: every block has this size and points back to the one before. One that
 * points to what is not in the list is the broken one, not what it points to. */
static bool check_list(struct check_listed *listed, block_id head, size_t granules) {
    block_id previous = NO_BLOCK;
    for (block_id block = head; block != NO_BLOCK;) {
        block_id next, back;
        size_t size = 0;
        if (!check_is_free(listed, block, &size))
            return previous != NO_BLOCK ? check_fail(listed, previous) : false;
        if (size != granules ||
            !link_get(listed->arena, block, granules, LINK_PREVIOUS, &back) ||
            !link_get(listed->arena, block, granules, LINK_NEXT, &next) ||
            back != previous)
            return check_fail(listed, block);
        previous = block;
        block = next;
    }
    return true;
}

static bool check_each_bin(struct check_listed *listed) {
    const struct bins *bins = &listed->arena->bins;
    for (size_t granules = 1; granules <= BIN_GRANULES_MAX; granules++) {
        bool filled = bins->filled >> (granules - 1) & 1;
        if (filled != (bins->head[granules] != NO_BLOCK))
            return check_fail(listed, bins->head[granules]);
        if (filled && !check_list(listed, bins->head[granules], granules))
            return false;
    }
    return true;
}

/* A node's size must begin with `prefix`, the bits above `bit` that its path has fixed.
 */
static bool check_node(struct check_listed *listed, block_id node, block_id parent,
                       unsigned bit, size_t prefix) {
    const tag_byte *first = block_tag(listed->arena->space, node);
    size_t granules = 0;
    if (!check_is_free(listed, node, &granules))
        return false;
    listed->left++; /* the list counts its head again */
    if (granules < TAG_TRIE_MIN_GRANULES || granules >> bit != prefix ||
        tags_get_link(first, LINK_PARENT) != parent)
        return check_fail(listed, node);
    if (!check_list(listed, node, granules))
        return false;
    for (int high = 0; high < 2; high++) {
        block_id child = tags_get_link(first, high ? LINK_HIGH : LINK_LOW);
        if (child == NO_BLOCK)
            continue;
        if (bit == 0)
            return check_fail(listed, node);
        if (!check_node(listed, child, node, bit - 1, prefix << 1 | (size_t)high))
            return false;
    }
    return true;
}

static bool check_each_root(struct check_listed *listed) {
    const struct bins *bins = &listed->arena->bins;
    for (unsigned root = 0; root < TRIE_ROOTS; root++) {
        bool rooted = bins->rooted >> root & 1;
        if (rooted != (bins->root[root] != NO_BLOCK))
            return check_fail(listed, bins->root[root]);
        if (rooted && !check_node(listed, bins->root[root], NO_BLOCK, root + 6, 1))
            return false;
    }
    return true;
}

struct check_breach check_bins(const struct os_heap *heap, size_t free_blocks) {
    struct check_listed listed = {.arena = &heap->arena, .left = free_blocks};
    if (check_each_bin(&listed) && check_each_root(&listed) && listed.left != 0)
        check_fail(&listed, NO_BLOCK);
    return listed.breach;
}
