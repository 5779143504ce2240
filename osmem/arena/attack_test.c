/* A program that writes anything into free blocks is never given memory that is in use. */
#include <string.h>

#include "osmem/alloc/heap.h"
#include "osmem/alloc/heap_state.h"
#include "osmem/arena/carve.h"
#include "osmem/arena/link.h"
#include "osmem/base/num.h"
#include "osmem/check/check.h"
#include "props/testing/suite.h"

enum {
    MEMORY = 1 << 14,
    SLOTS = 40,
    PROGRAMS = 250,
    OPERATIONS = 200,
    SAVED = 64,
};

static char memory[MEMORY] __attribute__((aligned(16)));
static struct os_kernel kernel;
static struct os_heap heap;
static uint64_t state;

static size_t draw(size_t below) {
    state = num_mix(state + 1);
    return state % below;
}

/* So that a failing seed can be run again. */
static ssize_t draw_bytes(struct os_kernel *from, void *buffer, size_t length) {
    (void)from;
    for (size_t i = 0; i < length; i++)
        ((unsigned char *)buffer)[i] = (unsigned char)draw(256);
    return (ssize_t)length;
}

/* ---- who has what ---- */

static struct slot {
    struct os_block block;
    bool in_use, quarantined;
} slots[SLOTS];
static bool owned[MEMORY / GRANULE];

static void own(const struct os_block *block, size_t from, size_t to, bool whether) {
    size_t first = (size_t)(block->address - memory) / GRANULE;
    for (size_t i = first + from / GRANULE; i < first + to / GRANULE; i++) {
        ck_assert_msg(owned[i] != whether, "granule %zu has two owners", i);
        owned[i] = whether;
    }
}

static void take(struct slot *slot, size_t size) {
    size_t alignment = draw(8) ? GRANULE : GRANULE << draw(4);
    if (heap_take(&heap, size, alignment, &slot->block) != OS_OK)
        return;
    own(&slot->block, 0, slot->block.size, true);
    memset(slot->block.address, (int)draw(256), slot->block.size);
    slot->in_use = true;
}

static void resize(struct slot *slot, size_t size) {
    struct os_block now = slot->block;
    if (heap_resize(&heap, &now, size) != OS_OK)
        return;
    if (now.size > slot->block.size)
        own(&now, slot->block.size, now.size, true);
    else
        own(&now, now.size, slot->block.size, false);
    slot->block = now;
}

static void give(struct slot *slot) {
    own(&slot->block, 0, slot->block.size, false);
    if (slot->quarantined)
        carve_take_quarantined(&heap.arena, slot->block.id, slot->block.size / GRANULE);
    heap_give(&heap, &slot->block);
    *slot = (struct slot){.in_use = false};
}

static void step(void) {
    struct slot *slot = &slots[draw(SLOTS)];
    size_t size = (1 + draw(6)) * GRANULE;
    if (!slot->in_use)
        take(slot, size);
    else if (!slot->quarantined && draw(4) == 0)
        resize(slot, size);
    else if (!slot->quarantined && draw(5) == 0) {
        carve_quarantine(&heap.arena, slot->block.id);
        slot->quarantined = true;
    } else
        give(slot);
}

/* ---- who writes ---- */

static block_id small[MEMORY / GRANULE]; /* free blocks with links in their memory */
static size_t sizes[MEMORY / GRANULE], smalls;

static void find_small(void) {
    struct tags_extent extent;
    smalls = 0;
    for (size_t at = 0; at < heap.space.span[0].granules; at += extent.granules) {
        ck_assert(tags_read(heap.space.span[0].tags + at, &extent));
        if (extent.state != STATE_FREE || extent.granules >= TAG_LINKS_MIN_GRANULES)
            continue;
        small[smalls] = block_id_of(0, at);
        sizes[smalls++] = extent.granules;
    }
}

/* He knows the seals, and mostly lets the other block point back. */
static void forge(size_t which) {
    enum tags_link link = draw(2) ? LINK_NEXT : LINK_PREVIOUS;
    size_t other = draw(smalls);
    block_id value = small[other];
    if (draw(5) == 0)
        value = draw(2) ? NO_BLOCK : draw(heap.space.span[0].granules);
    link_set(&heap.arena, small[which], sizes[which], link, value);
    if (value == small[other] && draw(4))
        link_set(&heap.arena, value, sizes[other],
                 link == LINK_NEXT ? LINK_PREVIOUS : LINK_NEXT, small[which]);
}

static void scribble(size_t which) {
    block_address(&heap.space, small[which])[draw(GRANULE)] ^= (char)(1 + draw(255));
}

/* He has read blocks while they were free, and writes back what stood there, of many at a time. */
static void replay(size_t which) {
    static struct {
        block_id block;
        char links[GRANULE];
    } saved[SAVED];
    if (draw(2)) {
        size_t into = draw(SAVED);
        saved[into].block = small[which];
        memcpy(saved[into].links, block_address(&heap.space, small[which]), GRANULE);
        return;
    }
    for (size_t i = 0; i < SAVED; i++)
        for (size_t j = 0; j < smalls; j++)
            if (small[j] == saved[i].block && draw(3) == 0)
                memcpy(block_address(&heap.space, small[j]), saved[i].links, GRANULE);
}

/* ---- programs ---- */

static void expect_but_links(void) {
    struct suspects suspects;
    struct check_breach breach = check_heap(&heap, CHECK_QUICK);
    ck_assert_msg(breach.invariant == INVARIANT_NONE || breach.invariant == INVARIANT_H1,
                  "%s", check_rule(breach.invariant));
    while (heap_suspects(&heap, &suspects))
        ck_assert_uint_gt(suspects.count, 0);
}

static void run(void (*attack)(size_t which)) {
    heap_init(&heap, &kernel);
    memset(slots, 0, sizeof slots);
    memset(owned, 0, sizeof owned);
    ck_assert(heap_adopt(&heap, memory, 2048 + draw(MEMORY - 2048)));
    if (draw(2))
        heap_set_random(&heap);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        find_small();
        for (size_t times = draw(4); smalls && i > 10 && times > 0; times--)
            attack(draw(smalls));
        step();
        expect_but_links();
    }
    heap_repair_links(&heap);
    ck_assert_int_eq(check_heap(&heap, CHECK_QUICK).invariant, INVARIANT_NONE);
}

static void run_all(void (*attack)(size_t which)) {
    sys_no_kernel(&kernel);
    kernel.getrandom = draw_bytes;
    for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
        state = seed << 32;
        run(attack);
    }
}

START_TEST(who_knows_the_seals_gets_nothing_twice) {
    run_all(forge);
}
END_TEST

START_TEST(who_writes_anything_gets_nothing_twice) {
    run_all(scribble);
}
END_TEST

START_TEST(who_writes_back_what_he_read_gets_nothing_twice) {
    run_all(replay);
}
END_TEST

int main(void) {
    return suite_run("attack", SUITE(who_knows_the_seals_gets_nothing_twice,
                                     who_writes_anything_gets_nothing_twice,
                                     who_writes_back_what_he_read_gets_nothing_twice));
}
