#include "osmem/space/page_map.h"

#include <assert.h>

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"

static_assert(POLICY_PAGE_MAP / sizeof(struct page_map_table) <=
                  (size_t)1 << PAGE_MAP_INDEX_BITS,
              "an index in a region fits its number");

static struct page_map_table *page_map_table(const struct page_map *map,
                                             uint32_t number) {
    uint32_t index = (number - 1) & (((uint32_t)1 << PAGE_MAP_INDEX_BITS) - 1);
    uint32_t region = (number - 1) >> PAGE_MAP_INDEX_BITS;
    EXPECT(number > 0 && region < PAGE_MAP_REGIONS);
    return (struct page_map_table *)(void *)map->region[region].base + index;
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
        !guarded_reserve(&map->region[map->regions], kernel,
                         guarded_share(kernel, POLICY_PAGE_MAP, POLICY_PAGE_MAP_SHARE),
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
    return 1 + (region << PAGE_MAP_INDEX_BITS | map->last++);
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

static void page_map_mark(struct page_map_table *table, unsigned at, bool used) {
    uint64_t bit = (uint64_t)1 << at % 64;
    if (used)
        table->used[at / 64] |= bit;
    else
        table->used[at / 64] &= ~bit;
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
    struct page_map_table *above = NULL;
    _Atomic(uint32_t) *link = &map->root;
    if (!page_map_reaches(page))
        return false;
    for (unsigned level = PAGE_MAP_LEVELS; level-- > 0;) {
        uint32_t number = page_map_follow_or_open(map, kernel, link);
        if (number == 0)
            return false;
        if (above)
            page_map_mark(above, page_map_index(page, level + 1), true);
        above = page_map_table(map, number);
        link = &above->slot[page_map_index(page, level)];
    }
    return true;
}

/* The table of the lowest level that has a page, or NULL. */
static struct page_map_table *page_map_leaf(const struct page_map *map, uintptr_t page) {
    uint32_t number = atomic_load_explicit(&map->root, memory_order_acquire);
    if (!page_map_reaches(page))
        return NULL;
    for (unsigned level = PAGE_MAP_LEVELS - 1; number; level--) {
        struct page_map_table *table = page_map_table(map, number);
        if (level == 0)
            return table;
        number = atomic_load_explicit(&table->slot[page_map_index(page, level)],
                                      memory_order_acquire);
    }
    return NULL;
}

void page_map_set(struct page_map *map, uintptr_t page, uint32_t value) {
    struct page_map_table *leaf = page_map_leaf(map, page);
    unsigned at = page_map_index(page, 0);
    EXPECT(leaf != NULL);
    atomic_store_explicit(&leaf->slot[at], value, memory_order_release);
    page_map_mark(leaf, at, value != 0);
}

uint32_t page_map_get(const struct page_map *map, uintptr_t page) {
    const struct page_map_table *leaf = page_map_leaf(map, page);
    return leaf ? atomic_load_explicit(&leaf->slot[page_map_index(page, 0)],
                                       memory_order_acquire)
                : 0;
}

/* The first slot in use at or above one, or PAGE_MAP_SLOTS. */
static unsigned page_map_next_used(const struct page_map_table *table, unsigned at) {
    for (; at < PAGE_MAP_SLOTS; at = (at / 64 + 1) * 64) {
        uint64_t used = table->used[at / 64] >> at % 64;
        if (used)
            return at + num_lowest_bit(used);
    }
    return PAGE_MAP_SLOTS;
}

/* The first value in a table and below it; *page is one that the table covers, and becomes the
 * value's. */
static uint32_t page_map_next_in(const struct page_map *map, uint32_t number,
                                 unsigned level, uintptr_t *page) {
    const struct page_map_table *table = page_map_table(map, number);
    unsigned shift = PAGE_MAP_BITS * level, from = page_map_index(*page, level);
    uintptr_t base = *page >> (shift + PAGE_MAP_BITS) << (shift + PAGE_MAP_BITS);
    for (unsigned at = from; (at = page_map_next_used(table, at)) < PAGE_MAP_SLOTS;
         at++) {
        uint32_t value = atomic_load_explicit(&table->slot[at], memory_order_acquire);
        if (at != from)
            *page = base + ((uintptr_t)at << shift);
        if (level > 0)
            value = page_map_next_in(map, value, level - 1, page);
        if (value)
            return value;
    }
    return 0;
}

uint32_t page_map_next(const struct page_map *map, uintptr_t *page) {
    uint32_t root = atomic_load_explicit(&map->root, memory_order_acquire);
    if (root == 0 || !page_map_reaches(*page))
        return 0;
    return page_map_next_in(map, root, PAGE_MAP_LEVELS - 1, page);
}
