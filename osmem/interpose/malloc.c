/*
 * malloc: the C library's own names for osmem's functions; family.c has those that are
 * made of other ones. Where C and POSIX leave a choice, it is glibc's or stricter;
 * props/conformance/probe/differences.txt lists where.
 */
#include "osmem/interpose/malloc.h"

#include <errno.h>

#include "osmem/base/num.h"
#include "osmem/osmem.h"

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
        if (!num_add(power, power, &power)) {
            errno = EINVAL;
            return NULL;
        }
    return os_aligned_alloc(power, size);
}

MALLOC_OWN(free) void malloc_own_free(void *block);
