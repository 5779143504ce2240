#include "osmem/space/page_map.h"

#include <assert.h>

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"

static_assert(POLICY_PAGE_MAP / sizeof(struct page_map_table) <=
                  (size_t)1 << PAGE_MAP_PLACE_BITS,
              "a place in a region fits its number");

static struct page_map_table *page_map_table(const struct page_map *map,
                                             uint32_t number) {
    uint32_t place = (number - 1) & (((uint32_t)1 << PAGE_MAP_PLACE_BITS) - 1);
    uint32_t region = (number - 1) >> PAGE_MAP_PLACE_BITS;
    EXPECT(number > 0 && region < PAGE_MAP_REGIONS);
    return (struct page_map_table *)(void *)map->region[region].base + place;
}

/* Where a page is in a table of a level; the root has the highest. */
static unsigned page_map_index(uintptr_t page, unsigned level) {
    return (unsigned)(page >> (PAGE_MAP_BITS * level)) & (PAGE_MAP_SLOTS - 1);
}

static bool page_map_reaches(uintptr_t page) {
    return page >> (PAGE_MAP_BITS * PAGE_MAP_LEVELS) == 0;
}

/* Whether the last region has address space for another table, a new region if need be. */
static bool page_map_reserve(struct page_map *map, struct os_kernel *kernel) {
    size_t size = sizeof(struct page_map_table);
    if (map->regions && (map->last + 1) * size <= map->region[map->regions - 1].reserved)
        return true;
    if (map->regions == PAGE_MAP_REGIONS ||
        !guarded_reserve(&map->region[map->regions], kernel, POLICY_PAGE_MAP,
                         POLICY_PAGE_MAP_LEAST))
        return false;
    map->regions++;
    map->last = 0;
    return true;
}

/* A table without values, not linked yet; 0 where its memory is refused. */
static uint32_t page_map_open_table(struct page_map *map, struct os_kernel *kernel) {
    if (!page_map_reserve(map, kernel))
        return 0;
    uint32_t region = map->regions - 1;
    if (!guarded_commit(&map->region[region], kernel,
                        (map->last + 1) * sizeof(struct page_map_table)))
        return 0;
    map->tables++;
    return 1 + (region << PAGE_MAP_PLACE_BITS | map->last++);
}

size_t page_map_reserved(const struct page_map *map) {
    size_t bytes = 0;
    for (unsigned i = 0; i < map->regions; i++)
        bytes += map->region[i].length;
    return bytes;
}

bool page_map_holds(const struct page_map *map, const void *address) {
    for (unsigned i = 0; i < map->regions; i++)
        if (guarded_holds(&map->region[i], address))
            return true;
    return false;
}

/* The number of the table in a link, a new one where there is none; 0 where that is refused. */
static uint32_t page_map_follow_or_open(struct page_map *map, struct os_kernel *kernel,
                                        _Atomic(uint32_t) *link) {
    uint32_t number = atomic_load_explicit(link, memory_order_relaxed);
    EXPECT(number == 0 || map->tables > 0);
    if (number)
        return number;
    number = page_map_open_table(map, kernel);
    if (number)
        atomic_store_explicit(link, number, memory_order_release);
    return number;
}

bool page_map_prepare(struct page_map *map, struct os_kernel *kernel, uintptr_t page) {
    _Atomic(uint32_t) *link = &map->root;
    if (!page_map_reaches(page))
        return false;
    map->lowest = map->tables ? num_min(map->lowest, page) : page;
    map->highest = num_max(map->highest, page);
    for (unsigned level = PAGE_MAP_LEVELS; level-- > 0;) {
        uint32_t number = page_map_follow_or_open(map, kernel, link);
        if (number == 0)
            return false;
        link = &page_map_table(map, number)->slot[page_map_index(page, level)];
    }
    return true;
}

/* The slot of a page in the lowest level, or NULL. */
static _Atomic(uint32_t) *page_map_slot(const struct page_map *map, uintptr_t page) {
    uint32_t number = atomic_load_explicit(&map->root, memory_order_acquire);
    if (!page_map_reaches(page))
        return NULL;
    for (unsigned level = PAGE_MAP_LEVELS - 1; number; level--) {
        struct page_map_table *table = page_map_table(map, number);
        _Atomic(uint32_t) *slot = &table->slot[page_map_index(page, level)];
        if (level == 0)
            return slot;
        number = atomic_load_explicit(slot, memory_order_acquire);
    }
    return NULL;
}

void page_map_set(struct page_map *map, uintptr_t page, uint32_t value) {
    _Atomic(uint32_t) *slot = page_map_slot(map, page);
    EXPECT(slot != NULL);
    atomic_store_explicit(slot, value, memory_order_release);
}

uint32_t page_map_get(const struct page_map *map, uintptr_t page) {
    const _Atomic(uint32_t) *slot = page_map_slot(map, page);
    return slot ? atomic_load_explicit(slot, memory_order_acquire) : 0;
}

/* The same in a table and below it; *page is one that the table covers, and becomes
 * the value's, or the first behind the table. */
static uint32_t page_map_next_in(const struct page_map *map, uint32_t number,
                                 unsigned level, uintptr_t *page) {
    const struct page_map_table *table = page_map_table(map, number);
    unsigned shift = PAGE_MAP_BITS * level;
    unsigned at = page_map_index(*page, level);
    for (; at < PAGE_MAP_SLOTS && *page <= map->highest; at++) {
        uint32_t value = atomic_load_explicit(&table->slot[at], memory_order_acquire);
        uintptr_t next = ((*page >> shift) + 1) << shift;
        if (value && level > 0)
            value = page_map_next_in(map, value, level - 1, page);
        if (value)
            return value;
        *page = next;
    }
    return 0;
}

uint32_t page_map_next(const struct page_map *map, uintptr_t *page) {
    uint32_t root = atomic_load_explicit(&map->root, memory_order_acquire);
    if (root == 0 || !page_map_reaches(*page))
        return 0;
    *page = num_max(*page, map->lowest);
    return page_map_next_in(map, root, PAGE_MAP_LEVELS - 1, page);
}
