#include "osmem/check/dump.h"

#include <stdio.h>
#include <string.h>

#include "osmem/base/num.h"
#include "osmem/check/walk.h"

struct dump_to {
    dump_put *put;
    void *context;
};

static void dump_text(const struct dump_to *to, const char *text) {
    to->put(to->context, text, strlen(text));
}

static bool dump_block(void *context, const struct walk_block *block) {
    char line[128];
    snprintf(line, sizeof line, "%p %s%s %zu%s\n", (const void *)block->address,
             block->large ? "large " : "", walk_state_name(block->state), block->room,
             block->zero ? " zero" : "");
    dump_text(context, line);
    return true;
}

void dump_blocks(const struct os_heap *heap, dump_put *put, void *context) {
    struct dump_to to = {put, context};
    walk_heap(heap, dump_block, &to);
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

void dump_picture(const struct os_heap *heap, dump_put *put, void *context) {
    struct dump_to to = {put, context};
    for (unsigned i = 0; i < heap->spans; i++) {
        const struct os_span *span = &heap->span[i];
        size_t most = DUMP_COLUMNS * DUMP_ROWS_MAX;
        size_t scale = (span->granules + most - 1) / most;
        char line[DUMP_COLUMNS + 64];
        snprintf(line, sizeof line, "span %u at %p: %zu bytes, a character is %zu\n", i,
                 (const void *)span->base, span->granules * GRANULE, scale * GRANULE);
        dump_text(&to, line);
        for (size_t at = 0; at < span->granules;) {
            size_t column = 0;
            for (; column < DUMP_COLUMNS && at < span->granules; at += scale)
                line[column++] = dump_cell(span, at, num_min(at + scale, span->granules));
            line[column++] = '\n';
            put(context, line, column);
        }
    }
}
