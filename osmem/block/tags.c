#include "osmem/block/tags.h"

#include "osmem/platform/expect.h"

static void tags_put_digits(tag_byte *at, unsigned count, uint64_t value) {
    for (unsigned i = 0; i < count; i++)
        tags_store(at + i, tag_digit(value, i));
}

static void tags_put_inside(tag_byte *at, size_t count) {
    for (size_t i = 0; i < count; i++)
        tags_store(at + i, TAG_INSIDE);
}

/* A short stretch that is not ours is a row of single tags; a long one says its length.
 */
static bool tags_stretch_is_short(size_t granules) {
    return granules <= TAG_DIGITS_MAX;
}

/* The first tag's place for links; the block is free and of at least 13 granules. */
static unsigned tags_links_offset(uint8_t first) {
    return 2 + tag_code_digits(first & 15);
}

static void tags_write_not_ours(tag_byte *first, size_t granules) {
    if (tags_stretch_is_short(granules)) {
        for (size_t i = 0; i < granules; i++)
            tags_store_first(first + i, TAG_NOT_OURS);
        return;
    }
    tags_put_digits(first + 1, TAG_DIGITS_MAX, granules);
    tags_store_first(first, TAG_NOT_OURS_LONG);
}

void tags_write(tag_byte *first, const struct tags_extent *extent) {
    size_t granules = extent->granules;
    EXPECT(granules > 0 && granules <= TAG_VALUE_MAX);
    EXPECT(extent->slack <= TAG_SLACK_MAX);
    if (extent->state == STATE_NOT_OURS) {
        tags_write_not_ours(first, granules);
        return;
    }
    if (granules > 1) {
        unsigned code = tag_code(granules);
        unsigned digits = tag_code_digits(code);
        bool is_free = extent->state == STATE_FREE;
        tags_store(first + 1, tag_digit(is_free ? extent->zero : extent->slack, 0));
        tags_put_digits(first + 2, digits, granules);
        if (is_free) {
            tag_byte *last = first + granules - 1;
            tags_put_digits(last - digits, digits, granules);
            tags_store(last, (uint8_t)(TAG_LAST + code));
        }
    }
    tags_store_first(first, tag_first(extent->state, granules, extent->slack));
}

void tags_erase(tag_byte *first, const struct tags_extent *extent) {
    size_t granules = extent->granules;
    if (extent->state == STATE_NOT_OURS) {
        tags_put_inside(first, granules < 6 ? granules : 6);
        return;
    }
    size_t digits = granules > 1 ? tag_code_digits(tag_code(granules)) : 0;
    size_t front = granules > 1 ? 2 + digits : 1;
    if (extent->state == STATE_FREE && granules > 1) {
        if (granules >= TAG_TRIE_MIN_GRANULES)
            front += 5 * TAG_DIGITS_MAX;
        else if (granules >= TAG_LINKS_MIN_GRANULES)
            front += 2 * TAG_DIGITS_MAX;
        tags_put_inside(first + granules - 1 - digits, digits + 1);
    }
    tags_put_inside(first, front);
}

bool tags_claim(tag_byte *first, struct tags_extent *extent) {
    uint8_t tag = tags_load_first(first);
    uint8_t busy;
    do {
        if (!tag_is_in_use(tag))
            return false;
        busy = tag < TAG_FIRST ? TAG_ONE_BUSY : tag - TAG_FIRST + (STATE_BUSY << 4);
    } while (!atomic_compare_exchange_weak_explicit(
        first, &tag, busy, memory_order_acq_rel, memory_order_acquire));
    bool starts = tags_read(first, extent);
    (void)starts;
    EXPECT(starts && extent->state == STATE_BUSY);
    if (tag < TAG_FIRST)
        extent->slack = tag - TAG_ONE_IN_USE;
    return true;
}

/* A block without slack gets another state. */
static void tags_set_state(tag_byte *first, enum block_state from, enum block_state to) {
    uint8_t tag = tags_load(first);
    (void)from;
    EXPECT(tag_is_first(tag) && tag_state(tag) == from);
    if (tag < TAG_FIRST) {
        tags_store_first(first, tag_first(to, 1, 0));
        return;
    }
    tags_store(first + 1, tag_digit(0, 0));
    tags_store_first(first, (uint8_t)((to << 4) + (tag & 15)));
}

void tags_quarantine(tag_byte *first) {
    tags_set_state(first, STATE_BUSY, STATE_QUARANTINED);
}

void tags_take_quarantined(tag_byte *first) {
    tags_set_state(first, STATE_QUARANTINED, STATE_BUSY);
}

void tags_publish(tag_byte *first, unsigned slack) {
    uint8_t tag = tags_load(first);
    EXPECT(tag_is_first(tag) && tag_state(tag) == STATE_BUSY);
    EXPECT(slack <= TAG_SLACK_MAX);
    if (tag < TAG_FIRST) {
        tags_store_first(first, (uint8_t)(TAG_ONE_IN_USE + slack));
        return;
    }
    tags_store(first + 1, tag_digit(slack, 0));
    tags_store_first(first, (uint8_t)(tag - (STATE_BUSY << 4) + TAG_FIRST));
}

size_t tags_distance_to_first(const tag_byte *tag, size_t most) {
    enum {
        STRIDE = 64
    };
    size_t distance = 0;
    while (distance + STRIDE <= most &&
           tags_are(tag - distance - (STRIDE - 1), STRIDE, 0xff, TAG_INSIDE))
        distance += STRIDE;
    while (distance < most && !tag_is_first(tags_load(tag - distance)))
        distance++;
    return distance;
}

uint64_t tags_get_link(const tag_byte *first, enum tags_link link) {
    unsigned offset = tags_links_offset(tags_load(first));
    return tags_get_five(first + offset + link * TAG_DIGITS_MAX);
}

void tags_set_link(tag_byte *first, enum tags_link link, uint64_t value) {
    EXPECT(value <= TAG_VALUE_MAX);
    EXPECT(tag_state(tags_load(first)) == STATE_FREE);
    unsigned offset = tags_links_offset(tags_load(first));
    tags_put_digits(first + offset + link * TAG_DIGITS_MAX, TAG_DIGITS_MAX, value);
}
