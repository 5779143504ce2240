#include "osmem/check/dump.h"

#include <stdio.h>

#include "osmem/alloc/heap_state.h"
#include "osmem/base/num.h"

size_t dump_block(const struct walk_block *block, char line[DUMP_LINE]) {
    return (size_t)snprintf(line, DUMP_LINE, "%p %s%s %zu%s\n",
                            (const void *)block->address, block->large ? "large " : "",
                            walk_state_name(block->state), block->size,
                            block->zero ? " zero" : "");
}

enum {
    DUMP_COLUMNS = 64,
    DUMP_ROWS_MAX = 16,
};

/* What the granules [from, to) hold, as one character. */
static char dump_cell(const struct os_span *span, size_t from, size_t to) {
    size_t at = from - tags_distance_to_first(span->tags + from, from);
    size_t in_use = 0, not_ours = 0;
    struct tags_extent extent;
    for (; at < to && tags_read(span->tags + at, &extent); at += extent.granules) {
        size_t covered = num_min(at + extent.granules, to) - num_max(at, from);
        if (extent.state == STATE_NOT_OURS)
            not_ours += covered;
        else if (extent.state != STATE_FREE)
            in_use += covered;
    }
    if (in_use)
        return in_use + not_ours == to - from ? '#' : '+';
    return not_ours ? 'x' : '.';
}

static size_t dump_row(const struct os_span *span, struct dump_picture *picture,
                       size_t scale, char line[DUMP_LINE]) {
    size_t column = 0;
    for (; column < DUMP_COLUMNS && picture->at < span_granules(span);
         picture->at += scale)
        line[column++] = dump_cell(span, picture->at,
                                   num_min(picture->at + scale, span_granules(span)));
    line[column++] = '\n';
    return column;
}

size_t dump_picture_line(const struct os_heap *heap, struct dump_picture *picture,
                         char line[DUMP_LINE]) {
    for (; picture->span < space_spans(&heap->space); picture->span++) {
        const struct os_span *span = &heap->space.span[picture->span];
        size_t most = DUMP_COLUMNS * DUMP_ROWS_MAX;
        size_t scale = (span_granules(span) + most - 1) / most;
        if (!picture->is_headed) {
            picture->is_headed = true;
            return (size_t)snprintf(line, DUMP_LINE,
                                    "span %u at %p: %zu bytes, a character is %zu\n",
                                    picture->span, (const void *)span_base(span),
                                    span_granules(span) * GRANULE, scale * GRANULE);
        }
        if (picture->at < span_granules(span))
            return dump_row(span, picture, scale, line);
        picture->at = 0;
        picture->is_headed = false;
    }
    return 0;
}
