/*
 * osmem.c: the functions of osmem.h that allocate and free.
 */
#include "osmem/osmem.h"

#include <string.h>

#include "osmem/alloc/alloc.h"
#include "osmem/base/num.h"
#include "osmem/process/process.h"

#define OSMEM_CALLER __builtin_return_address(0)

void *os_malloc(size_t size) {
    struct os_call call;
    struct os_alloc *alloc =
        process_enter_operation(&call, OSMEM_CALLER, "os_malloc", NULL);
    void *block = alloc_malloc(alloc, &call, size);
    process_leave(alloc, &call);
    return block;
}

void *os_calloc(size_t count, size_t size) {
    struct os_call call;
    struct os_alloc *alloc =
        process_enter_operation(&call, OSMEM_CALLER, "os_calloc", NULL);
    void *block = alloc_calloc(alloc, &call, count, size);
    process_leave(alloc, &call);
    return block;
}

/* By a nested call: another block, a copy, and the old one is freed later. */
static void *osmem_realloc_deferred(void *block, size_t size) {
    size_t usable = process_usable_size(block);
    void *copy = size && usable ? os_malloc(size) : NULL;
    if (copy)
        memcpy(copy, block, num_min(usable, size));
    else if (size && usable)
        return NULL;
    process_defer(block, 0, 0);
    return copy;
}

void *os_realloc(void *block, size_t size) {
    struct os_call call;
    if (process_defers(block))
        return osmem_realloc_deferred(block, size);
    struct os_alloc *alloc =
        process_enter_operation(&call, OSMEM_CALLER, "os_realloc", block);
    void *resized = alloc_realloc(alloc, &call, block, size);
    process_leave(alloc, &call);
    return resized;
}

void os_free(void *block) {
    struct os_call call;
    if (!block)
        return;
    if (process_defers(block)) {
        process_defer(block, 0, 0);
        return;
    }
    struct os_alloc *alloc =
        process_enter_operation(&call, OSMEM_CALLER, "os_free", block);
    alloc_free(alloc, &call, block);
    process_leave(alloc, &call);
}

static void osmem_free_sized(void *block, size_t alignment, size_t size,
                             const void *caller) {
    struct os_call call;
    if (!block)
        return;
    if (process_defers(block)) {
        process_defer(block, alignment, size);
        return;
    }
    struct os_alloc *alloc =
        process_enter_operation(&call, caller, "os_free_sized", block);
    alloc_free_sized(alloc, &call, block, alignment, size);
    process_leave(alloc, &call);
}

void os_free_sized(void *block, size_t size) {
    osmem_free_sized(block, 1, size, OSMEM_CALLER);
}

void os_free_aligned_sized(void *block, size_t alignment, size_t size) {
    osmem_free_sized(block, alignment, size, OSMEM_CALLER);
}

void *os_aligned_alloc(size_t alignment, size_t size) {
    struct os_call call;
    struct os_alloc *alloc =
        process_enter_operation(&call, OSMEM_CALLER, "os_aligned_alloc", NULL);
    void *block = alloc_aligned_alloc(alloc, &call, alignment, size);
    process_leave(alloc, &call);
    return block;
}

size_t os_usable_size(const void *block) {
    struct os_call call;
    if (process_defers(block))
        return process_usable_size(block);
    struct os_alloc *alloc = process_enter_block(&call, OSMEM_CALLER, block);
    size_t size = alloc_usable_size(alloc, &call, block);
    process_leave(alloc, &call);
    return size;
}

void os_trim(void) {
    process_options(); /* starts the process's heap */
    for (struct os_alloc *alloc = NULL; (alloc = process_next_heap(alloc)) != NULL;) {
        struct os_call call;
        call_open(&call);
        process_hold(alloc);
        alloc_trim(alloc, &call);
        process_leave(alloc, &call);
    }
}
