/*
 * osmem_insight: what the rig must know of a heap's insides, and osmem_subject asks here.
 *
 * Reads state that nothing else above alloc may read. The heap is at rest: no block is busy, and no
 * lock is held.
 */
#ifndef FUZZ_SUBJECT_OSMEM_INSIGHT_H
#define FUZZ_SUBJECT_OSMEM_INSIGHT_H

#include "fuzz/machine/machine.h"
#include "fuzz/subject/subject.h"
#include "osmem/alloc/heap.h"
#include "osmem/alloc/heap_state.h"

/* A large block whose guard pages the kernel granted can be left at neither end. */
bool insight_guards_hold(const struct os_heap *heap, const struct machine *machine);

/* While nothing interferes, no more stays free at the top of the break than frees may leave. */
bool insight_top_is_trimmed(const struct os_heap *heap, const struct machine *machine);

/* Blocks in use, and the bytes that were requested for them. */
struct subject_statistics insight_statistics(const struct os_heap *heap);

/* Bytes of the mappings that stay when nothing is in use: planes, spans, registry, page map, and the
 * ring of the quarantine. */
size_t insight_own_mappings(const struct os_heap *heap);

/* What is left though everything was freed and trimmed, or NULL. */
const char *insight_leftover(const struct os_heap *heap, const struct machine *machine);

/* Calls back for each free block. */
void insight_free_blocks(const struct os_heap *heap,
                         void (*block)(void *context, const char *address, size_t size),
                         void *context);

/* What a byte belongs to. */
enum subject_region insight_region(struct os_heap *heap, const void *address);

/* An address in memory of the heap's own, or NULL. */
char *insight_metadata(const struct os_heap *heap, unsigned number);

#endif
