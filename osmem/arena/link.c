#include "osmem/arena/link.h"

#include <string.h>

#include "osmem/base/num.h"

/* A link in user memory is multiplied by this; what comes back as more than a link was overwritten. */
#define LINK_CODE   UINT64_C(0xf1de83e19937733d)
#define LINK_DECODE UINT64_C(0x9e3779b97f4a7c15)
static_assert(LINK_CODE * LINK_DECODE == 1, "the one undoes the other, modulo 2^64");

static uint64_t link_seal(const struct os_arena *arena, block_id block,
                          enum tags_link link) {
    return num_mix(arena->key[0] + 2 * block + link) ^ arena->key[1];
}

static char *link_word(const struct os_arena *arena, block_id block,
                       enum tags_link link) {
    return block_address(arena->space, block) + link * sizeof(uint64_t);
}

bool link_get(const struct os_arena *arena, block_id block, size_t granules,
              enum tags_link link, block_id *out) {
    if (granules >= TAG_LINKS_MIN_GRANULES) {
        *out = tags_get_link(block_tag(arena->space, block), link);
        return true;
    }
    uint64_t word;
    memcpy(&word, link_word(arena, block, link), sizeof word);
    *out = (word ^ link_seal(arena, block, link)) * LINK_DECODE;
    return *out <= TAG_VALUE_MAX;
}

void link_set(struct os_arena *arena, block_id block, size_t granules,
              enum tags_link link, block_id value) {
    if (granules >= TAG_LINKS_MIN_GRANULES) {
        tags_set_link(block_tag(arena->space, block), link, value);
        return;
    }
    uint64_t word = (value * LINK_CODE) ^ link_seal(arena, block, link);
    memcpy(link_word(arena, block, link), &word, sizeof word);
}

void link_clear(struct os_arena *arena, block_id block, size_t granules) {
    if (granules < TAG_LINKS_MIN_GRANULES)
        memset(block_address(arena->space, block), 0, GRANULE);
}

/* The named block is one of ours, free, and of this size. */
static bool link_is_free(const struct os_arena *arena, block_id block, size_t granules) {
    if (block_span_number(block) >= space_spans(arena->space))
        return false;
    if (block_granule(block) >= span_granules(block_span(arena->space, block)))
        return false;
    struct tags_extent extent;
    return tags_read(block_tag(arena->space, block), &extent) &&
           extent.state == STATE_FREE && extent.granules == granules;
}

bool link_follow(const struct os_arena *arena, block_id block, size_t granules,
                 block_id *next) {
    return link_get(arena, block, granules, LINK_NEXT, next) && *next != NO_BLOCK &&
           link_is_free(arena, *next, granules);
}

static bool link_points_back(const struct os_arena *arena, block_id to, size_t granules,
                             enum tags_link link, block_id block) {
    block_id back;
    return link_is_free(arena, to, granules) &&
           link_get(arena, to, granules, link, &back) && back == block;
}

/* A neighbour that is free and of this size, but whose own link is bad, is the suspect. */
static bool link_agrees(const struct os_arena *arena, block_id block, size_t granules,
                        block_id neighbour, enum tags_link back, block_id *suspect) {
    if (link_points_back(arena, neighbour, granules, back, block))
        return true;
    *suspect = link_is_free(arena, neighbour, granules) ? neighbour : block;
    return false;
}

bool link_neighbours(const struct os_arena *arena, block_id block, size_t granules,
                     block_id head, block_id *next, block_id *previous,
                     block_id *suspect) {
    *suspect = block;
    if (!link_get(arena, block, granules, LINK_NEXT, next) ||
        !link_get(arena, block, granules, LINK_PREVIOUS, previous))
        return false;
    if (*next != NO_BLOCK &&
        !link_agrees(arena, block, granules, *next, LINK_PREVIOUS, suspect))
        return false;
    if ((*previous == NO_BLOCK) != (head == block))
        return false;
    return head == block ||
           link_agrees(arena, block, granules, *previous, LINK_NEXT, suspect);
}
