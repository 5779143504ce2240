/*
 * state: what an arena is made of. The modules of this floor write it, the checker reads it.
 *
 * An arena has the blocks of spans: bins and a trie list the free ones by size, and the tags of the
 * space's planes are theirs to change. Everything here changes under its lock; a block's state among in
 * use, busy and cached is its owner's, and so no counter here separates in use from busy.
 *
 *   H1  each free block is in exactly one bin, the one its size says, and each bit is right
 *   H2  the granules counted by state are those of the spans; busy counts as in use
 *   F1  behind a block's last byte stands its canary, where it has one, and behind that of a large
 *       block memory is zero up to its page's end, where what is freed is cleared
 *   Q1  a quarantined block holds its fill
 *   Z1  memory marked as known to be zero is zero
 *   Z2  where what is freed is cleared, every free block is zero, but for its links
 */
#ifndef OSMEM_ARENA_STATE_H
#define OSMEM_ARENA_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/arena/suspects.h"
#include "osmem/platform/lock.h"
#include "osmem/space/guarded.h"
#include "osmem/space/state.h"

struct bins {
    block_id head[BIN_GRANULES_MAX + 1]; /* by granules; NO_BLOCK: empty */
    uint64_t filled;                     /* bit g - 1: head[g] is a block */
    block_id root[TRIE_ROOTS];           /* by log2(granules) - 6 */
    uint32_t rooted;                     /* bit r: root[r] is a block */
};

struct quarantine {
    struct guarded_region ring; /* of block_id */
    size_t slots, first, count;
    size_t granules; /* of the blocks in the ring */
    uint64_t random;
};

struct arena_counters {
    size_t granules[STATE_FREE + 1]; /* by block state; busy ones count as in use */
    size_t blocks_in_use;
};

struct os_arena {
    struct os_lock lock;
    struct os_space *space;
    uint64_t
        key[2]; /* seal links that stand in user memory; one leaked seal gives neither */
    uint64_t canary_key[2];
    uint64_t random; /* chooses among free blocks of one size; 0: the first */
    struct bins bins;
    struct quarantine quarantine;
    struct arena_counters counters;
    struct suspects suspects;
    atomic_bool has_suspects; /* to be read without the lock */
};

#endif
