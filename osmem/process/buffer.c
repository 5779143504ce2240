/*
 * buffer.c: heaps over memory of the caller's.
 *
 * [ allocator, kernel | tags | blocks ], all in that memory; the public handle is the allocator's
 * first member. A finding ends the process: such a heap has no options.
 */
#include <errno.h>
#include <stddef.h>

#include "osmem/alloc/alloc.h"
#include "osmem/alloc/state.h"
#include "osmem/base/num.h"
#include "osmem/check/check.h"
#include "osmem/osmem.h"
#include "osmem/report/text.h"

struct buffer {
    struct os_alloc alloc;
    struct os_kernel kernel;
};

static_assert(offsetof(struct buffer, alloc) == 0 && offsetof(struct os_alloc, heap) == 0,
              "a heap's address is its buffer's");

static struct os_alloc *buffer_enter(struct os_heap *heap, struct os_call *call) {
    call_open(call);
    return &((struct buffer *)(void *)heap)->alloc;
}

static void buffer_leave(const struct os_call *call) {
    if (call->findings.count)
        report_die(&call->findings.finding[0]);
}

struct os_heap *os_heap_create(void *memory, size_t size) {
    size_t skip = num_ceil(num_address(memory), GRANULE) - num_address(memory);
    struct buffer *buffer = (void *)((char *)memory + skip);
    if (size >= skip + sizeof *buffer) {
        sys_no_kernel(&buffer->kernel);
        alloc_init(&buffer->alloc, &buffer->kernel);
        if (heap_adopt(&buffer->alloc.heap, (char *)(buffer + 1),
                       size - skip - sizeof *buffer))
            return &buffer->alloc.heap;
    }
    errno = EINVAL;
    return NULL;
}

void *os_heap_malloc(struct os_heap *heap, size_t size) {
    struct os_call call;
    void *block = alloc_malloc(buffer_enter(heap, &call), &call, size);
    buffer_leave(&call);
    return block;
}

void *os_heap_calloc(struct os_heap *heap, size_t count, size_t size) {
    struct os_call call;
    void *block = alloc_calloc(buffer_enter(heap, &call), &call, count, size);
    buffer_leave(&call);
    return block;
}

void *os_heap_realloc(struct os_heap *heap, void *block, size_t size) {
    struct os_call call;
    void *resized = alloc_realloc(buffer_enter(heap, &call), &call, block, size);
    buffer_leave(&call);
    return resized;
}

void *os_heap_aligned_alloc(struct os_heap *heap, size_t alignment, size_t size) {
    struct os_call call;
    void *block = alloc_aligned_alloc(buffer_enter(heap, &call), &call, alignment, size);
    buffer_leave(&call);
    return block;
}

void os_heap_free(struct os_heap *heap, void *block) {
    struct os_call call;
    alloc_free(buffer_enter(heap, &call), &call, block);
    buffer_leave(&call);
}

size_t os_heap_usable_size(struct os_heap *heap, const void *block) {
    struct os_call call;
    size_t size = alloc_usable_size(buffer_enter(heap, &call), &call, block);
    buffer_leave(&call);
    return size;
}

bool os_heap_check(const struct os_heap *heap, struct os_breach *breach) {
    struct os_heap *locked =
        (struct os_heap *)(uintptr_t)heap; /* nothing else is changed */
    heap_lock(locked);
    struct check_breach found = check_heap(locked, CHECK_FULL);
    heap_unlock(locked);
    if (breach)
        *breach = (struct os_breach){check_name(found.invariant),
                                     check_rule(found.invariant), found.where};
    return found.invariant == INVARIANT_NONE;
}
