/*
 * span: where granules come from, the break first.
 *
 * One span grows by sbrk, in which another user's sbrk is seen and skipped; where the break cannot
 * grow, spans of reserved address space are committed from the bottom up. Either kind grows at its
 * end, and its plane is committed before its memory is taken, so that a refusal leaves the space as it
 * was. What was gained has no tags yet but the sentinel behind it: arena/grow writes them. The caller
 * has the space's lock, but for span_of.
 */
#ifndef OSMEM_SPACE_SPAN_H
#define OSMEM_SPACE_SPAN_H

#include "osmem/base/status.h"
#include "osmem/space/state.h"

/* Granules that a span has gained at its end, [ not ours | ours ]. */
struct span_gain {
    unsigned span;
    size_t from;     /* the first of them */
    size_t not_ours; /* what another user of sbrk took */
    size_t granules; /* behind it, ours */
    bool zero;       /* and known to be zero */
};

/* The number of the span that holds an address, or SPANS_MAX. No lock. */
unsigned span_of(const struct os_space *space, const void *address);

/* The span that grows by the break, opened where there is none; SPANS_MAX: it is refused. */
unsigned span_open_break(struct os_space *space);

/* The break's span can have so many bytes more, and a step of growth; else it is closed, so that the
 * next one opened takes over. */
bool span_break_reaches(struct os_space *space, size_t bytes);

/* The break is where the span's last growth left it, and the span can have so many bytes more. */
bool span_break_continues(const struct os_space *space, unsigned span, size_t bytes);

/*
 * Raises the break by `missing` bytes behind the span's end, or more. With OS_OK the gain may be
 * less, where another user's sbrk came in between. Closes the break's span where its plane does not
 * reach.
 */
enum os_status span_extend_break(struct os_space *space, size_t missing,
                                 struct span_gain *gain);

/* A new span of reserved address space for `granules` and more, or SPANS_MAX. */
unsigned span_open_mapped(struct os_space *space, size_t granules);

/* Commits at least `missing` bytes at the end of such a span. */
enum os_status span_extend_mapped(struct os_space *space, unsigned span, size_t missing,
                                  struct span_gain *gain);

/* The first span: [ tags | granules ] in the caller's memory, which never grows. */
enum os_status span_adopt(struct os_space *space, char *memory, size_t size,
                          struct span_gain *gain);

/* How many bytes the break may be lowered, so that at least what lies below `lowest` stays; whole
 * pages, 0 where it may not be. */
size_t span_retractable(const struct os_space *space, const char *lowest);

/* Takes the last granules, whose tags are all inside, from the break's span, and lowers the break by
 * so many bytes; false where that is refused, and the granules are the span's still. */
bool span_retract(struct os_space *space, size_t granules, size_t bytes);

/* The pages within an extent that can be discarded. */
struct span_pages {
    char *start;
    size_t length;
};
struct span_pages span_inner_pages(const struct os_space *space, char *address,
                                   size_t size);

#endif
