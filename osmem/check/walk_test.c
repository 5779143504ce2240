/* Every block is walked once, in address order, at once and in parts; and shown. */
#include "osmem/check/walk.h"

#include <string.h>

#include "osmem/check/check_testing.h"
#include "osmem/check/dump.h"

static bool count_blocks(void *context, const struct walk_block *block) {
    (void)block;
    ++*(size_t *)context;
    return true;
}

START_TEST(the_walk_stops_where_no_block_starts) {
    open_heap();
    size_t blocks = 0;
    ck_assert(walk_heap(&heap, count_blocks, &blocks));
    ck_assert_uint_eq(blocks, 4 + 4 + 1 + 2);
    *tag_of(medium) = TAG_INSIDE;
    ck_assert(!walk_heap(&heap, count_blocks, &blocks));
}
END_TEST

struct seen {
    const char *address[16];
    size_t count, most;
};

static bool see(void *context, const struct walk_block *block) {
    struct seen *seen = context;
    seen->address[seen->count++] = block->address + (block->size ? block->size : 1);
    return seen->count < seen->most;
}

/* From the end of the last one on, as often as it takes; in address order, each block once. */
START_TEST(a_walk_in_parts_sees_the_same) {
    open_heap();
    struct seen whole = {.most = 16};
    ck_assert(walk_heap(&heap, see, &whole));
    for (size_t most = 1; most <= whole.count; most++) {
        const char *from = NULL;
        size_t count = 0;
        bool finished = false;
        while (!finished) {
            struct seen part = {.most = most};
            finished = walk_heap_from(&heap, from, see, &part);
            for (size_t i = 0; i < part.count; i++)
                ck_assert_ptr_eq(part.address[i], whole.address[count++]);
            if (part.count)
                from = part.address[part.count - 1];
        }
        ck_assert_uint_eq(count, whole.count);
    }
    for (size_t i = 1; i < whole.count; i++) {
        ck_assert(whole.address[i - 1] < whole.address[i]);
        struct seen rest = {.most = 16};
        ck_assert(walk_heap_from(&heap, whole.address[i - 1] - 1, see, &rest));
        ck_assert_uint_eq(rest.count, whole.count - i);
    }
}
END_TEST

static bool append_block(void *context, const struct walk_block *block) {
    char line[DUMP_LINE];
    strncat(context, line, dump_block(block, line));
    return true;
}

START_TEST(the_picture_shows_what_is_where) {
    open_heap();
    struct os_block more;
    machine_foreign_sbrk(&machine, 65536);
    heap_take(&heap, 130000, GRANULE, &more);
    static char text[8192];
    char line[DUMP_LINE];
    struct dump_picture picture = {.span = 0};
    for (size_t length; (length = dump_picture_line(&heap, &picture, line)) != 0;)
        strncat(text, line, length);
    ck_assert_ptr_nonnull(strstr(text, "xxxxxxxx"));
    ck_assert_ptr_nonnull(strstr(text, "########"));
    ck_assert_ptr_nonnull(strstr(text, "........"));
    ck_assert_ptr_nonnull(strstr(text, "+"));
    text[0] = '\0';
    ck_assert(walk_heap(&heap, append_block, text));
    ck_assert_ptr_nonnull(strstr(text, " not-ours 65536\n"));
}
END_TEST

int main(void) {
    return suite_run("walk", SUITE(the_walk_stops_where_no_block_starts,
                                   a_walk_in_parts_sees_the_same,
                                   the_picture_shows_what_is_where));
}
