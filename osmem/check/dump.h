/*
 * dump: the heap as text, a line at a time, so that each is made under the heap's locks and written
 * after them.
 */
#ifndef OSMEM_CHECK_DUMP_H
#define OSMEM_CHECK_DUMP_H

#include "osmem/alloc/heap.h"
#include "osmem/check/walk.h"

enum {
    DUMP_LINE = 160, /* bytes that a line needs at most */
};

/* "ADDRESS [large ]STATE SIZE[ zero]\n"; its length. */
size_t dump_block(const struct walk_block *block, char line[DUMP_LINE]);

/* How far the picture of the spans is. */
struct dump_picture {
    unsigned span;
    size_t at; /* granules; 0: its heading comes next */
    bool is_headed;
};

/* The next line of the picture, a character for so many granules: '#' in use, '+' in part, '.' free,
 * 'x' not ours. Its length, or 0 behind the last. The caller holds heap_lock. */
size_t dump_picture_line(const struct os_heap *heap, struct dump_picture *picture,
                         char line[DUMP_LINE]);

#endif
