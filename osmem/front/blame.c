#include "osmem/front/blame.h"

#include "osmem/base/num.h"
#include "osmem/front/handover.h"
#include "osmem/heap/beside.h"

static struct os_fault_neighbour blame_neighbour(bool there,
                                                 const struct heap_neighbour *neighbour) {
    static const char *const names[] = {
        [STATE_NOT_OURS] = "not the heap's",
        [STATE_IN_USE] = "in use",
        [STATE_BUSY] = "in use",
        [STATE_CACHED] = "free",
        [STATE_QUARANTINED] = "free, in quarantine",
        [STATE_FREE] = "free",
    };
    if (!there)
        return (struct os_fault_neighbour){.state = NULL};
    return (struct os_fault_neighbour){.address = neighbour->place.address,
                                       .room = neighbour->place.room,
                                       .state = names[neighbour->state]};
}

/* With what is recorded of the block. */
static void blame_add_sites(const struct os_front *front, struct os_finding *info) {
    const struct ledger_row *row = ledger_find(&front->ledger, info->block);
    info->operation = front->ledger.rows ? front->operations : 0;
    info->taken = row ? &row->taken : NULL;
    info->freed = row && row->freed.operation ? &row->freed : NULL;
}

static void blame_tell_one(struct os_front *front, const struct os_finding *info) {
    struct os_finding full = *info;
    blame_add_sites(front, &full);
    front->told++;
    front->on_fault(front, &full);
}

void blame_links(struct os_front *front, const char *verb) {
    struct suspects suspects;
    if (!heap_suspects(&front->heap, &suspects))
        return;
    for (size_t i = 0; i < suspects.count; i++) {
        const struct heap_suspect *suspect = &suspects.block[i];
        blame_tell_one(front, &(struct os_finding){
                                  .kind = OS_FAULT_FREE_LINK,
                                  .verb = verb,
                                  .address = suspect->address,
                                  .block = suspect->address,
                                  .room = suspect->room,
                                  .links = suspect->found,
                                  .more = i + 1 == suspects.count ? suspects.more : 0});
    }
}

/* What was found before is told first: a handler's own calls are not to tell it. */
static void blame_tell(struct os_front *front, const struct os_finding *info) {
    blame_links(front, info->verb);
    blame_tell_one(front, info);
}

bool blame_fence(const struct os_front *front, const char *address,
                 struct os_finding *info) {
    static const enum os_status kinds[] = {[BESIDE_IN_FRONT] = OS_FAULT_FENCE_FRONT,
                                          [BESIDE_BEHIND] = OS_FAULT_FENCE_BEHIND,
                                          [BESIDE_FREED] = OS_FAULT_FENCE_FREED};
    struct os_block place;
    enum beside side = beside_block(&front->heap, address, &place);
    if (side == BESIDE_NONE)
        return false;
    info->kind = kinds[side];
    info->address = address;
    info->room = place.room;
    info->asked = handover_usable(&place);
    if (side != BESIDE_FREED ||
        num_address(address) - num_address(place.address) < place.room)
        info->block = place.address;
    info->first = num_address(address) - num_address(place.address);
    if (side == BESIDE_IN_FRONT)
        info->first = num_address(place.address) - num_address(address);
    if (side == BESIDE_BEHIND)
        info->first -= info->asked;
    blame_add_sites(front, info);
    return true;
}

void blame_call(struct os_front *front, enum os_status kind, const struct front_call *call,
                const struct os_block *place) {
    struct os_finding info = {
        .kind = kind, .verb = call->verb, .address = call->address};
    if (place) {
        info.block = place->address;
        info.room = place->room;
    }
    blame_tell(front, &info);
}

void blame_size(struct os_front *front, const struct front_call *call,
                const struct os_block *place, size_t given) {
    blame_tell(front, &(struct os_finding){.kind = OS_FAULT_SIZE_MISMATCH,
                                              .verb = call->verb,
                                              .address = call->address,
                                              .block = place->address,
                                              .room = place->room,
                                              .given = given});
}

/* `watched` bytes that end with a block are damaged: whether from behind. */
static bool blame_is_underflow(const struct fill_damage *damage, size_t watched,
                               bool has_right, const struct heap_neighbour *right) {
    return has_right && right->state == STATE_IN_USE && damage->first > 0 &&
           damage->last == watched - 1 && damage->first + GRANULE >= watched;
}

/* The damage is in the last `watched` bytes of a block's room. */
static void blame_damage(struct os_front *front, enum os_status kind,
                         const struct front_call *call, const struct os_block *place,
                         const struct fill_damage *damage, size_t watched) {
    struct heap_neighbour left, right;
    bool has_left = heap_left(&front->heap, place, &left);
    bool has_right = heap_right(&front->heap, place, &right);
    struct os_finding info = {.kind = kind,
                                 .verb = call->verb,
                                 .address = call->address,
                                 .block = place->address,
                                 .room = place->room,
                                 .asked = handover_usable(place),
                                 .changed = damage->changed,
                                 .first = damage->first,
                                 .expected = damage->expected,
                                 .found = damage->found};
    if (kind == OS_FAULT_WRITE_AFTER_FREE)
        info.first += place->room - watched;
    else if (has_right && right.state == STATE_IN_USE && damage->first == 0 &&
             damage->last == watched - 1)
        info.instead = right.place.address;
    info.left = blame_neighbour(has_left, &left);
    info.right = blame_neighbour(has_right, &right);
    if (blame_is_underflow(damage, watched, has_right, &right)) {
        struct heap_neighbour self = {.place = *place,
                                      .state = kind == OS_FAULT_OVERFLOW ? STATE_IN_USE
                                                                         : STATE_FREE};
        info.kind = OS_FAULT_UNDERFLOW;
        info.block = right.place.address;
        info.room = right.place.room;
        info.asked = handover_usable(&right.place);
        info.first = watched - damage->first;
        info.left = blame_neighbour(true, &self);
        has_right = heap_right(&front->heap, &right.place, &right);
        info.right = blame_neighbour(has_right, &right);
    }
    blame_tell(front, &info);
}

void blame_canary(struct os_front *front, const struct front_call *call,
                  const struct os_block *place) {
    struct fill_damage damage = heap_canary_damage(&front->heap, place);
    blame_damage(front, OS_FAULT_OVERFLOW, call, place, &damage, place->slack);
}

void blame_fill(struct os_front *front, const struct front_call *call,
                const struct os_block *place, const struct heap_filled *filled) {
    struct fill_damage damage = fill_damage(filled->at, filled->length, filled->byte);
    blame_damage(front, OS_FAULT_WRITE_AFTER_FREE, call, place, &damage, filled->length);
}

void blame_lead(struct os_front *front, const struct front_call *call,
                const struct os_block *place, const struct heap_filled *lead) {
    struct fill_damage damage = fill_damage(lead->at, lead->length, lead->byte);
    blame_tell(front,
               &(struct os_finding){.kind = OS_FAULT_UNDERFLOW,
                                       .verb = call->verb,
                                       .address = call->address,
                                       .block = place->address,
                                       .room = place->room,
                                       .asked = handover_usable(place),
                                       .changed = damage.changed,
                                       .first = lead->length - damage.first,
                                       .expected = damage.expected,
                                       .found = damage.found,
                                       .left = {lead->at, lead->length, "nobody's"}});
}

void blame_breach(struct os_front *front, const struct front_call *call,
                  struct check_breach breach) {
    struct os_block place;
    struct heap_filled filled;
    heap_find(&front->heap, breach.where, &place);
    switch (breach.invariant) {
    case INVARIANT_F1:
        blame_canary(front, call, &place);
        return;
    case INVARIANT_L2:
        filled = heap_lead(&front->heap, &place);
        blame_lead(front, call, &place, &filled);
        return;
    case INVARIANT_Q1:
        filled = heap_filled(&front->heap, &place, STATE_QUARANTINED);
        blame_fill(front, call, &place, &filled);
        return;
    case INVARIANT_Z1:
    case INVARIANT_Z2:
        filled = heap_filled(&front->heap, &place, STATE_FREE);
        blame_fill(front, call, &place, &filled);
        return;
    default:
        blame_tell(front,
                   &(struct os_finding){.kind = OS_FAULT_EXPECTATION,
                                           .verb = call->verb,
                                           .address = breach.where,
                                           .detail = check_rule(breach.invariant)});
    }
}
