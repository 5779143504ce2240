#include "osmem/front/front.h"

#include <errno.h>
#include <string.h>

#include "osmem/base/num.h"
#include "osmem/front/handover.h"

void front_init(struct os_front *front, struct os_kernel *kernel) {
    heap_init(&front->heap, kernel);
    front->options = &options_of_tier[TIER_LIGHT];
}

void front_set_options(struct os_front *front, const struct os_options *options) {
    front->options = options;
    if (options->random)
        heap_choose_at_random(&front->heap);
}

/* ---- what went wrong ---- */

static struct os_fault_neighbour front_neighbour(bool there,
                                                 const struct heap_neighbour *neighbour) {
    static const char *const names[] = {
        [STATE_NOT_OURS] = "not the heap's",
        [STATE_IN_USE] = "in use",
        [STATE_BUSY] = "in use",
        [STATE_CACHED] = "free",
        [STATE_QUARANTINED] = "free",
        [STATE_FREE] = "free",
    };
    if (!there)
        return (struct os_fault_neighbour){.state = NULL};
    return (struct os_fault_neighbour){.address = neighbour->place.address,
                                       .room = neighbour->place.room,
                                       .state = names[neighbour->state]};
}

static void front_tell_overflow(const struct os_front *front,
                                const struct os_place *place,
                                struct os_fault_info *info) {
    struct heap_damage damage = heap_canary_damage(&front->heap, place);
    struct heap_neighbour neighbour;
    info->asked = handover_usable(place);
    info->changed = damage.changed;
    info->first = damage.first;
    info->expected = damage.expected;
    info->found = damage.found;
    info->left = front_neighbour(heap_left(&front->heap, place, &neighbour), &neighbour);
    info->right =
        front_neighbour(heap_right(&front->heap, place, &neighbour), &neighbour);
}

static void front_fault(struct os_front *front, enum os_fault kind, const char *verb,
                        const void *address, const struct os_place *place) {
    struct os_fault_info info = {.kind = kind, .verb = verb, .address = address};
    struct os_place suspect;
    if (kind == OS_FAULT_FREE_LINK) {
        suspect = heap_suspect(&front->heap);
        place = &suspect;
        info.address = suspect.address;
    }
    if (place) {
        info.block = place->address;
        info.room = place->room;
    }
    if (kind == OS_FAULT_OVERFLOW)
        front_tell_overflow(front, place, &info);
    front->on_fault(front, &info);
}

/* Shortage is the caller's to know, everything else is a fault. */
static void *front_refuse(struct os_front *front, enum os_fault fault, const char *verb) {
    if (fault != OS_NO_MEMORY)
        front_fault(front, fault, verb, NULL, NULL);
    errno = ENOMEM;
    return NULL;
}

/* ---- one block out, one block back ---- */

static enum os_fault front_take(struct os_front *front, struct os_cache *cache,
                                size_t asked, size_t alignment, struct os_place *place) {
    size_t room;
    if (!handover_room(front->options, asked, &room))
        return OS_NO_MEMORY;
    enum os_fault fault = heap_take(&front->heap, room, alignment, place);
    if (fault == OS_OK) {
        handover_dress(&front->heap, front->options, place, asked);
        cache->taken++;
    }
    return fault;
}

static bool front_find(struct os_front *front, const void *address, const char *verb,
                       struct os_place *place) {
    enum os_fault fault = heap_find(&front->heap, address, place);
    if (fault == OS_OK)
        fault = handover_inspect(&front->heap, place);
    if (fault != OS_OK)
        front_fault(front, fault, verb, address, place);
    return fault == OS_OK;
}

static void front_give(struct os_front *front, struct os_cache *cache,
                       const struct os_place *place, const char *verb) {
    handover_clear(front->options, place);
    enum os_fault fault = heap_give(&front->heap, place);
    if (fault != OS_OK)
        front_fault(front, fault, verb, place->address, NULL);
    cache->given++;
}

/* ---- the C functions ---- */

void *front_malloc(struct os_front *front, struct os_cache *cache, size_t size) {
    struct os_place place;
    enum os_fault fault = front_take(front, cache, size, GRANULE, &place);
    return fault == OS_OK ? place.address : front_refuse(front, fault, "os_malloc");
}

void *front_calloc(struct os_front *front, struct os_cache *cache, size_t count,
                   size_t size) {
    struct os_place place;
    size_t total;
    if (!num_mul(count, size, &total))
        return front_refuse(front, OS_NO_MEMORY, "os_calloc");
    enum os_fault fault = front_take(front, cache, total, GRANULE, &place);
    if (fault != OS_OK)
        return front_refuse(front, fault, "os_calloc");
    if (!place.zero)
        memset(place.address, 0, total);
    return place.address;
}

void *front_aligned_alloc(struct os_front *front, struct os_cache *cache,
                          size_t alignment, size_t size) {
    if (!num_is_pow2(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    struct os_place place;
    enum os_fault fault =
        front_take(front, cache, size, num_max(alignment, GRANULE), &place);
    return fault == OS_OK ? place.address
                          : front_refuse(front, fault, "os_aligned_alloc");
}

/* The block has its new room; `usable` and `slack` are those of before. */
static void *front_stay(struct os_front *front, struct os_place *place, size_t usable,
                        size_t slack, size_t size) {
    handover_undress(place, usable, slack);
    handover_dress(&front->heap, front->options, place, size);
    return place->address;
}

/* Where the block cannot stay: another block, a copy, and the old one given back. */
static void *front_move(struct os_front *front, struct os_cache *cache,
                        struct os_place *old, size_t size) {
    struct os_place place;
    enum os_fault fault = front_take(front, cache, size, GRANULE, &place);
    if (fault == OS_NO_MEMORY && size <= handover_usable(old)) {
        /* It is large enough where it is. */
        size_t usable = handover_usable(old), slack = old->slack;
        handover_clear_tail(&front->heap, front->options, old, size, old->room);
        return front_stay(front, old, usable, slack, size);
    }
    if (fault != OS_OK)
        return front_refuse(front, fault, "os_realloc");
    memcpy(place.address, old->address, num_min(handover_usable(old), size));
    front_give(front, cache, old, "os_realloc");
    return place.address;
}

void *front_realloc(struct os_front *front, struct os_cache *cache, void *address,
                    size_t size) {
    if (!address)
        return front_malloc(front, cache, size);
    struct os_place place;
    if (!front_find(front, address, "os_realloc", &place))
        return NULL;
    if (size == 0) {
        int saved = errno; /* NULL with ENOMEM would mean that the block is still there */
        front_give(front, cache, &place, "os_realloc");
        errno = saved;
        return NULL;
    }
    size_t room;
    if (!handover_room(front->options, size, &room))
        return front_refuse(front, OS_NO_MEMORY, "os_realloc");
    size_t usable = handover_usable(&place), slack = place.slack;
    bool stays = heap_is_large(&front->heap, room) == (place.block == NO_BLOCK);
    if (stays && size < usable)
        handover_clear_tail(&front->heap, front->options, &place, size, room);
    enum os_fault fault = heap_resize(&front->heap, &place, room);
    if (fault == OS_NO_MEMORY)
        return front_move(front, cache, &place, size);
    if (fault != OS_OK)
        return front_refuse(front, fault, "os_realloc");
    return front_stay(front, &place, usable, slack, size);
}

void front_free(struct os_front *front, struct os_cache *cache, void *address) {
    struct os_place place;
    int saved = errno;
    if (address && front_find(front, address, "os_free", &place))
        front_give(front, cache, &place, "os_free");
    errno = saved;
}

void front_free_sized(struct os_front *front, struct os_cache *cache, void *address,
                      size_t alignment, size_t size) {
    static const char verb[] = "os_free_sized";
    struct os_place place;
    int saved = errno;
    if (address && front_find(front, address, verb, &place)) {
        if (num_is_pow2(alignment) && num_address(address) % alignment == 0 &&
            handover_fits(front->options, &place, size))
            front_give(front, cache, &place, verb);
        else
            front->on_fault(front, &(struct os_fault_info){.kind = OS_FAULT_SIZE_MISMATCH,
                                                           .verb = verb,
                                                           .address = address,
                                                           .block = place.address,
                                                           .room = place.room,
                                                           .given = size});
    }
    errno = saved;
}

size_t front_usable_size(struct os_front *front, const void *address) {
    struct os_place place;
    if (!address)
        return 0;
    enum os_fault fault = heap_find(&front->heap, address, &place);
    if (fault == OS_OK)
        fault = handover_inspect(&front->heap, &place);
    if (fault == OS_OK)
        return handover_usable(&place);
    if (fault == OS_FAULT_DOUBLE_FREE)
        fault = OS_FAULT_USE_AFTER_FREE;
    front_fault(front, fault, "os_usable_size", address, &place);
    return 0;
}

void front_trim(struct os_front *front) {
    int saved = errno;
    enum os_fault fault = heap_trim(&front->heap);
    if (fault != OS_OK)
        front_fault(front, fault, "os_trim", NULL, NULL);
    errno = saved;
}
