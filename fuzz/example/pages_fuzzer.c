/*
 * pages_fuzzer: an allocator on the rig in one page: each block has a mapping of its own, and
 * in front of it its size. docs/FUZZING.md explains it.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz/engine/entry.h"
#include "fuzz/engine/target.h"

#define HEADER ((size_t)16)

static size_t *pages_header(void *block) {
    return (size_t *)(void *)((char *)block - HEADER);
}

/* The allocator's state, which every other function gets as `self`. */
static void *pages_open(struct machine *machine) {
    return machine;
}

static void *pages_malloc(void *self, size_t size) {
    struct os_kernel *kernel = &((struct machine *)self)->kernel;
    if (size <= PTRDIFF_MAX - HEADER) {
        char *mapping = kernel->mmap(kernel, HEADER + size, PROT_READ | PROT_WRITE);
        if (mapping != MAP_FAILED) {
            *pages_header(mapping + HEADER) = size;
            return mapping + HEADER;
        }
    }
    errno = ENOMEM;
    return NULL;
}

static void *pages_calloc(void *self, size_t count, size_t size) {
    size_t total;
    return pages_malloc(self,
                        __builtin_mul_overflow(count, size, &total) ? SIZE_MAX : total);
}

static void pages_free(void *self, void *block) {
    struct os_kernel *kernel = &((struct machine *)self)->kernel;
    int saved = errno;
    if (block)
        kernel->munmap(kernel, pages_header(block), HEADER + *pages_header(block));
    errno = saved;
}

static void *pages_realloc(void *self, void *block, size_t size) {
    if (!block)
        return pages_malloc(self, size);
    void *moved = size ? pages_malloc(self, size) : NULL;
    size_t had = *pages_header(block);
    if (moved)
        memcpy(moved, block, had < size ? had : size);
    if (moved || size == 0)
        pages_free(self, block);
    return moved;
}

static const struct subject pages = {
    .name = "pages",
    .alignment = HEADER,
    .open = pages_open,
    .malloc = pages_malloc,
    .calloc = pages_calloc,
    .realloc = pages_realloc,
    .free = pages_free,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const struct subject *const subjects[] = {&pages};
    target_run(subjects, 1, false, bytes, length);
    return 0;
}
