#include "osmem/front/quarantine.h"

#include "osmem/base/num.h"
#include "osmem/block/fill.h"

enum {
    QUARANTINE_SLOT_BYTES = 32, /* a slot for so many bytes */
    QUARANTINE_SLOTS_LEAST = 16,
    QUARANTINE_SLOTS_MOST = 1 << 16,
};

static block_id *quarantine_slot(const struct os_quarantine *quarantine, size_t number) {
    block_id *slots = (block_id *)(void *)quarantine->ring.base;
    return &slots[(quarantine->first + number) % quarantine->slots];
}

bool quarantine_open(struct os_quarantine *quarantine, struct os_heap *heap,
                     size_t bytes) {
    size_t slots = num_min(num_max(bytes / QUARANTINE_SLOT_BYTES, QUARANTINE_SLOTS_LEAST),
                           QUARANTINE_SLOTS_MOST);
    size_t size = num_ceil(slots * sizeof(block_id), heap->kernel->page);
    if (!quarantine->ring.base &&
        !guarded_reserve(&quarantine->ring, heap->kernel, size, size))
        return false;
    if (!guarded_commit(&quarantine->ring, heap->kernel, size))
        return false;
    quarantine->slots = slots;
    quarantine->random = num_mix(heap->canary_key[1] + heap->key[1]);
    return true;
}

bool quarantine_put(struct os_quarantine *quarantine, struct os_heap *heap,
                    const struct os_block *place, size_t bytes) {
    if (quarantine->slots == 0 && !quarantine_open(quarantine, heap, bytes))
        return false;
    if (quarantine->count == quarantine->slots)
        return false;
    heap_hold(heap, place);
    fill_write(place->address, place->room, FILL_DEAD);
    size_t last = quarantine->count++;
    quarantine->random = num_mix(quarantine->random + 1);
    size_t other = last - quarantine->random % (last / 2 + 1);
    *quarantine_slot(quarantine, last) = *quarantine_slot(quarantine, other);
    *quarantine_slot(quarantine, other) = place->block;
    return true;
}

bool quarantine_take(struct os_quarantine *quarantine, const struct os_heap *heap,
                     size_t bytes, struct os_block *place) {
    size_t waiting = heap->counters.granules[STATE_QUARANTINED] * GRANULE;
    if (quarantine->count == 0 ||
        (waiting <= bytes && quarantine->count < quarantine->slots))
        return false;
    *place = heap_place_of(heap, *quarantine_slot(quarantine, 0));
    quarantine->first = (quarantine->first + 1) % quarantine->slots;
    quarantine->count--;
    return true;
}
