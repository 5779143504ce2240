/*
 * osmem.c: the functions of osmem.h that allocate and free.
 */
#include "osmem/osmem.h"

#include "osmem/alloc/alloc.h"
#include "osmem/process/process.h"

#define OSMEM_CALLER __builtin_return_address(0)

void *os_malloc(size_t size) {
    struct os_call call;
    struct os_alloc *alloc = process_enter_operation(&call, OSMEM_CALLER, "os_malloc");
    void *block = alloc_malloc(alloc, &call, size);
    process_leave(alloc, &call);
    return block;
}

void *os_calloc(size_t count, size_t size) {
    struct os_call call;
    struct os_alloc *alloc = process_enter_operation(&call, OSMEM_CALLER, "os_calloc");
    void *block = alloc_calloc(alloc, &call, count, size);
    process_leave(alloc, &call);
    return block;
}

void *os_realloc(void *block, size_t size) {
    struct os_call call;
    struct os_alloc *alloc = process_enter_operation(&call, OSMEM_CALLER, "os_realloc");
    void *resized = alloc_realloc(alloc, &call, block, size);
    process_leave(alloc, &call);
    return resized;
}

void os_free(void *block) {
    struct os_call call;
    if (!block)
        return;
    struct os_alloc *alloc = process_enter_operation(&call, OSMEM_CALLER, "os_free");
    alloc_free(alloc, &call, block);
    process_leave(alloc, &call);
}

void os_free_sized(void *block, size_t size) {
    struct os_call call;
    if (!block)
        return;
    struct os_alloc *alloc =
        process_enter_operation(&call, OSMEM_CALLER, "os_free_sized");
    alloc_free_sized(alloc, &call, block, 1, size);
    process_leave(alloc, &call);
}

void os_free_aligned_sized(void *block, size_t alignment, size_t size) {
    struct os_call call;
    if (!block)
        return;
    struct os_alloc *alloc =
        process_enter_operation(&call, OSMEM_CALLER, "os_free_sized");
    alloc_free_sized(alloc, &call, block, alignment, size);
    process_leave(alloc, &call);
}

void *os_aligned_alloc(size_t alignment, size_t size) {
    struct os_call call;
    struct os_alloc *alloc =
        process_enter_operation(&call, OSMEM_CALLER, "os_aligned_alloc");
    void *block = alloc_aligned_alloc(alloc, &call, alignment, size);
    process_leave(alloc, &call);
    return block;
}

size_t os_usable_size(const void *block) {
    struct os_call call;
    struct os_alloc *alloc = process_enter(&call, OSMEM_CALLER);
    size_t size = alloc_usable_size(alloc, &call, block);
    process_leave(alloc, &call);
    return size;
}

void os_trim(void) {
    struct os_call call;
    struct os_alloc *alloc = process_enter(&call, OSMEM_CALLER);
    alloc_trim(alloc, &call);
    process_leave(alloc, &call);
}
