#define _GNU_SOURCE /* RTLD_NEXT */

#include "fuzz/subject/libc_subject.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "osmem/base/num.h"

/* The C library's functions, found behind those of a sanitizer by RTLD_NEXT. */
static struct {
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *block, size_t size);
    void *(*memalign)(size_t alignment, size_t size);
    size_t (*malloc_usable_size)(void *block);
    void (*free)(void *block);
} libc;

static void *libc_symbol(const char *name) {
    void *symbol = dlsym(RTLD_NEXT, name);
    if (!symbol) {
        fprintf(stderr, "libc_subject: the C library has no %s\n", name);
        exit(2);
    }
    return symbol;
}

static void *libc_subject_open(struct machine *machine) {
    if (!libc.malloc) {
        *(void **)&libc.malloc = libc_symbol("malloc");
        *(void **)&libc.calloc = libc_symbol("calloc");
        *(void **)&libc.realloc = libc_symbol("realloc");
        *(void **)&libc.memalign = libc_symbol("memalign");
        *(void **)&libc.malloc_usable_size = libc_symbol("malloc_usable_size");
        *(void **)&libc.free = libc_symbol("free");
    }
    return machine;
}

static void *libc_subject_malloc(void *self, size_t size) {
    (void)self;
    return libc.malloc(size);
}

static void *libc_subject_calloc(void *self, size_t count, size_t size) {
    (void)self;
    return libc.calloc(count, size);
}

static void *libc_subject_realloc(void *self, void *block, size_t size) {
    (void)self;
    return libc.realloc(block, size);
}

static void libc_subject_free(void *self, void *block) {
    (void)self;
    libc.free(block);
}

/* memalign takes any alignment; aligned_alloc, from glibc 2.38 on, as here. */
static void *libc_subject_aligned_alloc(void *self, size_t alignment, size_t size) {
    (void)self;
    if (!num_is_pow2(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return libc.memalign(alignment, size);
}

static size_t libc_subject_usable_size(void *self, const void *block) {
    (void)self;
    return libc.malloc_usable_size((void *)(uintptr_t)block);
}

const struct subject libc_subject = {
    .name = "the C library",
    .alignment = 16,
    .real_kernel = true,
    .waste = SIZE_MAX,
    .open = libc_subject_open,
    .malloc = libc_subject_malloc,
    .calloc = libc_subject_calloc,
    .realloc = libc_subject_realloc,
    .free = libc_subject_free,
    .aligned_alloc = libc_subject_aligned_alloc,
    .usable_size = libc_subject_usable_size,
};
