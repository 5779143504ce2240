#include "fuzz/rig/shadow.h"

#include "fuzz/rig/pattern.h"
#include "osmem/base/num.h"

void shadow_init(struct shadow *shadow) {
    *shadow = (struct shadow){.live = 0};
}

unsigned shadow_overlap(const struct shadow *shadow, unsigned except, const char *address,
                        size_t length) {
    for (unsigned i = 0; i < OP_SLOTS; i++) {
        const struct shadow_block *block = &shadow->slot[i];
        if (i != except && block->address &&
            num_address(address) <
                num_address(block->address) + num_max(block->usable, 1) &&
            num_address(block->address) < num_address(address) + num_max(length, 1))
            return i;
    }
    return OP_SLOTS;
}

void shadow_enter(struct shadow *shadow, unsigned slot, char *address, size_t requested,
                  size_t usable) {
    struct shadow_block *block = &shadow->slot[slot];
    shadow->live += block->address == NULL;
    shadow->usable += usable - (block->address ? block->usable : 0);
    *block = (struct shadow_block){address, requested, usable, ++shadow->serials};
    shadow->last_size[slot] = requested;
    pattern_fill(address, requested, block->serial);
}

void shadow_leave(struct shadow *shadow, unsigned slot) {
    shadow->usable -= shadow->slot[slot].usable;
    shadow->slot[slot].address = NULL;
    shadow->live--;
}

bool shadow_holds(const struct shadow_block *block, const char *address, size_t length,
                  size_t *at) {
    return pattern_holds(address, num_min(length, block->requested), block->requested,
                         block->serial, at);
}
