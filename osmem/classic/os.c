/*
 * os: classic as a library, libosmem.so of this folder: one heap on the real kernel under
 * the four names that a course requires. Nothing happens before the first call.
 *
 * -DCLASSIC_SEALED=1 builds it with a keyed check in each header.
 */
#include "osmem/classic/classic.h"

#ifndef CLASSIC_SEALED
#define CLASSIC_SEALED 0
#endif

#define CLASSIC_API __attribute__((visibility("default")))

CLASSIC_API void *os_malloc(size_t size);
CLASSIC_API void *os_calloc(size_t count, size_t size);
CLASSIC_API void *os_realloc(void *address, size_t size);
CLASSIC_API void os_free(void *address);

static struct os_kernel classic_kernel;
static struct classic classic_heap;

static struct classic *classic_start(void) {
    if (!classic_heap.kernel) {
        sys_real_kernel(&classic_kernel);
        classic_init(&classic_heap, &classic_kernel, CLASSIC_SEALED);
    }
    return &classic_heap;
}

void *os_malloc(size_t size) {
    return classic_malloc(classic_start(), size);
}

void *os_calloc(size_t count, size_t size) {
    return classic_calloc(classic_start(), count, size);
}

void *os_realloc(void *address, size_t size) {
    return classic_realloc(classic_start(), address, size);
}

void os_free(void *address) {
    classic_free(classic_start(), address);
}
