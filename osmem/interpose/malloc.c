/*
 * malloc: the C library's own names for osmem's functions.
 *
 * One file, so that a program linked with the archive gets the whole family or none:
 * passing a block of one allocator to another's function is a crash. Where C and POSIX
 * leave a choice, it is glibc's or stricter; props/conformance/probe/differences.txt
 * lists where.
 */
#include "osmem/interpose/malloc.h"

#include <errno.h>
#include <unistd.h>

#include "osmem/base/num.h"
#include "osmem/osmem.h"

static size_t malloc_page(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void *malloc_refuse(int error) {
    errno = error;
    return NULL;
}

OS_API void *malloc(size_t size) {
    return os_malloc(size);
}

OS_API void *calloc(size_t count, size_t size) {
    return os_calloc(count, size);
}

OS_API void *realloc(void *block, size_t size) {
    return os_realloc(block, size);
}

OS_API void free(void *block) {
    os_free(block);
}

OS_API void cfree(void *block) {
    os_free(block);
}

OS_API void free_sized(void *block, size_t size) {
    os_free_sized(block, size);
}

OS_API void free_aligned_sized(void *block, size_t alignment, size_t size) {
    os_free_aligned_sized(block, alignment, size);
}

OS_API void *reallocarray(void *block, size_t count, size_t size) {
    size_t total;
    return num_mul(count, size, &total) ? os_realloc(block, total)
                                        : malloc_refuse(ENOMEM);
}

OS_API size_t malloc_usable_size(void *block) {
    return os_usable_size(block);
}

OS_API void *aligned_alloc(size_t alignment, size_t size) {
    return os_aligned_alloc(alignment, size);
}

OS_API int posix_memalign(void **to, size_t alignment, size_t size) {
    if (!num_is_pow2(alignment) || alignment % sizeof(void *) != 0)
        return EINVAL;
    int saved = errno;
    void *block = os_aligned_alloc(alignment, size);
    errno = saved;
    if (!block)
        return ENOMEM;
    *to = block;
    return 0;
}

/* An alignment that is no power of two counts as the next one, as in glibc. */
OS_API void *memalign(size_t alignment, size_t size) {
    size_t power = 1;
    while (power < alignment)
        if (!num_add(power, power, &power))
            return malloc_refuse(EINVAL);
    return os_aligned_alloc(power, size);
}

OS_API void *valloc(size_t size) {
    return os_aligned_alloc(malloc_page(), size);
}

OS_API void *pvalloc(size_t size) {
    size_t pages, page = malloc_page();
    return num_ceil_checked(size, page, &pages) ? os_aligned_alloc(page, pages)
                                                : malloc_refuse(ENOMEM);
}
