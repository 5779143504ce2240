#include "osmem/arena/grow.h"

#include "osmem/arena/carve.h"
#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"
#include "osmem/space/span.h"

/* The granules of the free block that ends a span; 0: its last granule is not free. */
static size_t grow_top(const struct os_arena *arena, unsigned number) {
    const struct os_span *span = &arena->space->span[number];
    EXPECT(number < SPANS_MAX);
    return span_granules(span) ? tags_left_free(span->tags + span_granules(span)) : 0;
}

/* How many bytes the span's end lacks for a free block of `granules` there. */
static size_t grow_missing(const struct os_arena *arena, unsigned number,
                           size_t granules) {
    size_t have = grow_top(arena, number);
    EXPECT(granules > 0);
    return have >= granules ? 0 : (granules - have) * GRANULE;
}

/* What a span gained gets tags. */
static void grow_cover(struct os_arena *arena, const struct span_gain *gain) {
    block_id from = block_id_of(gain->span, gain->from);
    EXPECT(gain->granules > 0 || gain->not_ours == 0);
    if (gain->not_ours)
        carve_add_not_ours(arena, from, gain->not_ours);
    if (gain->granules)
        carve_add(arena, block_right(from, gain->not_ours), gain->granules, gain->zero);
}

static enum os_status grow_break(struct os_arena *arena, size_t granules) {
    struct os_space *space = arena->space;
    /* Another user's sbrk can make a round useless; one that does so each time is not waited for. */
    for (int round = 0; round < 4; round++) {
        unsigned number = span_open_break(space);
        if (number == SPANS_MAX)
            return OS_NO_MEMORY;
        size_t missing = grow_missing(arena, number, granules);
        if (missing == 0)
            return OS_OK;
        if (!span_break_reaches(space, missing))
            continue;
        struct span_gain gain;
        enum os_status status = span_extend_break(space, missing, &gain);
        if (status == OS_OK)
            grow_cover(arena, &gain);
        else if (space->break_span == number)
            return status;
    }
    return OS_NO_MEMORY;
}

static enum os_status grow_mapped(struct os_arena *arena, unsigned number,
                                  size_t granules) {
    size_t missing = grow_missing(arena, number, granules);
    struct span_gain gain;
    if (missing == 0)
        return OS_OK;
    enum os_status status = span_extend_mapped(arena->space, number, missing, &gain);
    if (status == OS_OK)
        grow_cover(arena, &gain);
    EXPECT(status != OS_OK || grow_missing(arena, number, granules) == 0);
    return status;
}

enum os_status grow_at(struct os_arena *arena, unsigned span, size_t granules) {
    struct os_space *space = arena->space;
    EXPECT(span < space_spans(space));
    if (space->span[span].reservation)
        return grow_mapped(arena, span, granules);
    if (!span_break_continues(space, span, granules * GRANULE))
        return OS_NO_MEMORY;
    return grow_break(arena, granules);
}

enum os_status grow(struct os_arena *arena, size_t granules) {
    struct os_space *space = arena->space;
    EXPECT(granules > 0);
    enum os_status status = grow_break(arena, granules);
    for (unsigned i = 0; i < space_spans(space) && status == OS_NO_MEMORY; i++)
        if (space->span[i].reservation)
            status = grow_mapped(arena, i, granules);
    if (status != OS_NO_MEMORY)
        return status;
    unsigned opened = span_open_mapped(space, granules);
    return opened == SPANS_MAX ? OS_NO_MEMORY : grow_mapped(arena, opened, granules);
}

enum os_status grow_adopt(struct os_arena *arena, char *memory, size_t size) {
    struct span_gain gain;
    enum os_status status = span_adopt(arena->space, memory, size, &gain);
    EXPECT(status == OS_OK || space_spans(arena->space) == 0);
    if (status == OS_OK)
        grow_cover(arena, &gain);
    return status;
}

/* ---- giving back ---- */

bool grow_top_is_large(const struct os_arena *arena) {
    unsigned number = arena->space->break_span;
    EXPECT(number <= SPANS_MAX);
    return arena->counters.granules[STATE_FREE] * GRANULE >= POLICY_TRIM_AT &&
           number != SPANS_MAX && grow_top(arena, number) * GRANULE >= POLICY_TRIM_AT;
}

void grow_trim(struct os_arena *arena, size_t keep) {
    struct os_space *space = arena->space;
    unsigned number = space->break_span;
    if (number == SPANS_MAX || grow_top(arena, number) == 0)
        return;
    size_t granules = grow_top(arena, number);
    block_id top = block_id_of(number, span_granules(&space->span[number]) - granules);
    /* The span goes on ending with a granule of ours: below may be another user's. */
    size_t bytes =
        span_retractable(space, block_address(space, top) + num_max(keep, GRANULE));
    if (bytes == 0)
        return;
    char *end = space->span[number].break_end - bytes;
    size_t kept = (size_t)(end - block_address(space, top)) / GRANULE;
    if (kept >= granules)
        return;
    /* The tags first: a small block's links would stand in what is given away. */
    bool zero = carve_extent(arena, top).zero;
    carve_cover_less(arena, top, kept);
    if (!span_retract(space, granules - kept, bytes))
        carve_add(arena, block_right(top, kept), granules - kept, zero);
    EXPECT(grow_top(arena, number) > 0);
}
