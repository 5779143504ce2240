/*
 * tag: what one byte of the tag plane means.
 *
 * The heap is counted in granules of 16 bytes, and each granule has one byte, its tag, far
 * away from it. The value ranges are disjoint, so that a tag shows its role by itself:
 *
 *   0x00        inside       in the midst of a block
 *   0x01        not ours     a granule of the break that another user took
 *   0x02        not ours     the first of a long stretch; five digits follow
 *   0x03..0x06  one          a block of one granule: busy, cached, quarantined, free
 *   0x07..0x0e  reserved
 *   0x0f..0x1f  one          a block of one granule in use, with its slack (0 to 16)
 *   0x20..0x6f  first        the start of a longer block: state * 16 + size code
 *   0x70..0x7f  last         the end of a longer free block: 0x70 + size code
 *   0x80..0xff  detail       seven bits of slack, size or link, within a block
 *
 * Size code 0..13 is a block of 2..15 granules; 14 says that one digit holds the size
 * (16..127), 15 that five do. So the tags of a block are, from left to right:
 *
 *   in use  [first][slack][size digits] inside ...
 *   free    [first][zero-known][size digits][links] inside ... [size digits][last]
 *
 * where a free block of two granules is [first][last] and cannot be zero-known.
 *
 * Pure functions of values; nothing here touches memory.
 */
#ifndef OSMEM_BLOCK_TAG_H
#define OSMEM_BLOCK_TAG_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRANULE ((size_t)16)

/* The high half of a first's tag, but for not ours. */
enum block_state {
    STATE_NOT_OURS = 1,
    STATE_IN_USE = 2,
    STATE_BUSY =
        3, /* a call works on it: fresh, being resized or freed, out of quarantine */
    STATE_CACHED = 4,
    STATE_QUARANTINED = 5,
    STATE_FREE = 6,
};

enum {
    TAG_INSIDE = 0x00,
    TAG_NOT_OURS = 0x01,
    TAG_NOT_OURS_LONG = 0x02,
    TAG_ONE_BUSY = 0x03,
    TAG_ONE_CACHED = 0x04,
    TAG_ONE_QUARANTINED = 0x05,
    TAG_ONE_FREE = 0x06,
    TAG_ONE_IN_USE = 0x0f,
    TAG_FIRST = 0x20,
    TAG_LAST = 0x70,
    TAG_DETAIL = 0x80,
};

enum {
    TAG_SLACK_MAX = 16, /* usable size minus requested; 0: the block has no canary */
    TAG_DIGIT_BITS = 7, /* a detail holds seven bits */
    TAG_DIGITS_MAX = 5, /* so that a size or a link has up to 35 */
    TAG_CODE_ONE_DIGIT = 14,
    TAG_CODE_FIVE_DIGITS = 15,
};

#define TAG_VALUE_BITS (TAG_DIGIT_BITS * TAG_DIGITS_MAX)
#define TAG_VALUE_MAX  (((uint64_t)1 << TAG_VALUE_BITS) - 1)

/* Free blocks from here on have two links (next, previous) among their tags ... */
#define TAG_LINKS_MIN_GRANULES ((size_t)13)
/* ... and from here on five (two children and a parent besides). */
#define TAG_TRIE_MIN_GRANULES ((size_t)65)

static_assert(TAG_ONE_IN_USE + TAG_SLACK_MAX < TAG_FIRST,
              "one-granule tags end below firsts");
static_assert(TAG_FIRST == STATE_IN_USE << 4, "a first is state * 16 + code");
static_assert((STATE_FREE << 4) + 15 < TAG_LAST, "firsts end below lasts");
static_assert(TAG_LAST + 15 < TAG_DETAIL, "lasts end below details");
static_assert(1 + 1 + 10 + 1 <= 13,
              "two links fit a block of 13 granules, size in its code");
static_assert(1 + 1 + 1 + 10 + 1 + 1 <= 16, "and one of 16, size in a digit at each end");
static_assert(1 + 1 + 1 + 25 + 1 + 1 <= 65, "five links fit a block of 65 granules");
static_assert(1 + 1 + 5 + 25 + 5 + 1 <= 128, "and one of 128, size in five digits");

/* The size code of a block of two granules and more. */
static inline unsigned tag_code(size_t granules) {
    if (granules <= 15)
        return (unsigned)granules - 2;
    return granules <= 127 ? TAG_CODE_ONE_DIGIT : TAG_CODE_FIVE_DIGITS;
}

/* How many digits of size follow a first, or stand before a last, of this code. */
static inline unsigned tag_code_digits(unsigned code) {
    if (code < TAG_CODE_ONE_DIGIT)
        return 0;
    return code == TAG_CODE_ONE_DIGIT ? 1 : TAG_DIGITS_MAX;
}

static inline uint8_t tag_digit(uint64_t value, unsigned position) {
    return (uint8_t)(TAG_DETAIL | (value >> (TAG_DIGIT_BITS * position) & 0x7f));
}

static inline uint64_t tag_digit_value(uint8_t tag, unsigned position) {
    return (uint64_t)(tag & 0x7f) << (TAG_DIGIT_BITS * position);
}

static inline bool tag_is_last(uint8_t tag) {
    return tag >= TAG_LAST && tag < TAG_DETAIL;
}

/* A block, or a stretch that is not ours, starts here. */
static inline bool tag_is_first(uint8_t tag) {
    return tag != TAG_INSIDE && tag < TAG_LAST &&
           (tag <= TAG_ONE_FREE || tag >= TAG_ONE_IN_USE);
}

/* One comparison on the way of every free: a block in use starts here. */
static inline bool tag_is_in_use(uint8_t tag) {
    return tag >= TAG_ONE_IN_USE && tag < (STATE_BUSY << 4);
}

/* The tag of a first; `slack` counts only for one granule in use. */
static inline uint8_t tag_first(enum block_state state, size_t granules, unsigned slack) {
    if (granules > 1)
        return (uint8_t)((unsigned)state * 16 + tag_code(granules));
    switch (state) {
    case STATE_NOT_OURS:
        return TAG_NOT_OURS;
    case STATE_BUSY:
        return TAG_ONE_BUSY;
    case STATE_CACHED:
        return TAG_ONE_CACHED;
    case STATE_QUARANTINED:
        return TAG_ONE_QUARANTINED;
    case STATE_FREE:
        return TAG_ONE_FREE;
    default:
        return (uint8_t)(TAG_ONE_IN_USE + slack);
    }
}

/* The state that a first tag has; the caller knows that it is one. */
static inline enum block_state tag_state(uint8_t tag) {
    static const uint8_t one[] = {
        [TAG_NOT_OURS] = STATE_NOT_OURS,
        [TAG_NOT_OURS_LONG] = STATE_NOT_OURS,
        [TAG_ONE_BUSY] = STATE_BUSY,
        [TAG_ONE_CACHED] = STATE_CACHED,
        [TAG_ONE_QUARANTINED] = STATE_QUARANTINED,
        [TAG_ONE_FREE] = STATE_FREE,
    };
    if (tag >= TAG_FIRST)
        return (enum block_state)(tag >> 4);
    return tag < TAG_ONE_IN_USE ? (enum block_state)one[tag] : STATE_IN_USE;
}

#endif
