/*
 * buffer.c: heaps over memory of the caller's.
 *
 * [ front, cache, kernel | tags | blocks ], all in that memory; the public handle is the front's
 * first member.
 */
#include <errno.h>
#include <stddef.h>

#include "osmem/base/num.h"
#include "osmem/check/check.h"
#include "osmem/front/front.h"
#include "osmem/osmem.h"

struct buffer {
    struct os_front front;
    struct os_cache cache;
    struct os_kernel kernel;
};

static_assert(offsetof(struct buffer, front) == 0 && offsetof(struct os_front, heap) == 0,
              "a heap's address is its buffer's");

static struct buffer *buffer_of(struct os_heap *heap) {
    return (struct buffer *)(void *)heap;
}

static void buffer_die(struct os_front *front, const struct os_finding *info) {
    (void)front;
    fault_die(info);
}

struct os_heap *os_heap_create(void *memory, size_t size) {
    size_t skip = num_ceil(num_address(memory), GRANULE) - num_address(memory);
    struct buffer *buffer = (void *)((char *)memory + skip);
    if (size >= skip + sizeof *buffer) {
        sys_no_kernel(&buffer->kernel);
        front_init(&buffer->front, &buffer->kernel);
        buffer->front.on_fault = buffer_die;
        buffer->cache = (struct os_cache){0};
        if (heap_adopt(&buffer->front.heap, (char *)(buffer + 1),
                       size - skip - sizeof *buffer))
            return &buffer->front.heap;
    }
    errno = EINVAL;
    return NULL;
}

void *os_heap_malloc(struct os_heap *heap, size_t size) {
    return front_malloc(&buffer_of(heap)->front, &buffer_of(heap)->cache, size);
}

void *os_heap_calloc(struct os_heap *heap, size_t count, size_t size) {
    return front_calloc(&buffer_of(heap)->front, &buffer_of(heap)->cache, count, size);
}

void *os_heap_realloc(struct os_heap *heap, void *block, size_t size) {
    return front_realloc(&buffer_of(heap)->front, &buffer_of(heap)->cache, block, size);
}

void *os_heap_aligned_alloc(struct os_heap *heap, size_t alignment, size_t size) {
    return front_aligned_alloc(&buffer_of(heap)->front, &buffer_of(heap)->cache,
                               alignment, size);
}

void os_heap_free(struct os_heap *heap, void *block) {
    front_free(&buffer_of(heap)->front, &buffer_of(heap)->cache, block);
}

size_t os_heap_usable_size(struct os_heap *heap, const void *block) {
    return front_usable_size(&buffer_of(heap)->front, block);
}

bool os_heap_check(const struct os_heap *heap, struct os_breach *breach) {
    struct check_breach found = check_heap(heap, CHECK_FULL);
    if (breach)
        *breach = (struct os_breach){check_name(found.invariant),
                                     check_rule(found.invariant), found.where};
    return found.invariant == INVARIANT_NONE;
}
