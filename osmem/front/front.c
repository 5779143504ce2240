#include "osmem/front/front.h"

#include <errno.h>
#include <string.h>

#include "osmem/base/num.h"
#include "osmem/front/handover.h"
#include "osmem/front/verify.h"

void front_init(struct os_front *front, struct os_kernel *kernel) {
    heap_init(&front->heap, kernel);
    front->calls = 0;
    front->quarantine = (struct os_quarantine){.count = 0};
    front->sample = (struct os_sample){.until = 0};
    front->ledger = (struct os_ledger){.rows = 0};
    front->trail = (struct os_trail){.calls = 0};
    front->operations = front->told = 0;
    front->options = &options_of_tier[TIER_LIGHT];
}

void front_set_options(struct os_front *front, const struct os_options *options) {
    bool untouched = front->heap.spans == 0 && front->heap.large.count == 0;
    heap_is_clear(&front->heap, options->zero && (untouched || front->heap.clear));
    front->options = options;
    if (options->quarantine)
        quarantine_open(&front->quarantine, &front->heap, options->quarantine);
    if (options->random)
        heap_choose_at_random(&front->heap);
    heap_guard(&front->heap, options->guard, options->keep);
    if (options->sites)
        ledger_open(&front->ledger, front->heap.kernel, options->sites);
    if (options->trail)
        trail_open(&front->trail, front->heap.kernel, options->trail);
    front->sample.random = num_mix(front->heap.canary_key[1] ^ front->heap.key[0]);
}

/* Shortage is the caller's to know. */
static void *front_refuse(void) {
    errno = ENOMEM;
    return NULL;
}

/* ---- checks of everything ---- */

static bool front_check_all(struct os_front *front, const struct front_call *call) {
    struct check_breach breach = check_heap(&front->heap, CHECK_FULL);
    if (breach.invariant == INVARIANT_NONE)
        return true;
    if (breach.invariant != INVARIANT_H1 || !verify_mend(front, call))
        blame_breach(front, call, breach);
    return false;
}

/* A block is about to be taken or given back. */
static void front_check_sometimes(struct os_front *front, const struct front_call *call) {
    if (front->options->check_every && ++front->calls >= front->options->check_every) {
        front->calls = 0;
        front_check_all(front, call);
    }
}

bool front_check(struct os_front *front, const char *verb) {
    const struct front_call call = {.verb = verb};
    int saved = errno;
    bool sound = front_check_all(front, &call);
    errno = saved;
    return sound;
}

/* ---- what is recorded ---- */

static void front_begin(struct os_front *front, struct os_cache *cache) {
    cache->site.operation = ++front->operations;
}

/* What a call came to, for those who make it again; of a refused one nothing is left. */
static void front_note(struct os_front *front, const struct trail_call *call) {
    if (call->result || call->block)
        trail_note(&front->trail, call);
}

/* ---- one block out, one block back ---- */

/* A block that deserves it, on pages of its own; false: let it be one like the others. */
static bool front_take_alone(struct os_front *front, size_t asked, size_t room,
                             size_t alignment, struct os_block *place) {
    bool sampled = sample_is_due(&front->sample, front->options->sample);
    if (asked == 0 && front->options->guard)
        room = 0;
    else if (!sampled)
        return false;
    return heap_take_alone(&front->heap, room, alignment, place) == OS_OK;
}

/* Before a request is refused: what waits, verified, and what is only kept. */
static bool front_give_up(struct os_front *front, const struct front_call *call) {
    bool any = front->quarantine.count > 0;
    verify_drain(front, call, 0);
    return heap_give_up(&front->heap) || any;
}

/* One like the others; before it is refused, everything is given up that can be. */
static bool front_take_room(struct os_front *front, const struct front_call *call,
                            size_t room, size_t alignment, struct os_block *place) {
    enum os_status fault = heap_take(&front->heap, room, alignment, place);
    if (fault != OS_OK && front_give_up(front, call))
        fault = heap_take(&front->heap, room, alignment, place);
    return fault == OS_OK;
}

static bool front_take(struct os_front *front, struct os_cache *cache,
                       const struct front_call *call, size_t asked, size_t alignment,
                       struct os_block *place) {
    size_t room;
    front_check_sometimes(front, call);
    if (!handover_room(front->options, asked, &room))
        return false;
    if (!front_take_alone(front, asked, room, alignment, place) &&
        !front_take_room(front, call, room, alignment, place))
        return false;
    verify_received(front, call, place, 0);
    handover_dress(&front->heap, front->options, place, asked);
    ledger_take(&front->ledger, place->address, asked, &cache->site);
    cache->taken++;
    return true;
}

/* The block in use at an address; false where there is none, or its canary does not hold. */
static bool front_find(struct os_front *front, const struct front_call *call,
                       struct os_block *place) {
    enum os_status fault = heap_find(&front->heap, call->address, place);
    if (fault != OS_OK) {
        blame_call(front, fault, call, place);
        return false;
    }
    return verify_held(front, call, place);
}

static void front_let_go(struct os_front *front, struct os_cache *cache,
                         const struct front_call *call, const struct os_block *place) {
    ledger_give(&front->ledger, place->address, &cache->site);
    cache->given++;
    if (verify_wait(front, call, place))
        return;
    handover_clear(front->options, place);
    heap_give(&front->heap, place);
}

static void front_give(struct os_front *front, struct os_cache *cache,
                       const struct front_call *call, struct os_block *place) {
    front_check_sometimes(front, call);
    verify_around(front, call, place);
    if (verify_still(front, call, place))
        front_let_go(front, cache, call, place);
}

/* ---- the C functions ---- */

void *front_malloc(struct os_front *front, struct os_cache *cache, size_t size) {
    static const struct front_call call = {.verb = "os_malloc"};
    struct os_block place;
    front_begin(front, cache);
    bool taken = front_take(front, cache, &call, size, GRANULE, &place);
    blame_links(front, call.verb);
    if (!taken)
        return front_refuse();
    front_note(front, &(struct trail_call){
                          .verb = call.verb, .result = place.address, .size = size});
    return place.address;
}

void *front_calloc(struct os_front *front, struct os_cache *cache, size_t count,
                   size_t size) {
    static const struct front_call call = {.verb = "os_calloc"};
    struct os_block place;
    size_t total;
    if (!num_mul(count, size, &total))
        return front_refuse();
    front_begin(front, cache);
    bool taken = front_take(front, cache, &call, total, GRANULE, &place);
    blame_links(front, call.verb);
    if (!taken)
        return front_refuse();
    if (!place.zero)
        memset(place.address, 0, total);
    front_note(front, &(struct trail_call){.verb = call.verb,
                                           .result = place.address,
                                           .count = count,
                                           .size = size});
    return place.address;
}

void *front_aligned_alloc(struct os_front *front, struct os_cache *cache,
                          size_t alignment, size_t size) {
    static const struct front_call call = {.verb = "os_aligned_alloc"};
    if (!num_is_pow2(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    struct os_block place;
    front_begin(front, cache);
    bool taken =
        front_take(front, cache, &call, size, num_max(alignment, GRANULE), &place);
    blame_links(front, call.verb);
    if (!taken)
        return front_refuse();
    front_note(front, &(struct trail_call){.verb = call.verb,
                                           .result = place.address,
                                           .size = size,
                                           .alignment = alignment});
    return place.address;
}

/* The block has its new room; `usable` and `slack` are those of before. */
static void *front_stay(struct os_front *front, struct os_block *place, size_t usable,
                        size_t slack, size_t size) {
    handover_undress(place, usable, slack);
    handover_dress(&front->heap, front->options, place, size);
    return place->address;
}

/* Where the block cannot stay: another block, a copy, and the old one given back. */
static void *front_move(struct os_front *front, struct os_cache *cache,
                        const struct front_call *call, struct os_block *old,
                        size_t size) {
    struct os_block place;
    bool taken = front_take(front, cache, call, size, GRANULE, &place);
    if (!verify_still(front, call, old)) {
        if (taken)
            front_let_go(front, cache, call, &place);
        return NULL;
    }
    if (!taken) {
        size_t usable = handover_usable(old), slack = old->slack;
        if (size > usable)
            return front_refuse();
        /* It is large enough where it is. */
        handover_clear_tail(&front->heap, front->options, old, size, old->room);
        ledger_take(&front->ledger, old->address, size, &cache->site);
        return front_stay(front, old, usable, slack, size);
    }
    memcpy(place.address, old->address, num_min(handover_usable(old), size));
    front_give(front, cache, call, old);
    return place.address;
}

static void *front_resize(struct os_front *front, struct os_cache *cache,
                          const struct front_call *call, struct os_block *place,
                          size_t size) {
    size_t room;
    if (!handover_room(front->options, size, &room))
        return front_refuse();
    size_t usable = handover_usable(place), slack = place->slack, had = place->room;
    bool stays = heap_is_large(&front->heap, room) == (place->block == NO_BLOCK);
    if (stays && size < usable)
        handover_clear_tail(&front->heap, front->options, place, size, room);
    enum os_status fault = heap_resize(&front->heap, place, room);
    if (fault != OS_OK) {
        if (stays && size < usable)
            heap_write_canary(&front->heap, place); /* which was cleared with the tail */
        return front_move(front, cache, call, place, size);
    }
    if (place->room > had)
        verify_received(front, call, place, had);
    if (place->address == call->address && !verify_still(front, call, place))
        return NULL;
    ledger_take(&front->ledger, place->address, size, &cache->site);
    return front_stay(front, place, usable, slack, size);
}

void *front_realloc(struct os_front *front, struct os_cache *cache, void *address,
                    size_t size) {
    const struct front_call call = {"os_realloc", address, front->told};
    struct os_block place;
    void *resized = NULL;
    if (!address)
        return front_malloc(front, cache, size);
    front_begin(front, cache);
    if (!front_find(front, &call, &place))
        return NULL;
    if (size == 0) {
        int saved = errno; /* NULL with ENOMEM would mean that the block is still there */
        front_give(front, cache, &call, &place);
        errno = saved;
    } else {
        resized = front_resize(front, cache, &call, &place, size);
    }
    blame_links(front, call.verb);
    if (size && !resized)
        return NULL;
    front_note(front,
               &(struct trail_call){
                   .verb = call.verb, .block = address, .result = resized, .size = size});
    return resized;
}

void front_free(struct os_front *front, struct os_cache *cache, void *address) {
    const struct front_call call = {"os_free", address, front->told};
    struct os_block place;
    int saved = errno;
    front_begin(front, cache);
    if (address && front_find(front, &call, &place)) {
        front_note(front, &(struct trail_call){.verb = call.verb, .block = address});
        front_give(front, cache, &call, &place);
    }
    blame_links(front, call.verb);
    errno = saved;
}

void front_free_sized(struct os_front *front, struct os_cache *cache, void *address,
                      size_t alignment, size_t size) {
    const struct front_call call = {"os_free_sized", address, front->told};
    struct os_block place;
    int saved = errno;
    front_begin(front, cache);
    if (address && front_find(front, &call, &place)) {
        front_note(front, &(struct trail_call){.verb = "os_free", .block = address});
        if (num_is_pow2(alignment) && num_address(address) % alignment == 0 &&
            handover_fits(front->options, &place, size))
            front_give(front, cache, &call, &place);
        else
            blame_size(front, &call, &place, size);
    }
    blame_links(front, call.verb);
    errno = saved;
}

size_t front_usable_size(struct os_front *front, const void *address) {
    const struct front_call call = {"os_usable_size", address, front->told};
    struct os_block place;
    if (!address)
        return 0;
    enum os_status fault = heap_find(&front->heap, address, &place);
    if (fault == OS_OK)
        return verify_held(front, &call, &place) ? handover_usable(&place) : 0;
    blame_call(front, fault == OS_FAULT_DOUBLE_FREE ? OS_FAULT_USE_AFTER_FREE : fault,
               &call, &place);
    return 0;
}

void front_trim(struct os_front *front) {
    static const struct front_call call = {.verb = "os_trim"};
    int saved = errno;
    verify_drain(front, &call, 0);
    heap_trim(&front->heap);
    blame_links(front, call.verb);
    errno = saved;
}
