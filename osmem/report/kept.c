#define _GNU_SOURCE /* dl_iterate_phdr */

#include "osmem/report/kept.h"

#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "osmem/alloc/state.h"
#include "osmem/base/num.h"
#include "osmem/check/walk.h"

__attribute__((weak)) extern struct r_debug _r_debug;

/* glibc's list of open streams, the last one opened first. */
__attribute__((weak)) extern FILE *_IO_list_all;

enum {
    KEPT_RANGES = 16,
    KEPT_HEADER = 112,
    KEPT_LINK_MAP = 1024, /* bytes that the loader's record of a library has at least */
    KEPT_MORE = 64,       /* blocks that other threads may allocate meanwhile */
};

struct kept_block {
    const char *address;
    size_t size;
    bool is_kept;
    bool is_stream;          /* that the program opened */
    struct kept_block *next; /* kept, but not read yet */
};

/* ---- the blocks ---- */

static bool kept_count(void *context, const struct walk_block *block) {
    *(size_t *)context += block->state == STATE_IN_USE;
    return true;
}

static bool kept_add(void *context, const struct walk_block *block) {
    struct kept *kept = context;
    if (block->state == STATE_IN_USE && kept->count < kept->most)
        kept->blocks[kept->count++] =
            (struct kept_block){.address = block->address, .size = block->size};
    return true;
}

/* The block that an address refers to: of its first byte, or of what the loader aligned in it, or put
 * behind a header. */
static struct kept_block *kept_block(const struct kept *kept, uintptr_t address) {
    size_t from = 0, to = kept->count;
    while (from < to) { /* those in front of `from` start at or below the address */
        size_t middle = from + (to - from) / 2;
        if (num_address(kept->blocks[middle].address) <= address)
            from = middle + 1;
        else
            to = middle;
    }
    if (from == 0)
        return NULL;
    struct kept_block *block = &kept->blocks[from - 1];
    size_t offset = address - num_address(block->address);
    return offset % GRANULE == 0 && offset <= KEPT_HEADER &&
                   (!offset || offset < block->size)
               ? block
               : NULL;
}

/* ---- the libraries ---- */

struct kept_range {
    const char *from;
    size_t length;
    uintptr_t except; /* a word that refers to no block; 0: none */
};

struct kept_ranges {
    size_t count;
    struct kept_range range[KEPT_RANGES];
    struct kept_range loader; /* its code */
    uintptr_t
        first_break; /* which the loader knows: the heap's first block stands there */
};

static void kept_add_range(struct kept_ranges *ranges, const void *from, size_t length,
                           uintptr_t except) {
    if (ranges->count < KEPT_RANGES)
        ranges->range[ranges->count++] = (struct kept_range){from, length, except};
}

static bool kept_is_library(const char *path) {
    static const char *const names[] = {"/libc.so", "/ld-linux", "/ld-musl-",
                                        "/libstdc++.so", "/libgcc_s.so"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strstr(path, names[i]))
            return true;
    return false;
}

static int kept_visit(struct dl_phdr_info *module, size_t size, void *context) {
    struct kept_ranges *ranges = context;
    (void)size;
    if (!kept_is_library(module->dlpi_name))
        return 0;
    bool is_loader = strstr(module->dlpi_name, "/ld-linux");
    for (int i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &module->dlpi_phdr[i];
        const char *from = (const char *)(module->dlpi_addr + header->p_vaddr);
        if (header->p_type != PT_LOAD)
            continue;
        if (header->p_flags & PF_W)
            kept_add_range(ranges, from, header->p_memsz,
                           is_loader ? ranges->first_break : 0);
        else if (header->p_flags & PF_X && is_loader)
            ranges->loader = (struct kept_range){from, header->p_memsz, 0};
    }
    return 0;
}

/* Where the libraries are linked in, their data are the program's; but for the streams'. */
static void kept_libraries(struct kept_ranges *ranges) {
    kept_add_range(ranges, stdin, sizeof *stdin, 0);
    kept_add_range(ranges, stdout, sizeof *stdout, 0);
    kept_add_range(ranges, stderr, sizeof *stderr, 0);
    dl_iterate_phdr(kept_visit, ranges);
}

/* ---- the marks ---- */

static void kept_mark_streams(const struct kept *kept) {
    for (const FILE *file = &_IO_list_all ? _IO_list_all : NULL; file;
         file = file->_chain) {
        struct kept_block *block = kept_block(kept, num_address(file));
        if (block)
            block->is_stream = true;
    }
}

/* Each word that is the address of a block. */
static void kept_read(const struct kept *kept, const char *from, size_t length,
                      uintptr_t except, struct kept_block **unread) {
    size_t skip = num_ceil(num_address(from), sizeof(uintptr_t)) - num_address(from);
    for (size_t at = skip; at + sizeof(uintptr_t) <= length; at += sizeof(uintptr_t)) {
        uintptr_t word;
        memcpy(&word, from + at, sizeof word);
        struct kept_block *block = kept_block(kept, word);
        if (!block || block->is_kept || block->is_stream || word == except)
            continue;
        block->is_kept = true;
        block->next = *unread;
        *unread = block;
    }
}

static void kept_mark(const struct kept *kept, const struct kept_ranges *ranges) {
    struct kept_block *unread = NULL;
    kept_mark_streams(kept);
    for (size_t i = 0; i < ranges->count; i++)
        kept_read(kept, ranges->range[i].from, ranges->range[i].length,
                  ranges->range[i].except, &unread);
    /* Those of the program's own libraries stand in the loader's first memory, not in its data. */
    for (const struct link_map *map = &_r_debug ? _r_debug.r_map : NULL; map;
         map = map->l_next)
        kept_read(kept, (const char *)map, KEPT_LINK_MAP, 0, &unread);
    while (unread) {
        struct kept_block *block = unread;
        unread = block->next;
        kept_read(kept, block->address, block->size, 0, &unread);
    }
}

/* A thread's descriptor, in its stack, refers to what the loader allocated for it: the site shows that,
 * where it is recorded. */
static void kept_mark_loader(const struct kept *kept, struct os_record *record,
                             const struct kept_range *loader) {
    const struct site_row *row;
    lock_take(&record->lock);
    for (size_t i = 0; (row = site_table_row(&record->sites, i)) != NULL; i++) {
        struct kept_block *block = kept_block(kept, num_address(row->address));
        uintptr_t caller = num_address(row->allocated.frame[0]);
        if (block && block->address == row->address &&
            caller - num_address(loader->from) < loader->length)
            block->is_kept = true;
    }
    lock_release(&record->lock);
}

/* Blocks that are found while the heap is held stay mapped until it is not. The loader's lock is
 * taken before: its owner may allocate. */
void kept_find(struct kept *kept, struct os_alloc *alloc) {
    struct kept_ranges ranges = {.first_break =
                                     num_address(span_base(&alloc->heap.space.span[0]))};
    *kept = (struct kept){.most = KEPT_MORE};
    kept_libraries(&ranges);
    heap_lock(&alloc->heap);
    walk_heap(&alloc->heap, kept_count, &kept->most);
    heap_unlock(&alloc->heap);
    kept->blocks =
        sys_map(alloc->heap.space.kernel, num_ceil(kept->most * sizeof *kept->blocks,
                                                   alloc->heap.space.kernel->page));
    if (!kept->blocks)
        return;
    heap_lock(&alloc->heap);
    walk_heap(&alloc->heap, kept_add, kept);
    kept_mark(kept, &ranges);
    heap_unlock(&alloc->heap);
    kept_mark_loader(kept, &alloc->record, &ranges.loader);
}

void kept_close(struct kept *kept, struct os_alloc *alloc) {
    struct os_kernel *kernel = alloc->heap.space.kernel;
    if (kept->blocks)
        sys_unmap(kernel, kept->blocks,
                  num_ceil(kept->most * sizeof *kept->blocks, kernel->page));
}

bool kept_holds(const struct kept *kept, const void *address) {
    const struct kept_block *block = kept_block(kept, num_address(address));
    return block && block->address == address && block->is_kept;
}
