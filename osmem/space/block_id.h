/*
 * block_id: where blocks lie, how they split and join, and where free ones are listed, as
 * pure arithmetic.
 *
 * Plain C without memory, so that it can be proved for all inputs: props/proofs does.
 */
#ifndef OSMEM_SPACE_BLOCK_ID_H
#define OSMEM_SPACE_BLOCK_ID_H

#include "osmem/base/num.h"
#include "osmem/block/tag.h"

/*
 * A block within its heap: span number * 2^30 + granule. It fits a link, depends on no
 * address, and so lets decisions repeat at another base.
 */
typedef uint64_t block_id;

enum {
    BLOCK_GRANULE_BITS = 30,
    SPANS_MAX = 32,
    BIN_GRANULES_MAX = 64, /* one bin for each size up to 1 KiB */
    TRIE_ROOTS =
        BLOCK_GRANULE_BITS - 6 + 1, /* one for each power of two from 64 granules */
};

#define NO_BLOCK TAG_VALUE_MAX

static_assert(BLOCK_GRANULE_BITS + 5 == TAG_VALUE_BITS && SPANS_MAX == 32,
              "a block_id fits a link");
static_assert(BIN_GRANULES_MAX + 1 == TAG_TRIE_MIN_GRANULES,
              "what is in no bin is in the trie");

static inline block_id block_id_of(unsigned span, size_t granule) {
    return (block_id)span * ((block_id)1 << BLOCK_GRANULE_BITS) + granule;
}

static inline unsigned block_span_number(block_id block) {
    return (unsigned)(block / ((block_id)1 << BLOCK_GRANULE_BITS));
}

static inline size_t block_granule(block_id block) {
    return (size_t)(block % ((block_id)1 << BLOCK_GRANULE_BITS));
}

/* The block right behind an extent; where a split leaves its rest. */
static inline block_id block_right(block_id block, size_t granules) {
    return block + granules;
}

/* What a split leaves of a block, and what a join makes of two. */
static inline size_t block_rest(size_t whole, size_t taken) {
    return whole - taken;
}

static inline size_t block_sum(size_t one, size_t other) {
    return one + other;
}

/* Listed in the bin of its size, else in the trie. */
static inline bool bin_holds(size_t granules) {
    return granules <= BIN_GRANULES_MAX;
}

/* The trie's root for a size: one for each power of two. */
static inline unsigned trie_root(size_t granules) {
    return num_log2(granules) - 6;
}

/* The highest bit that a root's node decides on. */
static inline unsigned trie_first_bit(unsigned root) {
    return root + 5;
}

#endif
