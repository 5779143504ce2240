/*
 * family: functions of malloc's family that are made of other ones: cfree(3), valloc(3),
 * pvalloc(3), reallocarray(3), and free with a size.
 *
 * They call the other one by its name, which a tool that counts allocations, or a program with a
 * malloc of its own, may define too: it then sees the allocation as it sees the free. The C library
 * does so in reallocarray. A program that defines one of these names as well has seen the call already,
 * and is not shown it again under another name.
 *
 * A file apart from malloc.c: within one the compiler would call its own definition.
 */
#include <errno.h>
#include <unistd.h>

#include "osmem/base/num.h"
#include "osmem/interpose/malloc.h"
#include "osmem/osmem.h"

typedef void family_function(void);

/* Whether a name is bound to this function. The compiler, which takes two names for two functions, must
 * not see which they are. */
static bool family_binds(family_function *name, family_function *own) {
    __asm__("" : "+r"(name));
    return name == own;
}

#define FAMILY_IS_OWN(name, own) \
    family_binds((family_function *)(name), (family_function *)(own))

static void *family_refuse(void) {
    errno = ENOMEM;
    return NULL;
}

OS_API void *reallocarray(void *block, size_t count, size_t size) {
    size_t total;
    return num_mul(count, size, &total) ? realloc(block, total) : family_refuse();
}

/* ---- pages ---- */

static size_t family_page(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

MALLOC_OWN(valloc) void *family_own_valloc(size_t size);
MALLOC_OWN(pvalloc) void *family_own_pvalloc(size_t size);

OS_API void *valloc(size_t size) {
    return FAMILY_IS_OWN(valloc, family_own_valloc)
               ? memalign(family_page(), size)
               : os_aligned_alloc(family_page(), size);
}

OS_API void *pvalloc(size_t size) {
    size_t pages, page = family_page();
    if (!num_ceil_checked(size, page, &pages))
        return family_refuse();
    return FAMILY_IS_OWN(pvalloc, family_own_pvalloc) ? memalign(page, pages)
                                                      : os_aligned_alloc(page, pages);
}

/* ---- other frees ---- */

MALLOC_OWN(cfree) void family_own_cfree(void *block);
MALLOC_OWN(free_sized) void family_own_free_sized(void *block, size_t size);
MALLOC_OWN(free_aligned_sized)
void family_own_free_aligned_sized(void *block, size_t alignment, size_t size);

/* The size is checked unless another free is to see the block: it may be no block of ours. */
static bool family_frees_by_name(bool is_own) {
    return is_own && !FAMILY_IS_OWN(free, malloc_own_free);
}

OS_API void cfree(void *block) {
    if (family_frees_by_name(FAMILY_IS_OWN(cfree, family_own_cfree)))
        free(block);
    else
        os_free(block);
}

OS_API void free_sized(void *block, size_t size) {
    if (family_frees_by_name(FAMILY_IS_OWN(free_sized, family_own_free_sized)))
        free(block);
    else
        os_free_sized(block, size);
}

OS_API void free_aligned_sized(void *block, size_t alignment, size_t size) {
    if (family_frees_by_name(
            FAMILY_IS_OWN(free_aligned_sized, family_own_free_aligned_sized)))
        free(block);
    else
        os_free_aligned_sized(block, alignment, size);
}
