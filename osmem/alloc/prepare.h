/*
 * prepare: what a block needs before the program has it, and after.
 *
 * Requested sizes become block sizes here; canaries are armed and disarmed; nothing of the user's
 * stays in what is given back. The blocks are busy: the caller's alone.
 */
#ifndef OSMEM_ALLOC_PREPARE_H
#define OSMEM_ALLOC_PREPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "osmem/alloc/heap.h"
#include "osmem/alloc/options.h"

/* The block size that a request needs; false where no block is so large. */
bool prepare_size(const struct os_options *options, size_t requested, size_t *size);

/* The block is the program's with the next step, heap_publish: its canary stands right behind the
 * requested bytes, where there is one. */
void prepare_arm(const struct os_heap *heap, const struct os_options *options,
                 struct os_block *block, size_t requested);

/* The first `length` bytes are zero afterwards. */
void prepare_zero(const struct os_heap *heap, const struct os_block *block,
                  size_t length);

/* Before the block goes back to the heap: nothing of the user's stays in it. Mappings are retired,
 * which unmaps or zeroes them. */
void prepare_clear(const struct os_options *options, const struct os_block *block);

/*
 * Before a block is made smaller where it is: nothing stays of what the user loses, neither in the
 * block nor in what becomes free. Whole pages behind a large one are given back anyway.
 */
void prepare_clear_tail(const struct os_heap *heap, const struct os_options *options,
                        const struct os_block *block, size_t kept, size_t size);

/* The bytes that the user may use. */
size_t prepare_usable(const struct os_block *block);

/*
 * Whether a block can be one that was requested with this size: exactly where it has a canary, else
 * to the granule. A large one without may be larger, because a refusal can keep it from shrinking.
 */
bool prepare_fits(const struct os_options *options, const struct os_block *block,
                  size_t requested);

#endif
