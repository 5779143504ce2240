#include "osmem/alloc/prepare.h"

#include <stdint.h>
#include <string.h>

#include "osmem/alloc/heap_state.h"
#include "osmem/base/num.h"
#include "osmem/platform/expect.h"

bool prepare_size(const struct os_options *options, size_t requested, size_t *size) {
    if (requested > PTRDIFF_MAX - GRANULE)
        return false;
    size_t least = options->canary ? requested + 1 : num_max(requested, 1);
    *size = num_ceil(least, GRANULE);
    return true;
}

void prepare_arm(const struct os_heap *heap, const struct os_options *options,
                 struct os_block *block, size_t requested) {
    EXPECT(block->slack == 0 && requested <= block->size);
    if (!options->canary)
        return;
    block->slack = block->size - requested;
    heap_arm_canary(heap, block);
}

void prepare_zero(const struct os_heap *heap, const struct os_block *block,
                  size_t length) {
    struct os_kernel *kernel = heap->space.kernel;
    EXPECT(length <= block->size);
    if (block->zero ||
        (block->id == NO_BLOCK &&
         sys_discard(kernel, block->address, num_ceil(length, kernel->page))))
        return;
    memset(block->address, 0, length);
}

void prepare_clear(const struct os_options *options, const struct os_block *block) {
    if (options->zero && block->id != NO_BLOCK)
        memset(block->address, 0, block->size);
}

void prepare_clear_tail(const struct os_heap *heap, const struct os_options *options,
                        const struct os_block *block, size_t kept, size_t size) {
    size_t end = block->size;
    uintptr_t from = num_address(block->address);
    if (block->id == NO_BLOCK)
        end = num_min(end, num_ceil(from + size, heap->space.kernel->page) - from);
    if (options->zero && kept < end)
        memset(block->address + kept, 0, end - kept);
}

size_t prepare_usable(const struct os_block *block) {
    return block->size - block->slack;
}

bool prepare_fits(const struct os_options *options, const struct os_block *block,
                  size_t requested) {
    size_t size;
    if (block->slack || block->size == 0)
        return requested == prepare_usable(block);
    if (!prepare_size(options, requested, &size))
        return false;
    return block->id == NO_BLOCK ? size <= block->size : size == block->size;
}
