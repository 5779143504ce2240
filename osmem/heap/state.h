/*
 * state: what a heap is made of. The rooms of this floor write it, the checker reads it.
 *
 * A heap is a value over a kernel; there is no other state. It consists of spans, contiguous
 * stretches of granules with a tag plane each; of bins and a trie, which list the free blocks
 * by size; and of the registry of large blocks, which have a mapping of their own.
 *
 *   H1  each free block is in exactly one bin, the one its size says, and each bit is right
 *   H2  the granules counted by state are those of the spans
 *   H3  the break is at or above the end of the span that grows by it
 *   L1  each large mapping is registered, in address order, with the length that was mapped
 *   L2  between a large mapping's first usable page and its block, memory is clear
 *   F1  behind a block's last byte stands its canary, where it has one, and behind that of a large
 *       block memory is clear up to its page's end, where what is freed is cleared
 *   Q1  a block that waits holds its fill
 *   Z1  memory marked as known to be zero is zero
 *   Z2  where what is freed is cleared, every free block is, but for its links
 */
#ifndef OSMEM_HEAP_STATE_H
#define OSMEM_HEAP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/block/tags.h"
#include "osmem/heap/geometry.h"
#include "osmem/platform/fault.h"
#include "osmem/platform/sys.h"

/* Reserved address space that is usable from its base up to what is committed. */
struct guarded_region {
    char *mapping;
    size_t length; /* of the mapping, fences included */
    char *base;
    size_t committed;
    size_t reserved;
};

/*
 * A contiguous stretch of heap. A span without a base has a plane and waits for memory.
 * Its plane is read from tags[-1] to tags[granules], both of which are not ours.
 */
struct os_span {
    char *base; /* address of granule 0, a multiple of 16; NULL: none yet */
    size_t granules;
    size_t limit; /* granules that the plane can tell of */
    tag_byte *tags;
    struct guarded_region plane;
    char *break_end;    /* the break as our last sbrk left it; NULL: not of the break */
    char *first_end;    /* the break after the first sbrk: never trimmed below */
    size_t reservation; /* bytes of address space of a span by mmap */
};

struct bins {
    block_id head[BIN_GRANULES_MAX + 1]; /* by granules; NO_BLOCK: empty */
    uint64_t filled;                     /* bit g - 1: head[g] is a block */
    block_id root[TRIE_ROOTS];           /* by log2(granules) - 6 */
    uint32_t rooted;                     /* bit r: root[r] is a block */
};

/* A mapping for one block, [inaccessible | lead, room | inaccessible]. Neither live nor kept: its
 * munmap was refused, to be tried again. */
struct large_entry {
    char *base;
    size_t length;
    char *address; /* what the user has */
    size_t room;   /* bytes from there to the end of its page, or 0 */
    size_t slack;  /* room minus size asked, where the block has a canary; else 0 */
    bool live;
    bool kept; /* freed, and all of it is inaccessible */
    bool guarded;
};

/* The last mappings that were given back, so that a
 * second free of one is called by its name. */
struct large_recent {
    const char *base;
    size_t length;
};

enum {
    LARGE_RECENT = 16,
    LARGE_KEPT = 128,
};

struct large {
    struct guarded_region table; /* entries in address order */
    size_t count;
    struct large_recent recent[LARGE_RECENT];
    unsigned recent_next;
    bool right;             /* blocks end where their pages do */
    size_t keep;            /* bytes of address space that are kept at most */
    char *kept[LARGE_KEPT]; /* bases, in the order of their frees from kept_first on */
    unsigned kept_first, kept_count;
    uint64_t random;
};

struct heap_counters {
    size_t granules[STATE_FREE + 1]; /* by block state */
    size_t blocks_in_use;            /* large ones not counted */
    size_t large_blocks;
    size_t large_room;
    size_t large_idle;
    size_t large_kept; /* bytes of address space */
    size_t
        large_alone; /* blocks that are small, and have pages of their own all the same */
    size_t unguarded;  /* large blocks that had to go without fences, ever */
    size_t slack;      /* bytes behind the users' last, of blocks with canaries */
    size_t clears;     /* bytes that growth had to clear, ever */
    size_t given_back; /* bytes of spans that the kernel got back, ever */
};

/* A free block whose links in user memory were written over, as they were found. */
struct heap_suspect {
    char *address;
    size_t room;
    unsigned char found[GRANULE];
};

enum {
    SUSPECTS_MAX = 8,
};

/* Those that nobody has asked for yet. */
struct suspects {
    size_t count,
        more; /* that are kept, and that were found when there was no more room */
    struct heap_suspect block[SUSPECTS_MAX];
};

struct os_heap {
    struct os_kernel *kernel;
    size_t large_from; /* bytes; rooms from here on have a mapping of their own */
    uint64_t
        key[2]; /* seal links that stand in user memory; one leaked seal gives neither */
    uint64_t canary_key[2];
    uint64_t choice; /* chooses among free blocks of one size; 0: the first */
    bool clear;      /* what is given back was cleared, from the first block on */
    unsigned spans;
    unsigned break_span; /* the span that grows by the break; SPANS_MAX: none */
    struct os_span span[SPANS_MAX];
    struct bins bins;
    struct large large;
    struct heap_counters counters;
    struct suspects suspects;
};

static inline const struct os_span *block_span(const struct os_heap *heap,
                                               block_id block) {
    return &heap->span[block_span_number(block)];
}

static inline tag_byte *block_tag(const struct os_heap *heap, block_id block) {
    return block_span(heap, block)->tags + block_granule(block);
}

static inline char *block_address(const struct os_heap *heap, block_id block) {
    return block_span(heap, block)->base + block_granule(block) * GRANULE;
}

static inline struct large_entry *large_entries(const struct os_heap *heap) {
    return (struct large_entry *)(void *)heap->large.table.base;
}

/* The page in which a block starts. */
static inline char *large_start(const struct os_heap *heap,
                                const struct large_entry *entry) {
    return entry->address - ((uintptr_t)entry->address & (heap->kernel->page - 1));
}

#endif
