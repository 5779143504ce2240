#include "osmem/front/handover.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/block/canary.h"

bool handover_room(const struct os_options *options, size_t asked, size_t *room) {
    if (asked > PTRDIFF_MAX - GRANULE)
        return false;
    size_t least = options->canary ? asked + 1 : num_max(asked, 1);
    *room = num_ceil(least, GRANULE);
    return true;
}

void handover_dress(struct os_heap *heap, const struct os_options *options,
                    struct os_block *place, size_t asked) {
    if (!options->canary)
        return;
    heap_set_slack(heap, place, place->room - asked);
    heap_write_canary(heap, place);
}

enum os_status handover_inspect(const struct os_heap *heap, const struct os_block *place) {
    return heap_canary_holds(heap, place) ? OS_OK : OS_FAULT_OVERFLOW;
}

void handover_clear(const struct os_options *options, const struct os_block *place) {
    if (options->zero && place->block != NO_BLOCK)
        memset(place->address, 0, place->room);
}

void handover_clear_tail(const struct os_heap *heap, const struct os_options *options,
                         const struct os_block *place, size_t kept, size_t room) {
    size_t end = place->room;
    uintptr_t from = num_address(place->address);
    if (place->block == NO_BLOCK)
        end = num_min(end, num_ceil(from + room, heap->kernel->page) - from);
    if (options->zero && kept < end)
        memset(place->address + kept, 0, end - kept);
}

void handover_undress(const struct os_block *place, size_t usable, size_t slack) {
    if (usable < place->room)
        memset(place->address + usable, 0,
               num_min(canary_length(slack), place->room - usable));
}

size_t handover_usable(const struct os_block *place) {
    return place->room - place->slack;
}

bool handover_fits(const struct os_options *options, const struct os_block *place,
                   size_t asked) {
    size_t room;
    if (place->slack || place->room == 0)
        return asked == handover_usable(place);
    if (!handover_room(options, asked, &room))
        return false;
    return place->block == NO_BLOCK ? room <= place->room : room == place->room;
}
