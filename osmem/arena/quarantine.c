#include "osmem/arena/quarantine.h"

#include "osmem/arena/carve.h"
#include "osmem/arena/state.h"
#include "osmem/base/num.h"
#include "osmem/platform/expect.h"

enum {
    QUARANTINE_SLOT_BYTES = 32, /* a slot for so many bytes */
    QUARANTINE_SLOTS_LEAST = 16,
    QUARANTINE_SLOTS_MOST = 1 << 16,
};

static block_id *quarantine_slot(const struct quarantine *quarantine, size_t number) {
    EXPECT(number < quarantine->slots);
    block_id *slots = (block_id *)(void *)quarantine->ring.base;
    return &slots[(quarantine->first + number) % quarantine->slots];
}

bool quarantine_open(struct os_arena *arena, size_t bytes) {
    struct quarantine *quarantine = &arena->quarantine;
    struct os_kernel *kernel = arena->space->kernel;
    size_t slots = num_min(num_max(bytes / QUARANTINE_SLOT_BYTES, QUARANTINE_SLOTS_LEAST),
                           QUARANTINE_SLOTS_MOST);
    size_t size = num_ceil(slots * sizeof(block_id), kernel->page);
    EXPECT(quarantine->count == 0);
    if (!quarantine->ring.base && !guarded_reserve(&quarantine->ring, kernel, size, size))
        return false;
    if (!guarded_commit(&quarantine->ring, kernel, size))
        return false;
    quarantine->slots = slots;
    quarantine->random = num_mix(arena->canary_key[1] + arena->key[1]);
    return true;
}

bool quarantine_put(struct os_arena *arena, block_id id, size_t bytes) {
    struct quarantine *quarantine = &arena->quarantine;
    if (quarantine->slots == 0 && !quarantine_open(arena, bytes))
        return false;
    EXPECT(quarantine->count <= quarantine->slots);
    if (quarantine->count == quarantine->slots)
        return false;
    quarantine->granules += carve_quarantine(arena, id);
    size_t last = quarantine->count++;
    quarantine->random = num_mix(quarantine->random + 1);
    size_t other = last - quarantine->random % (last / 2 + 1);
    *quarantine_slot(quarantine, last) = *quarantine_slot(quarantine, other);
    *quarantine_slot(quarantine, other) = id;
    return true;
}

block_id quarantine_take(struct os_arena *arena, size_t bytes, size_t *granules) {
    struct quarantine *quarantine = &arena->quarantine;
    if (quarantine->count == 0 || (quarantine->granules * GRANULE <= bytes &&
                                   quarantine->count < quarantine->slots))
        return NO_BLOCK;
    block_id id = *quarantine_slot(quarantine, 0);
    struct tags_extent extent = carve_extent(arena, id);
    EXPECT(extent.state == STATE_QUARANTINED && extent.granules <= quarantine->granules);
    quarantine->first = (quarantine->first + 1) % quarantine->slots;
    quarantine->count--;
    quarantine->granules -= extent.granules;
    *granules = extent.granules;
    carve_take_quarantined(arena, id, extent.granules);
    return id;
}
