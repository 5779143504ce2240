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

struct shadow_block *shadow_next_live(struct shadow *shadow, unsigned slot) {
    for (unsigned i = 0; i < OP_SLOTS; i++) {
        struct shadow_block *block = &shadow->slot[(slot + i) % OP_SLOTS];
        if (block->address)
            return block;
    }
    return NULL;
}

void shadow_note_freed(struct shadow *shadow, const struct shadow_block *block) {
    shadow->freed[shadow->freed_count++ % SHADOW_FREED] = *block;
}

static bool shadow_has_owner(const struct shadow *shadow, const char *address) {
    for (unsigned slot = 0; slot < OP_SLOTS; slot++)
        if (shadow->slot[slot].address == address)
            return true;
    return false;
}

const struct shadow_block *shadow_next_freed(const struct shadow *shadow,
                                             unsigned number) {
    for (unsigned i = 0; i < SHADOW_FREED; i++) {
        const struct shadow_block *freed = &shadow->freed[(number + i) % SHADOW_FREED];
        if (freed->address && !shadow_has_owner(shadow, freed->address))
            return freed;
    }
    return NULL;
}

bool shadow_holds(const struct shadow_block *block, const char *address, size_t length,
                  size_t *at) {
    return pattern_holds(address, num_min(length, block->requested), block->requested,
                         block->serial, at);
}
