#include "osmem/front/verify.h"

#include "osmem/base/num.h"
#include "osmem/block/fill.h"
#include "osmem/front/handover.h"

/* Nothing is written to what nobody owns. */
static bool verify_fill(struct os_front *front, const struct front_call *call,
                        const struct os_block *place, struct heap_filled filled) {
    if (fill_holds(filled.at, filled.length, filled.byte))
        return true;
    blame_fill(front, call, place, &filled);
    return false;
}

bool verify_mend(struct os_front *front, const struct front_call *call) {
    bool mended = heap_mend_links(&front->heap);
    blame_links(front, call->verb);
    return mended;
}

void verify_drain(struct os_front *front, const struct front_call *call, size_t bytes) {
    struct os_block place;
    while (quarantine_take(&front->quarantine, &front->heap, bytes, &place)) {
        verify_fill(front, call, &place,
                    heap_filled(&front->heap, &place, STATE_QUARANTINED));
        handover_clear(front->options, &place);
        heap_give(&front->heap, &place);
    }
}

bool verify_wait(struct os_front *front, const struct front_call *call,
                 const struct os_block *place) {
    size_t bytes = front->options->quarantine;
    if (bytes == 0 || place->block == NO_BLOCK ||
        !quarantine_put(&front->quarantine, &front->heap, place, bytes))
        return false;
    verify_drain(front, call, bytes);
    return true;
}

void verify_received(struct os_front *front, const struct front_call *call,
                     struct os_block *place, size_t from) {
    if (!front->options->verify || place->block == NO_BLOCK || !front->heap.clear)
        return;
    struct heap_filled filled = {place->address + from, place->room - from, FILL_CLEAR};
    if (!verify_fill(front, call, place, filled))
        fill_write(filled.at, filled.length, FILL_CLEAR);
    place->zero = from == 0;
}

void verify_around(struct os_front *front, const struct front_call *call,
                   const struct os_block *place) {
    struct heap_neighbour left, right;
    if (!front->options->neighbours)
        return;
    if (heap_right(&front->heap, place, &right) && right.state == STATE_IN_USE &&
        handover_inspect(&front->heap, &right.place) != OS_OK)
        blame_canary(front, call, &right.place);
    if (!heap_left(&front->heap, place, &left))
        return;
    if (left.state == STATE_IN_USE) {
        if (handover_inspect(&front->heap, &left.place) != OS_OK)
            blame_canary(front, call, &left.place);
        return;
    }
    if (left.state == STATE_FREE && left.place.room == GRANULE) {
        /* There is nothing but links in it. */
        if (!heap_links_hold(&front->heap, &left.place))
            verify_mend(front, call);
        return;
    }
    struct heap_filled filled = heap_filled(&front->heap, &left.place, left.state);
    size_t near = num_min(filled.length, GRANULE);
    if (!fill_holds(filled.at + filled.length - near, near, filled.byte))
        blame_fill(front, call, &left.place, &filled);
}

bool verify_still(struct os_front *front, const struct front_call *call,
                  struct os_block *place) {
    if (front->told == call->told)
        return true;
    enum os_status fault = heap_find(&front->heap, call->address, place);
    if (fault != OS_OK)
        blame_call(front, fault, call, place);
    return fault == OS_OK;
}

bool verify_held(struct os_front *front, const struct front_call *call,
                 struct os_block *place) {
    struct heap_filled lead = heap_lead(&front->heap, place);
    if (!fill_holds(lead.at, lead.length, lead.byte))
        blame_lead(front, call, place, &lead);
    if (!verify_still(front, call, place))
        return false;
    if (handover_inspect(&front->heap, place) == OS_OK)
        return true;
    blame_canary(front, call, place);
    return false;
}
