#include "osmem/front/handover.h"

#include "osmem/base/num.h"

bool handover_room(const struct os_options *options, size_t asked, size_t *room) {
    if (asked > PTRDIFF_MAX - GRANULE)
        return false;
    size_t least = options->canary ? asked + 1 : num_max(asked, 1);
    *room = num_ceil(least, GRANULE);
    return true;
}

size_t handover_usable(const struct os_place *place) {
    return place->room;
}
