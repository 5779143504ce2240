#include "osmem/heap/span.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/heap/carve.h"
#include "osmem/heap/guarded.h"
#include "osmem/heap/policy.h"
#include "osmem/platform/expect.h"

/* The plane begins with a granule's worth of sentinel, so that tags[-1] can be read. */
#define SENTINEL GRANULE

/* A plane of one GiB is the last that a granule's number within its span can reach. */
#define SPAN_PLANE_DOUBLINGS 4
static_assert(POLICY_PLANE << SPAN_PLANE_DOUBLINGS <= (size_t)1 << BLOCK_GRANULE_BITS,
              "every granule of a span has a name");

unsigned span_of(const struct os_heap *heap, const void *address) {
    for (unsigned i = 0; i < heap->spans; i++) {
        const struct os_span *span = &heap->span[i];
        if (num_address(address) - num_address(span->base) < span->granules * GRANULE)
            return i;
    }
    return SPANS_MAX;
}

static char *span_end(const struct os_span *span) {
    return span->base + span->granules * GRANULE;
}

bool span_top(const struct os_heap *heap, unsigned span, block_id *top,
              size_t *granules) {
    const struct os_span *in = &heap->span[span];
    *granules = tags_left_free(in->tags + in->granules);
    *top = block_name(span, in->granules - *granules);
    return *granules != 0;
}

/* ---- planes ---- */

/* Lets the plane tell of `granules`, with a sentinel at either side. */
static bool span_commit_plane(struct os_heap *heap, struct os_span *span,
                              size_t granules) {
    bool first = span->plane.committed == 0;
    if (granules > span->limit ||
        !guarded_commit(&span->plane, heap->kernel, granules + 2 * SENTINEL))
        return false;
    if (first) {
        tags_store(span->tags - 1, TAG_NOT_OURS);
        tags_store(span->tags, TAG_NOT_OURS);
    }
    return true;
}

/* A span without memory: one that waits for some, or a new one; SPANS_MAX: none. */
static unsigned span_find_waiting(struct os_heap *heap) {
    for (unsigned i = 0; i < heap->spans; i++)
        if (!heap->span[i].base)
            return i;
    if (heap->spans == SPANS_MAX)
        return SPANS_MAX;
    struct os_span span = {.base = NULL};
    size_t most = POLICY_PLANE << num_min(heap->spans, SPAN_PLANE_DOUBLINGS);
    if (!guarded_reserve(&span.plane, heap->kernel, most, POLICY_PLANE_LEAST))
        return SPANS_MAX;
    span.tags = (tag_byte *)(void *)span.plane.base + SENTINEL;
    span.limit = span.plane.reserved - 2 * SENTINEL;
    heap->span[heap->spans] = span;
    return heap->spans++;
}

/* The same, with its sentinels in place: whatever has memory can be read at both ends. */
static unsigned span_open(struct os_heap *heap) {
    unsigned number = span_find_waiting(heap);
    if (number == SPANS_MAX || !span_commit_plane(heap, &heap->span[number], 0))
        return SPANS_MAX;
    return number;
}

/* ---- growth, common to both kinds ---- */

/* Moves the sentinel; the granules between the old and the new end are all inside. */
static void span_set_granules(struct os_span *span, size_t granules) {
    tags_store(span->tags + span->granules, TAG_INSIDE);
    tags_store(span->tags + granules, TAG_NOT_OURS);
    span->granules = granules;
}

static void span_add(struct os_heap *heap, unsigned number, size_t granules, bool zero) {
    struct os_span *span = &heap->span[number];
    size_t old = span->granules;
    span_set_granules(span, old + granules);
    carve_add(heap, block_name(number, old), granules, zero);
}

/* How many bytes the span's end lacks for a free block of `granules` there. */
static size_t span_missing(const struct os_heap *heap, unsigned number, size_t granules) {
    block_id top;
    size_t have = 0;
    if (heap->span[number].base)
        span_top(heap, number, &top, &have);
    return have >= granules ? 0 : (granules - have) * GRANULE;
}

/* ---- spans of the break ---- */

/*
 * What sbrk handed out, [from, to), becomes ours as far as it lies behind the span's end;
 * what somebody else took in between is marked as not ours. The kernel clears whole pages
 * only: the rest of the page that the break stood in may hold what a foreigner left
 * there.
 */
static void span_absorb(struct os_heap *heap, unsigned number, char *from, char *to) {
    struct os_span *span = &heap->span[number];
    char *start = from + (num_ceil(num_address(from), GRANULE) - num_address(from));
    if (!span->base)
        span->base = start;
    else if (from == span->break_end || num_address(start) < num_address(span_end(span)))
        start = span_end(span);
    span->break_end = to;
    if (!span->first_end)
        span->first_end = to;
    if (num_address(to) < num_address(start) + GRANULE)
        return;
    size_t gap = (size_t)(start - span_end(span)) / GRANULE;
    if (gap) {
        size_t old = span->granules;
        span_set_granules(span, old + gap);
        carve_add_not_ours(heap, block_name(number, old), gap);
    }
    size_t fresh = num_floor((size_t)(to - start), GRANULE);
    uintptr_t clean = num_ceil(num_address(from), heap->kernel->page);
    if (num_address(start) < clean) {
        size_t rest = num_min(clean - num_address(start), fresh);
        memset(start, 0, rest);
        heap->counters.clears += rest;
    }
    span_add(heap, number, fresh / GRANULE, true);
}

/*
 * Lets the plane tell of every granule up to `to`, where the break will be after an sbrk
 * of so many bytes. Where that is out of the plane's reach, a new span takes over.
 */
static bool span_prepare(struct os_heap *heap, unsigned number, const char *to,
                         size_t bytes) {
    struct os_span *span = &heap->span[number];
    size_t granules = bytes / GRANULE;
    if (span->base && num_address(to) > num_address(span->base))
        granules = (num_address(to) - num_address(span->base)) / GRANULE;
    granules = num_max(granules, span->granules);
    if (granules > span->limit) {
        heap->break_span = SPANS_MAX;
        return false;
    }
    return span_commit_plane(heap, span, granules);
}

static enum os_status span_sbrk(struct os_heap *heap, unsigned number, size_t bytes) {
    char *expected = sys_sbrk(heap->kernel, 0);
    if (!span_prepare(heap, number, expected + bytes, bytes))
        return OS_NO_MEMORY;
    char *from = sys_sbrk(heap->kernel, (intptr_t)bytes);
    if (!from)
        return OS_NO_MEMORY;
    /* Another thread's own sbrk may have come in between. */
    if (from != expected && !span_prepare(heap, number, from + bytes, bytes)) {
        sys_sbrk(heap->kernel, -(intptr_t)bytes);
        return OS_NO_MEMORY;
    }
    span_absorb(heap, number, from, from + bytes);
    return OS_OK;
}

static bool span_open_break(struct os_heap *heap) {
    if (heap->break_span == SPANS_MAX)
        heap->break_span = span_open(heap);
    return heap->break_span != SPANS_MAX;
}

/* How much to ask for so that `missing` bytes come and the break ends with a page. */
static size_t span_ask(const struct os_heap *heap, const struct os_span *span,
                       size_t missing) {
    uintptr_t now = num_address(span->break_end);
    uintptr_t from = span->base ? num_max(now, num_address(span_end(span))) : 0;
    return num_ceil(from + missing, heap->kernel->page) - now;
}

static enum os_status span_grow_break(struct os_heap *heap, size_t granules) {
    /* A foreign sbrk can make a round useless; one
     * that does so each time is not waited for. */
    for (int round = 0; round < 4; round++) {
        if (!span_open_break(heap))
            return OS_NO_MEMORY;
        unsigned number = heap->break_span;
        struct os_span *span = &heap->span[number];
        size_t missing = span_missing(heap, number, granules);
        if (missing == 0)
            return OS_OK;
        if (span->granules + missing / GRANULE + POLICY_GROWTH / GRANULE > span->limit &&
            span->base) {
            heap->break_span = SPANS_MAX;
            continue;
        }
        size_t least = span_ask(heap, span, missing);
        size_t ask = span->base ? span_ask(heap, span, num_max(missing, POLICY_GROWTH))
                                : num_max(least, POLICY_PREALLOCATION);
        enum os_status fault = span_sbrk(heap, number, ask);
        if (fault == OS_NO_MEMORY && least < ask && heap->break_span == number)
            fault = span_sbrk(heap, number, least);
        if (fault != OS_OK && heap->break_span == number)
            return fault;
    }
    return OS_NO_MEMORY;
}

/* ---- spans of reserved address space ---- */

static unsigned span_open_mapped(struct os_heap *heap, size_t granules) {
    unsigned number = span_open(heap);
    if (number == SPANS_MAX)
        return SPANS_MAX;
    struct os_span *span = &heap->span[number];
    if (granules > span->limit)
        return SPANS_MAX;
    if (heap->break_span == number)
        heap->break_span = SPANS_MAX; /* its plane waited for a break that was refused */
    size_t least =
        num_max(num_ceil(granules * GRANULE, heap->kernel->page), POLICY_SPAN_LEAST);
    size_t most = POLICY_SPAN << num_min(number, SPAN_PLANE_DOUBLINGS);
    for (size_t size = num_max(most, least); size >= least; size /= 2) {
        span->base = sys_reserve(heap->kernel, size);
        if (span->base) {
            span->reservation = size;
            size_t limit = num_min(span->limit * GRANULE, size);
            span->limit = num_floor(limit, heap->kernel->page) / GRANULE;
            return number;
        }
    }
    return SPANS_MAX;
}

static enum os_status span_grow_mapped(struct os_heap *heap, unsigned number,
                                      size_t granules) {
    struct os_span *span = &heap->span[number];
    size_t missing = span_missing(heap, number, granules);
    if (missing == 0)
        return OS_OK;
    size_t left = (span->limit - span->granules) * GRANULE;
    size_t least = num_ceil(missing, heap->kernel->page);
    if (least > left)
        return OS_NO_MEMORY;
    size_t bytes = num_min(num_max(least, POLICY_GROWTH), left);
    if (!span_commit_plane(heap, span, span->granules + bytes / GRANULE))
        return OS_NO_MEMORY;
    if (!sys_commit(heap->kernel, span_end(span), bytes))
        return OS_NO_MEMORY;
    span_add(heap, number, bytes / GRANULE, true);
    return OS_OK;
}

/* ---- a span of somebody's memory ---- */

enum os_status span_adopt(struct os_heap *heap, char *memory, size_t size) {
    size_t skip = num_ceil(num_address(memory), GRANULE) - num_address(memory);
    if (size < skip + 3 * GRANULE + 2 * SENTINEL)
        return OS_NO_MEMORY;
    char *plane = memory + skip;
    size_t most = ((size_t)1 << BLOCK_GRANULE_BITS) - 1;
    size_t granules =
        num_min((size - skip - 2 * SENTINEL - GRANULE) / (GRANULE + 1), most);
    size_t plane_length = num_ceil(granules + 2 * SENTINEL, GRANULE);
    memset(plane, TAG_INSIDE, plane_length);
    struct os_span *span = &heap->span[heap->spans++];
    *span = (struct os_span){.base = plane + plane_length,
                             .limit = granules,
                             .tags = (tag_byte *)(void *)plane + SENTINEL};
    tags_store(span->tags - 1, TAG_NOT_OURS);
    tags_store(span->tags, TAG_NOT_OURS);
    span_add(heap, 0, granules, false);
    return OS_OK;
}

/* ---- the verbs ---- */

enum os_status span_grow_at(struct os_heap *heap, unsigned span, size_t granules) {
    if (heap->span[span].reservation)
        return span_grow_mapped(heap, span, granules);
    size_t grown = heap->span[span].granules + granules + POLICY_GROWTH / GRANULE;
    if (span != heap->break_span || grown > heap->span[span].limit)
        return OS_NO_MEMORY; /* a new span would take over, and its memory lies elsewhere */
    /* Behind somebody else's stretch there would be memory, but not at this span's end. */
    if (sys_sbrk(heap->kernel, 0) != heap->span[span].break_end)
        return OS_NO_MEMORY;
    return span_grow_break(heap, granules);
}

enum os_status span_grow(struct os_heap *heap, size_t granules) {
    enum os_status fault = span_grow_break(heap, granules);
    if (fault != OS_NO_MEMORY)
        return fault;
    for (unsigned i = 0; i < heap->spans; i++)
        if (heap->span[i].reservation) {
            fault = span_grow_mapped(heap, i, granules);
            if (fault != OS_NO_MEMORY)
                return fault;
        }
    unsigned opened = span_open_mapped(heap, granules);
    return opened == SPANS_MAX ? OS_NO_MEMORY : span_grow_mapped(heap, opened, granules);
}

void span_trim(struct os_heap *heap, size_t keep) {
    block_id top;
    size_t granules;
    if (heap->break_span == SPANS_MAX || !heap->span[heap->break_span].base ||
        !span_top(heap, heap->break_span, &top, &granules))
        return;
    struct os_span *span = &heap->span[heap->break_span];
    size_t page = heap->kernel->page;
    /* The span goes on ending with a granule of
     * ours: what lies below may be a foreigner's. */
    uintptr_t least = num_address(block_address(heap, top)) + num_max(keep, GRANULE);
    uintptr_t lowest = num_ceil(least, page);
    lowest = num_max(lowest, num_address(span->first_end));
    if (num_address(span->break_end) <= lowest ||
        sys_sbrk(heap->kernel, 0) != span->break_end)
        return;
    size_t bytes = num_address(span->break_end) - lowest;
    size_t kept = (lowest - num_address(block_address(heap, top))) / GRANULE;
    if (kept >= granules)
        return;
    /* The tags first: a small block's links would stand in what is given away. */
    bool zero = carve_extent(heap, top).zero;
    carve_cover_less(heap, top, kept);
    span_set_granules(span, span->granules - (granules - kept));
    if (!sys_sbrk(heap->kernel, -(intptr_t)bytes)) {
        span_add(heap, heap->break_span, granules - kept, zero);
        return;
    }
    span->break_end -= bytes;
    heap->counters.given_back += bytes;
}

static void span_discard_block(struct os_heap *heap, block_id block, size_t granules) {
    char *start = block_address(heap, block);
    size_t page = heap->kernel->page;
    uintptr_t inner = num_ceil(num_address(start), page);
    uintptr_t end = num_address(start) + granules * GRANULE;
    uintptr_t inner_end = num_floor(end, page);
    if (!sys_discard(heap->kernel, start + (inner - num_address(start)),
                     inner_end - inner))
        return;
    heap->counters.given_back += inner_end - inner;
    memset(start, 0, inner - num_address(start));
    memset(start + (inner_end - num_address(start)), 0, end - inner_end);
    carve_mark_zero(heap, block);
}

void span_discard(struct os_heap *heap) {
    for (unsigned i = 0; i < heap->spans; i++)
        for (size_t at = 0; at < heap->span[i].granules;) {
            block_id block = block_name(i, at);
            struct tags_extent extent = carve_extent(heap, block);
            if (extent.state == STATE_FREE && !extent.zero &&
                extent.granules * GRANULE >= POLICY_DISCARD)
                span_discard_block(heap, block, extent.granules);
            at += extent.granules;
        }
}
