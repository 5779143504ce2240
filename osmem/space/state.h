/*
 * state: what address space is made of. The modules of this floor write it, the checker reads it.
 *
 * Spans are contiguous stretches of granules with a tag plane each; large blocks have a mapping of
 * their own, an entry in the registry, and a place in the page map. What changes does so under the
 * lock, but for a large block's state and slack, which are its owner's. Who owns an address is
 * read without it: spans, planes, page map and entries never move and stay mapped.
 *
 *   H3  the break is at or above the end of the span that grows by it
 *   L1  each large mapping is registered with the length that was mapped
 *   L2  between a large mapping's first usable page and its block, memory is zero
 */
#ifndef OSMEM_SPACE_STATE_H
#define OSMEM_SPACE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/block/tags.h"
#include "osmem/platform/lock.h"
#include "osmem/platform/sys.h"
#include "osmem/space/block_id.h"
#include "osmem/space/guarded.h"
#include "osmem/space/page_map.h"
#include "osmem/space/zero.h"

/*
 * A contiguous stretch of heap. A span without a base has a plane and no memory yet. Its plane is
 * read from tags[-1] to tags[granules], both of which are not ours. A base never changes once it is
 * set; it is set before there are granules.
 */
struct os_span {
    _Atomic(char *) base; /* address of granule 0, a multiple of 16; NULL: none yet */
    _Atomic(size_t) granules;
    size_t limit; /* granules that the plane has tags for */
    tag_byte *tags;
    struct guarded_region plane;
    char *break_end;    /* the break as our last sbrk left it; NULL: not of the break */
    char *first_end;    /* the break after the first sbrk: never trimmed below */
    size_t reservation; /* bytes of address space of a span by mmap */
};

/* What an entry of the registry is about; kept in the low bits of its word. */
enum large_state {
    LARGE_NONE,    /* not in use */
    LARGE_IN_USE,  /* a block, in the page map */
    LARGE_BUSY,    /* the same, while its owner works on it */
    LARGE_LEAVING, /* freed; system calls are being made for it, without the lock */
    LARGE_KEPT,    /* freed, and inaccessible, or ready for another block */
    LARGE_IDLE,    /* its munmap was refused, to be tried again */
};

enum {
    LARGE_STATE_BITS = 3,
};

/*
 * A mapping for one block, [inaccessible | left padding, block | inaccessible]. `word` is generation
 * * 8 + enum large_state: a new block of the same entry has another generation, so that one who
 * claims it by compare-exchange claims the block whose address he read.
 */
struct large_entry {
    _Atomic(uint64_t) word;
    _Atomic(char *) address; /* what the user has */
    _Atomic(size_t) size;    /* bytes from there to the end of its page, or 0 */
    _Atomic(size_t) slack; /* size minus requested size, where it has a canary; else 0 */
    char *base;
    size_t length;
    struct zero_mark mark; /* of the block's pages, where it was cleared before */
    uint32_t next;         /* in the list of free entries, or of leaving ones */
    bool guarded;
    bool right; /* it ends where its pages do, so that an access behind it is stopped */
    bool
        grows; /* it starts at a page; inaccessible pages behind it are its to grow into */
    bool keep; /* leaving: to be kept, and not to be unmapped */
    bool done; /* leaving: the system granted it */
    bool
        ready; /* kept: accessible, as its block left it, or cleared where the heap is zeroed */
};

#define REGISTRY_END UINT32_MAX

struct registry {
    struct guarded_region table; /* entries, which never move */
    uint32_t used;               /* entries below this one were in use once */
    uint32_t free;               /* the first of a list of those that are not now */
    size_t count;                /* entries that are */
};

/* The last mappings whose block was freed, so that a second free of one is called by its name. */
struct large_recent {
    const char *base;
    size_t length;
};

enum {
    LARGE_RECENT = 16,
    LARGE_KEPT_MAX = 128,
    RETIRED_HABITS = 8, /* sizes of which it is known what is touched */
};

/*
 * Freed mappings that stay for a while: inaccessible, so that an access to one is stopped; or, where
 * that is not wanted, ready for another block of the same size.
 */
struct retired {
    struct large_recent recent[LARGE_RECENT];
    unsigned recent_next;
    size_t keep;  /* bytes of address space that are kept inaccessible at most */
    size_t reuse; /* and ready, if none are */
    size_t frees; /* large blocks that were freed so far */
    uint32_t kept[LARGE_KEPT_MAX]; /* entries, in the order of their frees */
    unsigned kept_count;
    struct zero_habit habit[RETIRED_HABITS];
    uint32_t habits; /* versions of them so far */
};

struct space_counters {
    size_t large_blocks;
    size_t large_size;    /* bytes in them */
    size_t large_guarded; /* those that are small, and have a mapping all the same */
    size_t large_split;   /* those between guard pages */
    size_t large_idle;
    size_t large_kept; /* bytes of address space */
    size_t unguarded;  /* large blocks that had to go without guard pages, ever */
    size_t clears;     /* bytes that growth had to clear, ever */
    size_t given_back; /* bytes of spans that the kernel got back, ever */
};

struct os_space {
    struct os_lock lock;
    struct os_kernel *kernel;
    size_t large_from; /* bytes; blocks of this size have a mapping of their own */
    bool zeroed;       /* what is freed was cleared, from the first block on */
    bool right;        /* large blocks end where their pages do */
    uint64_t random;   /* draws the gap in front of such a block */
    _Atomic(unsigned) spans;
    unsigned break_span; /* the span that grows by the break; SPANS_MAX: none */
    struct os_span span[SPANS_MAX];
    struct page_map pages;
    struct registry registry;
    struct retired retired;
    struct space_counters counters;
};

static inline char *span_base(const struct os_span *span) {
    return atomic_load_explicit(&span->base, memory_order_relaxed);
}

/* With acquire: who sees granules sees the base, and the tags around them. */
static inline size_t span_granules(const struct os_span *span) {
    return atomic_load_explicit(&span->granules, memory_order_acquire);
}

static inline unsigned space_spans(const struct os_space *space) {
    return atomic_load_explicit(&space->spans, memory_order_acquire);
}

static inline const struct os_span *block_span(const struct os_space *space,
                                               block_id block) {
    return &space->span[block_span_number(block)];
}

static inline tag_byte *block_tag(const struct os_space *space, block_id block) {
    return block_span(space, block)->tags + block_granule(block);
}

static inline char *block_address(const struct os_space *space, block_id block) {
    return span_base(block_span(space, block)) + block_granule(block) * GRANULE;
}

static inline struct large_entry *large_entry(const struct os_space *space,
                                              uint32_t index) {
    return (struct large_entry *)(void *)space->registry.table.base + index;
}

static inline enum large_state large_word_state(uint64_t word) {
    return (enum large_state)(word & (((uint64_t)1 << LARGE_STATE_BITS) - 1));
}

static inline enum large_state large_state(const struct large_entry *entry) {
    return large_word_state(atomic_load_explicit(&entry->word, memory_order_acquire));
}

/* The entry is about a block, in use or busy. */
static inline bool large_is_live(const struct large_entry *entry) {
    enum large_state state = large_state(entry);
    return state == LARGE_IN_USE || state == LARGE_BUSY;
}

static inline char *large_address(const struct large_entry *entry) {
    return atomic_load_explicit(&entry->address, memory_order_relaxed);
}

static inline size_t large_size(const struct large_entry *entry) {
    return atomic_load_explicit(&entry->size, memory_order_relaxed);
}

static inline size_t large_slack(const struct large_entry *entry) {
    return atomic_load_explicit(&entry->slack, memory_order_relaxed);
}

/* The number of the page that an address lies in, for the page map. */
static inline uintptr_t space_page(const struct os_space *space, const void *address) {
    return (uintptr_t)address >> num_log2(space->kernel->page);
}

#endif
