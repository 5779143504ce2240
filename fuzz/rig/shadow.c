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
                num_address(block->address) + num_max(block->reserved, 1) &&
            num_address(block->address) < num_address(address) + num_max(length, 1))
            return i;
    }
    return OP_SLOTS;
}

void shadow_enter(struct shadow *shadow, unsigned slot, char *address, size_t asked,
                  size_t reserved) {
    struct shadow_block *block = &shadow->slot[slot];
    shadow->live += block->address == NULL;
    shadow->reserved += reserved - (block->address ? block->reserved : 0);
    *block = (struct shadow_block){address, asked, reserved, ++shadow->serials};
    shadow->last_size[slot] = asked;
    pattern_fill(address, asked, block->serial);
}

void shadow_leave(struct shadow *shadow, unsigned slot) {
    shadow->reserved -= shadow->slot[slot].reserved;
    shadow->slot[slot].address = NULL;
    shadow->live--;
}

bool shadow_holds(const struct shadow_block *block, const char *address, size_t length,
                  size_t *at) {
    return pattern_holds(address, num_min(length, block->asked), block->asked,
                         block->serial, at);
}
