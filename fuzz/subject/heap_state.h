/*
 * heap_state: a heap as a number.
 *
 * Addresses enter as offsets from a base, so that heaps in different places can be compared.
 */
#ifndef FUZZ_SUBJECT_HEAP_STATE_H
#define FUZZ_SUBJECT_HEAP_STATE_H

#include "osmem/alloc/heap_state.h"

/* Equal if the blocks in use are the same. */
uint64_t heap_digest(const struct os_heap *heap, const char *base);

/* Equal if the heap will answer everything alike: its tags with their links, the links of small
 * blocks, what may look like zero, and its mappings. */
uint64_t heap_state(const struct os_heap *heap, const char *base);

#endif
