#include "osmem/heap/beside.h"

#include "osmem/base/num.h"
#include "osmem/heap/carve.h"
#include "osmem/heap/policy.h"
#include "osmem/heap/registry.h"

/* Behind a span's last block. */
static enum beside beside_span(const struct os_heap *heap, const void *address,
                               struct os_block *place) {
    for (unsigned i = 0; i < heap->spans; i++) {
        const struct os_span *span = &heap->span[i];
        uintptr_t end = num_address(span->base) + span->granules * GRANULE;
        size_t beside = POLICY_BESIDE;
        if (span->reservation)
            beside = num_address(span->base) + span->reservation - end;
        if (span->granules == 0 || num_address(address) - end >= beside)
            continue;
        size_t last = span->granules - 1;
        block_id block =
            block_name(i, last - tags_distance_to_first(span->tags + last, last));
        *place = heap_place_of(heap, block);
        return carve_extent(heap, block).state == STATE_IN_USE ? BESIDE_BEHIND
                                                               : BESIDE_FREED;
    }
    return BESIDE_NONE;
}

enum beside beside_block(const struct os_heap *heap, const void *address,
                         struct os_block *place) {
    const struct large_entry *entry = registry_find(heap, address);
    *place = (struct os_block){.block = NO_BLOCK};
    if (!entry)
        return registry_was_freed(heap, address) ? BESIDE_FREED
                                                 : beside_span(heap, address, place);
    place->address = entry->address;
    place->room = entry->room;
    place->slack = entry->slack;
    if (!entry->live)
        return BESIDE_FREED;
    size_t offset = num_address(address) - num_address(entry->address);
    if (num_address(address) < num_address(entry->address))
        return BESIDE_IN_FRONT;
    return offset >= entry->room - entry->slack ? BESIDE_BEHIND : BESIDE_NONE;
}
