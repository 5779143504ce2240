/*
 * page_map: from the page in which a large block starts to its entry in the registry.
 *
 * A radix map of four levels, 10 bits each, over tables in a guarded region: a look-up reads four
 * words and needs no lock. A table is linked only after its memory is there, and never leaves the
 * map. page_map_prepare is the one that can be refused; page_map_set after it cannot.
 */
#ifndef OSMEM_SPACE_PAGE_MAP_H
#define OSMEM_SPACE_PAGE_MAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/space/guarded.h"

enum {
    PAGE_MAP_BITS = 10,
    PAGE_MAP_SLOTS = 1 << PAGE_MAP_BITS,
    PAGE_MAP_LEVELS = 4,
    PAGE_MAP_REGIONS = 16,
    PAGE_MAP_INDEX_BITS = 20,
};

/* A slot holds the number of a table, or in the lowest level a value; 0: nothing. */
struct page_map_table {
    _Atomic(uint32_t) slot[PAGE_MAP_SLOTS];
    uint64_t
        used[PAGE_MAP_SLOTS / 64]; /* a bit for each slot, for the walk, under the lock */
};

/* A region that was refused its full size is followed by others. A table's number is 1 + region * 2^20
 * + its index there. */
struct page_map {
    struct guarded_region region[PAGE_MAP_REGIONS];
    unsigned regions;       /* that are reserved */
    uint32_t last;          /* tables in the last one of them */
    uint32_t tables;        /* in all */
    _Atomic(uint32_t) root; /* its number; 0: nothing was ever set */
};

/* Makes sure that a value can be set for a page; false where memory is refused or the page is out of
 * reach. Pages are addresses divided by the size of one. The caller has the space's lock. */
bool page_map_prepare(struct page_map *map, struct os_kernel *kernel, uintptr_t page);

/* The bytes that its tables reserve, and whether an address lies there. */
size_t page_map_reserved(const struct page_map *map);
bool page_map_holds(const struct page_map *map, const void *address);

/* Sets the value of a prepared page; 0 takes it out. The caller has the space's lock. */
void page_map_set(struct page_map *map, uintptr_t page, uint32_t value);

/* The value of a page, or 0. */
uint32_t page_map_get(const struct page_map *map, uintptr_t page);

/* The first value at or above a page, and its page; 0: there is none. The caller has the lock. */
uint32_t page_map_next(const struct page_map *map, uintptr_t *page);

#endif
