/*
 * span: where granules come from, the break first.
 *
 * One span grows by sbrk, in which somebody else's sbrk is seen and skipped; where the
 * break cannot grow, spans of reserved address space are committed from the bottom up.
 * Either kind grows at its end, and its plane is committed before its memory is taken, so
 * that a refusal leaves the heap as it was.
 */
#ifndef OSMEM_HEAP_SPAN_H
#define OSMEM_HEAP_SPAN_H

#include "osmem/heap/state.h"

/* Makes a free block of at least `granules` exist somewhere, or answers OS_NO_MEMORY. */
enum os_status span_grow(struct os_heap *heap, size_t granules);

/* Makes the free block at a span's end, or a new
 * one there, at least this large, if it can. */
enum os_status span_grow_at(struct os_heap *heap, unsigned span, size_t granules);

/* The first span: [ tags | granules ] in somebody's memory, which never grows. */
enum os_status span_adopt(struct os_heap *heap, char *memory, size_t size);

/* Lowers the break to leave about `keep` bytes of a free block at its top. */
void span_trim(struct os_heap *heap, size_t keep);

/* Gives the pages inside large free blocks back; what they hold is zero-known then. */
void span_discard(struct os_heap *heap);

/* The number of the span that holds an address, or SPANS_MAX. */
unsigned span_of(const struct os_heap *heap, const void *address);

/* The free block that ends a span; false if its last granule is not free. */
bool span_top(const struct os_heap *heap, unsigned span, block_id *top, size_t *granules);

#endif
