/*
 * walk: every block of a heap, in address order, large ones included.
 *
 * Reads tags and the registry only, so that it survives any damage to user memory.
 */
#ifndef OSMEM_CHECK_WALK_H
#define OSMEM_CHECK_WALK_H

#include "osmem/heap/heap.h"

struct walk_block {
    const char *address;
    size_t room;  /* bytes */
    size_t slack; /* room minus size asked, where the block has a canary */
    enum block_state state;
    bool zero;
    bool large;
};

/* Called for each block; false ends the walk. Must not change the heap. */
typedef bool walk_visitor(void *context, const struct walk_block *block);

/* True if the visitor saw every block. The caller holds the heap's lock. */
bool walk_heap(const struct os_heap *heap, walk_visitor *visit, void *context);

/* "in-use", "free", ... */
const char *walk_state_name(enum block_state state);

#endif
