#include "osmem/space/span.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"

/* A plane begins with a granule's worth of sentinel, so that tags[-1] can be read. */
#define SENTINEL GRANULE

/* A plane of one GiB is the last that a granule's number within its span can reach. */
#define SPAN_PLANE_DOUBLINGS 4
/* A reserved span grows up to what such a plane has tags for. */
#define SPAN_DOUBLINGS 8
static_assert(POLICY_PLANE << SPAN_PLANE_DOUBLINGS <= (size_t)1 << BLOCK_GRANULE_BITS,
              "every granule of a span has a block_id");

unsigned span_of(const struct os_space *space, const void *address) {
    unsigned spans = space_spans(space);
    EXPECT(spans <= SPANS_MAX);
    for (unsigned i = 0; i < spans; i++) {
        const struct os_span *span = &space->span[i];
        size_t granules = span_granules(span); /* before the base, which is set first */
        if (num_address(address) - num_address(span_base(span)) < granules * GRANULE)
            return i;
    }
    return SPANS_MAX;
}

static char *span_end(const struct os_span *span) {
    return span_base(span) + span_granules(span) * GRANULE;
}

static void span_set_base(struct os_span *span, char *base) {
    EXPECT(span_base(span) == NULL && num_address(base) % GRANULE == 0);
    atomic_store_explicit(&span->base, base, memory_order_relaxed);
}

/* ---- planes ---- */

/* Commits the tags of so many granules, with a sentinel at either side. */
static bool span_commit_plane(struct os_space *space, struct os_span *span,
                              size_t granules) {
    bool first = span->plane.committed == 0;
    if (granules > span->limit ||
        !guarded_commit(&span->plane, space->kernel, granules + 2 * SENTINEL))
        return false;
    if (first) {
        tags_store(span->tags - 1, TAG_NOT_OURS);
        tags_store(span->tags, TAG_NOT_OURS);
    }
    EXPECT(tags_load(span->tags - 1) == TAG_NOT_OURS);
    return true;
}

/* A span without memory: an existing one, or a new one; SPANS_MAX: none. */
static unsigned span_find_waiting(struct os_space *space) {
    unsigned spans = space_spans(space);
    for (unsigned i = 0; i < spans; i++)
        if (!span_base(&space->span[i]))
            return i;
    if (spans == SPANS_MAX)
        return SPANS_MAX;
    struct os_span *span = &space->span[spans];
    size_t most = POLICY_PLANE << num_min(spans, SPAN_PLANE_DOUBLINGS);
    EXPECT(span_granules(span) == 0);
    most = guarded_share(space->kernel, most, POLICY_PLANE_SHARE);
    if (!guarded_reserve(&span->plane, space->kernel, most, POLICY_PLANE_LEAST))
        return SPANS_MAX;
    span->tags = (tag_byte *)(void *)span->plane.base + SENTINEL;
    span->limit = span->plane.reserved - 2 * SENTINEL;
    atomic_store_explicit(&space->spans, spans + 1, memory_order_release);
    return spans;
}

/* The same, with its sentinels in place: a span with memory can be read at both ends. */
static unsigned span_open(struct os_space *space) {
    unsigned number = span_find_waiting(space);
    if (number == SPANS_MAX || !span_commit_plane(space, &space->span[number], 0))
        return SPANS_MAX;
    return number;
}

/* ---- growth, common to both kinds ---- */

/* Moves the sentinel; the granules between the old and the new end are all inside. */
static void span_set_granules(struct os_span *span, size_t granules) {
    EXPECT(span_base(span) != NULL && granules <= span->limit);
    EXPECT(tags_load(span->tags + span_granules(span)) == TAG_NOT_OURS);
    tags_store(span->tags + span_granules(span), TAG_INSIDE);
    tags_store(span->tags + granules, TAG_NOT_OURS);
    atomic_store_explicit(&span->granules, granules, memory_order_release);
}

static struct span_gain span_add(struct os_space *space, unsigned number, size_t not_ours,
                                 size_t granules, bool zero) {
    struct os_span *span = &space->span[number];
    size_t from = span_granules(span);
    EXPECT(granules > 0);
    span_set_granules(span, from + not_ours + granules);
    return (struct span_gain){number, from, not_ours, granules, zero};
}

/* ---- the break ---- */

/* Clears what the kernel does not: it clears whole pages only, and the rest of the page in which the
 * break stood may hold what another user of it left there. */
static void span_clear_rest(struct os_space *space, char *start, size_t length,
                            const char *old_break) {
    uintptr_t clean = num_ceil(num_address(old_break), space->kernel->page);
    EXPECT(num_address(start) % GRANULE == 0);
    if (num_address(start) >= clean)
        return;
    size_t rest = num_min(clean - num_address(start), length);
    memset(start, 0, rest);
    space->counters.clears += rest;
}

/*
 * What sbrk handed out, [from, to), becomes ours as far as it lies behind the span's end; what
 * another user of sbrk took in between is not ours.
 */
static void span_absorb(struct os_space *space, unsigned number, char *from, char *to,
                        struct span_gain *gain) {
    struct os_span *span = &space->span[number];
    char *start = from + (num_ceil(num_address(from), GRANULE) - num_address(from));
    EXPECT(num_address(from) < num_address(to));
    if (!span_base(span))
        span_set_base(span, start);
    else if (from == span->break_end || num_address(start) < num_address(span_end(span)))
        start = span_end(span);
    span->break_end = to;
    if (!span->first_end)
        span->first_end = to;
    *gain = (struct span_gain){.span = number};
    if (num_address(to) < num_address(start) + GRANULE)
        return;
    size_t gap = (size_t)(start - span_end(span)) / GRANULE;
    size_t fresh = num_floor((size_t)(to - start), GRANULE);
    span_clear_rest(space, start, fresh, from);
    *gain = span_add(space, number, gap, fresh / GRANULE, true);
}

/*
 * Commits the tags of every granule up to `to`, where the break will be after an sbrk of so many
 * bytes. Where that is out of the plane's reach, a new span takes over.
 */
static bool span_prepare(struct os_space *space, unsigned number, const char *to,
                         size_t bytes) {
    struct os_span *span = &space->span[number];
    size_t granules = bytes / GRANULE;
    EXPECT(number == space->break_span);
    if (span_base(span) && num_address(to) > num_address(span_base(span)))
        granules = (num_address(to) - num_address(span_base(span))) / GRANULE;
    granules = num_max(granules, span_granules(span));
    if (granules > span->limit) {
        space->break_span = SPANS_MAX;
        return false;
    }
    return span_commit_plane(space, span, granules);
}

static enum os_status span_sbrk(struct os_space *space, unsigned number, size_t bytes,
                                struct span_gain *gain) {
    char *expected = sys_sbrk(space->kernel, 0);
    EXPECT(bytes > 0);
    if (!span_prepare(space, number, expected + bytes, bytes))
        return OS_NO_MEMORY;
    char *from = sys_sbrk(space->kernel, (intptr_t)bytes);
    if (!from)
        return OS_NO_MEMORY;
    /* Another thread's own sbrk may have come in between. */
    if (from != expected && !span_prepare(space, number, from + bytes, bytes)) {
        sys_sbrk(space->kernel, -(intptr_t)bytes);
        return OS_NO_MEMORY;
    }
    span_absorb(space, number, from, from + bytes, gain);
    return OS_OK;
}

unsigned span_open_break(struct os_space *space) {
    EXPECT(space->break_span <= SPANS_MAX);
    if (space->break_span == SPANS_MAX)
        space->break_span = span_open(space);
    return space->break_span;
}

bool span_break_reaches(struct os_space *space, size_t bytes) {
    EXPECT(space->break_span < SPANS_MAX);
    const struct os_span *span = &space->span[space->break_span];
    size_t granules = (bytes + POLICY_GROWTH) / GRANULE;
    if (!span_base(span) || span_granules(span) + granules <= span->limit)
        return true;
    space->break_span = SPANS_MAX;
    return false;
}

bool span_break_continues(const struct os_space *space, unsigned span, size_t bytes) {
    EXPECT(span < space_spans(space));
    const struct os_span *at = &space->span[span];
    size_t grown = span_granules(at) + (bytes + POLICY_GROWTH) / GRANULE;
    if (span != space->break_span || grown > at->limit)
        return false; /* a new span would take over, and its memory lies elsewhere */
    /* Behind another user's stretch there would be memory, but not at this span's end. */
    return sys_sbrk(space->kernel, 0) == at->break_end;
}

/* How much to request so that `missing` bytes come and the break ends with a page. */
static size_t span_request(const struct os_space *space, const struct os_span *span,
                           size_t missing) {
    uintptr_t now = num_address(span->break_end);
    uintptr_t from = span_base(span) ? num_max(now, num_address(span_end(span))) : 0;
    EXPECT(missing > 0);
    return num_ceil(from + missing, space->kernel->page) - now;
}

enum os_status span_extend_break(struct os_space *space, size_t missing,
                                 struct span_gain *gain) {
    unsigned number = space->break_span;
    EXPECT(number < SPANS_MAX);
    const struct os_span *span = &space->span[number];
    size_t least = span_request(space, span, missing);
    size_t most = span_base(span)
                      ? span_request(space, span, num_max(missing, POLICY_GROWTH))
                      : num_max(least, POLICY_PREALLOCATION);
    enum os_status status = span_sbrk(space, number, most, gain);
    if (status == OS_NO_MEMORY && least < most && space->break_span == number)
        status = span_sbrk(space, number, least, gain);
    return status;
}

/* ---- spans of reserved address space ---- */

unsigned span_open_mapped(struct os_space *space, size_t granules) {
    unsigned number = span_open(space);
    if (number == SPANS_MAX)
        return SPANS_MAX;
    struct os_span *span = &space->span[number];
    EXPECT(!span_base(span));
    if (granules > span->limit)
        return SPANS_MAX;
    if (space->break_span == number)
        space->break_span = SPANS_MAX; /* its plane waited for a break that was refused */
    size_t least =
        num_max(num_ceil(granules * GRANULE, space->kernel->page), POLICY_SPAN_LEAST);
    size_t most = num_min(POLICY_SPAN << num_min(number, SPAN_DOUBLINGS),
                          num_ceil(span->limit * GRANULE, POLICY_SPAN_LEAST));
    most = guarded_share(space->kernel, most, POLICY_SPAN_SHARE);
    for (size_t size = num_max(most, least); size >= least; size /= 2) {
        char *base = sys_reserve(space->kernel, size);
        if (base) {
            span->reservation = size;
            size_t limit = num_min(span->limit * GRANULE, size);
            span->limit = num_floor(limit, space->kernel->page) / GRANULE;
            span_set_base(span, base);
            return number;
        }
    }
    return SPANS_MAX;
}

enum os_status span_extend_mapped(struct os_space *space, unsigned number, size_t missing,
                                  struct span_gain *gain) {
    struct os_span *span = &space->span[number];
    EXPECT(span->reservation && missing > 0);
    size_t left = (span->limit - span_granules(span)) * GRANULE;
    size_t least = num_ceil(missing, space->kernel->page);
    if (least > left)
        return OS_NO_MEMORY;
    size_t bytes = num_min(num_max(least, POLICY_GROWTH), left);
    if (!span_commit_plane(space, span, span_granules(span) + bytes / GRANULE))
        return OS_NO_MEMORY;
    if (!sys_commit(space->kernel, span_end(span), bytes))
        return OS_NO_MEMORY;
    *gain = span_add(space, number, 0, bytes / GRANULE, true);
    return OS_OK;
}

/* ---- a span of the caller's memory ---- */

enum os_status span_adopt(struct os_space *space, char *memory, size_t size,
                          struct span_gain *gain) {
    size_t skip = num_ceil(num_address(memory), GRANULE) - num_address(memory);
    EXPECT(space_spans(space) == 0);
    if (size < skip + 3 * GRANULE + 2 * SENTINEL)
        return OS_NO_MEMORY;
    char *plane = memory + skip;
    size_t granules = (size - skip - 2 * SENTINEL - GRANULE) / (GRANULE + 1);
    if (granules >= (size_t)1 << BLOCK_GRANULE_BITS)
        return OS_NO_MEMORY;
    size_t plane_length = num_ceil(granules + 2 * SENTINEL, GRANULE);
    memset(plane, TAG_INSIDE, plane_length);
    struct os_span *span = &space->span[0];
    span->limit = granules;
    span->tags = (tag_byte *)(void *)plane + SENTINEL;
    tags_store(span->tags - 1, TAG_NOT_OURS);
    tags_store(span->tags, TAG_NOT_OURS);
    span_set_base(span, plane + plane_length);
    atomic_store_explicit(&space->spans, 1, memory_order_release);
    *gain = span_add(space, 0, 0, granules, false);
    return OS_OK;
}

/* ---- giving back ---- */

size_t span_retractable(const struct os_space *space, const char *lowest) {
    EXPECT(space->break_span < SPANS_MAX);
    const struct os_span *span = &space->span[space->break_span];
    uintptr_t end = num_ceil(num_address(lowest), space->kernel->page);
    end = num_max(end, num_address(span->first_end));
    if (num_address(span->break_end) <= end ||
        sys_sbrk(space->kernel, 0) != span->break_end)
        return 0;
    return num_address(span->break_end) - end;
}

bool span_retract(struct os_space *space, size_t granules, size_t bytes) {
    EXPECT(space->break_span < SPANS_MAX);
    struct os_span *span = &space->span[space->break_span];
    size_t old = span_granules(span);
    EXPECT(granules < old && bytes > 0);
    span_set_granules(span, old - granules);
    if (!sys_sbrk(space->kernel, -(intptr_t)bytes)) {
        span_set_granules(span, old);
        return false;
    }
    span->break_end -= bytes;
    space->counters.given_back += bytes;
    return true;
}

struct span_pages span_inner_pages(const struct os_space *space, char *address,
                                   size_t size) {
    size_t page = space->kernel->page;
    uintptr_t inner = num_ceil(num_address(address), page);
    uintptr_t end = num_floor(num_address(address) + size, page);
    return (struct span_pages){address + (inner - num_address(address)),
                               end > inner ? end - inner : 0};
}
