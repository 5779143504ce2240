/*
 * alloc: serves the C functions over a heap value; speaks pointers and requested sizes.
 *
 * Semantics of C: ENOMEM and NULL where memory is refused, and the heap is then as it was. A bad
 * pointer is a finding of the call, and the call does nothing else. Any thread may call at any time;
 * no lock is held when a function returns.
 */
#ifndef OSMEM_ALLOC_ALLOC_H
#define OSMEM_ALLOC_ALLOC_H

#include <stddef.h>

#include "osmem/alloc/call.h"
#include "osmem/alloc/options.h"

struct os_alloc;
struct os_kernel;

/* In the light tier. */
void alloc_init(struct os_alloc *alloc, struct os_kernel *kernel);

/* From now on; blocks that were handed out before stay right. The options must stay. */
void alloc_set_options(struct os_alloc *alloc, const struct os_options *options);

void *alloc_malloc(struct os_alloc *alloc, struct os_call *call, size_t size);
void *alloc_calloc(struct os_alloc *alloc, struct os_call *call, size_t count,
                   size_t size);
void *alloc_realloc(struct os_alloc *alloc, struct os_call *call, void *address,
                    size_t size);
void *alloc_aligned_alloc(struct os_alloc *alloc, struct os_call *call, size_t alignment,
                          size_t size);
void alloc_free(struct os_alloc *alloc, struct os_call *call, void *address);
/* The same for a caller that knows how the block was requested; alignment 1: of no alignment. A block
 * of another size is a finding, and is freed only where the options tolerate that. */
void alloc_free_sized(struct os_alloc *alloc, struct os_call *call, void *address,
                      size_t alignment, size_t size);
size_t alloc_usable_size(struct os_alloc *alloc, struct os_call *call,
                         const void *address);
/* The same without a lock and without a finding; 0 where no block in use starts there. */
size_t alloc_usable_at_once(struct os_alloc *alloc, const void *address);
void alloc_trim(struct os_alloc *alloc, struct os_call *call);

#endif
