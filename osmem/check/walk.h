/*
 * walk: every block of a heap, in address order, large ones included.
 *
 * Reads tags and the registry only, so that it survives any damage to user memory. The caller holds
 * the heap by heap_lock; states may change meanwhile, among in use and busy.
 */
#ifndef OSMEM_CHECK_WALK_H
#define OSMEM_CHECK_WALK_H

#include "osmem/alloc/heap.h"

struct walk_block {
    const char *address;
    size_t size;            /* bytes */
    size_t slack;           /* size minus requested size, where the block has a canary */
    enum block_state state; /* a busy block is in use, seen from outside */
    bool zero;
    bool large;
};

/* A place in a heap: the next block in each of the two that it is merged of. */
struct large_entry;
struct walk {
    const struct os_heap *heap;
    unsigned span;                   /* SPANS_MAX: none is left */
    size_t granule;                  /* in the span */
    const struct large_entry *large; /* NULL: none is left */
};

enum walk_step {
    WALK_BLOCK,
    WALK_END,
    WALK_BROKEN, /* no block starts where one should */
};

/* At the first block that starts at or above an address. */
struct walk walk_start(const struct os_heap *heap, const void *address);

/* The next block. */
enum walk_step walk_next(struct walk *walk, struct walk_block *block);

/* Called for each block; false ends the walk. Must not change the heap. */
typedef bool walk_visitor(void *context, const struct walk_block *block);

/* True if the visitor saw every block: all of the heap, or those that start at or above an address, so
 * that a walk can be made in parts. */
bool walk_heap(const struct os_heap *heap, walk_visitor *visit, void *context);
bool walk_heap_from(const struct os_heap *heap, const void *address, walk_visitor *visit,
                    void *context);

/* The bytes behind the users' last, of all blocks in use that have canaries. */
size_t heap_slack_sum(const struct os_heap *heap);

/* "in-use", "free", ... */
const char *walk_state_name(enum block_state state);

#endif
