#include "osmem/front/front.h"

#include <errno.h>
#include <string.h>

#include "osmem/base/num.h"
#include "osmem/front/handover.h"

void front_init(struct os_front *front, struct os_kernel *kernel) {
    heap_init(&front->heap, kernel);
    front->options = OPTIONS_LIGHT;
}

/* ---- what went wrong ---- */

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
    if (!handover_room(&front->options, asked, &room))
        return OS_NO_MEMORY;
    enum os_fault fault = heap_take(&front->heap, room, alignment, place);
    if (fault == OS_OK)
        cache->taken++;
    return fault;
}

static bool front_find(struct os_front *front, const void *address, const char *verb,
                       struct os_place *place) {
    enum os_fault fault = heap_find(&front->heap, address, place);
    if (fault != OS_OK)
        front_fault(front, fault, verb, address, place);
    return fault == OS_OK;
}

static void front_give(struct os_front *front, struct os_cache *cache,
                       const struct os_place *place, const char *verb) {
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
        memset(place.address, 0, place.room);
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

/* Where the block cannot stay: another block, a copy, and the old one given back. */
static void *front_move(struct os_front *front, struct os_cache *cache,
                        const struct os_place *old, size_t size) {
    struct os_place place;
    enum os_fault fault = front_take(front, cache, size, GRANULE, &place);
    if (fault == OS_NO_MEMORY && size <= handover_usable(old))
        return old->address; /* it is large enough where it is */
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
    if (!handover_room(&front->options, size, &room))
        return front_refuse(front, OS_NO_MEMORY, "os_realloc");
    enum os_fault fault = heap_resize(&front->heap, &place, room);
    if (fault == OS_NO_MEMORY)
        return front_move(front, cache, &place, size);
    return fault == OS_OK ? place.address : front_refuse(front, fault, "os_realloc");
}

void front_free(struct os_front *front, struct os_cache *cache, void *address) {
    struct os_place place;
    int saved = errno;
    if (address && front_find(front, address, "os_free", &place))
        front_give(front, cache, &place, "os_free");
    errno = saved;
}

size_t front_usable_size(struct os_front *front, const void *address) {
    struct os_place place;
    if (!address)
        return 0;
    enum os_fault fault = heap_find(&front->heap, address, &place);
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
