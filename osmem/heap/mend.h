/*
 * mend: a list made anew from the tags, where links in user memory were written over.
 *
 * Whose links are bad goes to the heap's suspects. What was found bad is never read again and
 * believed: whoever wrote there may still be writing.
 */
#ifndef OSMEM_HEAP_MEND_H
#define OSMEM_HEAP_MEND_H

#include "osmem/heap/state.h"

/* Looks at the links of all free blocks of a size, which is too small for links among the tags; if some
 * are bad, makes its list anew. Whether any were. Walks the heap. */
bool mend_list(struct os_heap *heap, size_t granules);

/* The same, which takes a free block out of the list: its links were not to be believed, and `suspect`
 * is to blame. */
void mend_without(struct os_heap *heap, block_id block, size_t granules,
                  block_id suspect);

#endif
