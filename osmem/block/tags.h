/*
 * tags: the tag plane, where blocks are written down.
 *
 * The only module that knows how a block's extent and state stand in tags. It speaks granules,
 * knows no kernel, and never touches a byte of user memory.
 *
 * The invariants of the plane (osmem/check has one function for each):
 *
 *   B1  blocks tile the span: right behind a block's last granule the next one starts
 *   B2  behind a block's first granule there is only inside or detail, and a free one's last
 *   B3  a free block's last tag has the same size as its first
 *   B4  no two free blocks touch
 *
 * The law of threads: a block's extent changes only under the lock of its arena; its state among
 * in use, busy, cached and quarantined is changed by its owner without it. So tags are atomic
 * bytes, and a first is written last (release) and read first (acquire).
 *
 * Every function that takes `first` wants a pointer to the tag of a block's first granule; the
 * tags of the granules on both sides of the span (-1 and the end) may be read.
 */
#ifndef OSMEM_BLOCK_TAGS_H
#define OSMEM_BLOCK_TAGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "osmem/block/tag.h"

typedef _Atomic(uint8_t) tag_byte;

/* A block as its tags describe it. */
struct tags_extent {
    size_t granules;
    enum block_state state;
    unsigned slack; /* 0..16; in use only */
    bool zero;      /* free only: every byte is known to be zero, but for its links */
};

enum tags_link {
    LINK_NEXT,
    LINK_PREVIOUS,
    LINK_LOW,  /* the child with a 0 in the bit that this depth decides */
    LINK_HIGH, /* the child with a 1 */
    LINK_PARENT,
};

static inline uint8_t tags_load(const tag_byte *tag) {
    return atomic_load_explicit(tag, memory_order_relaxed);
}

static inline uint8_t tags_load_first(const tag_byte *tag) {
    return atomic_load_explicit(tag, memory_order_acquire);
}

static inline void tags_store(tag_byte *tag, uint8_t value) {
    atomic_store_explicit(tag, value, memory_order_relaxed);
}

static inline void tags_store_first(tag_byte *tag, uint8_t value) {
    atomic_store_explicit(tag, value, memory_order_release);
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tags_load_eight takes the tag at the lowest address for the lowest byte"
#endif

static_assert(TAG_INSIDE == 0, "a run of inside is a run of zero bytes");

#define TAGS_EACH 0x0101010101010101u

typedef uint64_t __attribute__((may_alias)) tags_word;

/*
 * Eight tags from here on, the first in the lowest byte: of one word or two that are aligned, so that
 * the loads are atomic, for a neighbour's state may change meanwhile. Reads whole words, at most seven
 * tags on either side of those wanted: a plane begins and ends with a granule of sentinel.
 */
static inline uint64_t tags_load_eight(const tag_byte *at) {
    unsigned offset = (uintptr_t)at & 7;
    const tags_word *word = (const tags_word *)(const void *)(at - offset);
    uint64_t low = __atomic_load_n(word, __ATOMIC_RELAXED) >> 8 * offset;
    if (offset == 0)
        return low;
    return low | __atomic_load_n(word + 1, __ATOMIC_RELAXED) << (64 - 8 * offset);
}

/* The number that five digits from here on encode. */
static inline uint64_t tags_get_five(const tag_byte *at) {
    uint64_t w = tags_load_eight(at);
    return (w & 0x7f) | (w >> 1 & 0x3f80) | (w >> 2 & 0x1fc000) | (w >> 3 & 0xfe00000) |
           (w >> 4 & 0x7f0000000);
}

/* The number that one digit or five from here on encode; 0 for none. */
static inline uint64_t tags_get_digits(const tag_byte *at, unsigned count) {
    if (count == TAG_DIGITS_MAX)
        return tags_get_five(at);
    return count ? tag_digit_value(tags_load(at), 0) : 0;
}

/* The tags of the range have `value` in the bits of `bits`. */
static inline bool tags_are(const tag_byte *from, size_t count, uint8_t bits,
                            uint8_t value) {
    uint64_t pattern = value * TAGS_EACH, mask = bits * TAGS_EACH;
    for (; count >= 8; from += 8, count -= 8)
        if ((tags_load_eight(from) ^ pattern) & mask)
            return false;
    mask &= ((uint64_t)1 << 8 * count) - 1;
    return ((tags_load_eight(from) ^ pattern) & mask) == 0;
}

/*
 * Every tag of the range is inside. Of one extent, behind its first two tags: only a change of the
 * extent writes there, and the caller has the lock for that; so these are plain loads of the very
 * range, which a compiler can make wide.
 */
static inline bool tags_are_inside(const tag_byte *from, size_t count) {
    const char *at = (const char *)(uintptr_t)from;
    uint64_t any = 0, word;
    for (; count >= sizeof word; at += sizeof word, count -= sizeof word) {
        memcpy(&word, at, sizeof word);
        any |= word;
    }
    for (; count > 0; count--)
        any |= (unsigned char)*at++;
    return any == 0;
}

/* Every tag of the range is a detail. */
static inline bool tags_are_details(const tag_byte *from, size_t count) {
    return tags_are(from, count, TAG_DETAIL, TAG_DETAIL);
}

/* Reads the extent that starts here; false, and nothing read, where none starts. */
static inline bool tags_read(const tag_byte *first, struct tags_extent *extent) {
    uint8_t tag = tags_load_first(first);
    if (!tag_is_first(tag))
        return false;
    *extent = (struct tags_extent){.granules = 1, .state = tag_state(tag)};
    if (tag < TAG_FIRST) {
        if (tag >= TAG_ONE_IN_USE)
            extent->slack = tag - TAG_ONE_IN_USE;
        else if (tag == TAG_NOT_OURS_LONG)
            extent->granules = tags_get_digits(first + 1, TAG_DIGITS_MAX);
        return true;
    }
    unsigned code = tag & 15;
    unsigned digits = tag_code_digits(code);
    extent->granules = digits ? tags_get_digits(first + 2, digits) : code + 2u;
    uint8_t note = tags_load(first + 1) & 0x7f;
    if (extent->state == STATE_FREE)
        extent->zero = extent->granules > 2 && note != 0;
    else
        extent->slack = note;
    return true;
}

/* Writes an extent over granules that are all inside. Reads back as it was given. */
void tags_write(tag_byte *first, const struct tags_extent *extent);

/* Makes every tag of an extent inside again;
 * touches at most 38 bytes and its single tags. */
void tags_erase(tag_byte *first, const struct tags_extent *extent);

/*
 * In use => busy, for the one of all threads that gets it; false where no block in use starts. The
 * extent is as it was, with its slack, which a busy block of one granule has no tag for.
 */
bool tags_claim(tag_byte *first, struct tags_extent *extent);

/* Busy => quarantined, or back; the block has no slack then. */
void tags_quarantine(tag_byte *first);
void tags_take_quarantined(tag_byte *first);

/* Busy => in use, with this slack. It is the owner's, who has written what a canary needs before. */
void tags_publish(tag_byte *first, unsigned slack);

/* The size in granules of the free block that ends right before `first`, or 0. */
static inline size_t tags_left_free(const tag_byte *first) {
    uint8_t tag = tags_load(first - 1);
    if (tag == TAG_ONE_FREE)
        return 1;
    if (!tag_is_last(tag))
        return 0;
    unsigned code = tag & 15;
    unsigned digits = tag_code_digits(code);
    return digits ? tags_get_digits(first - 1 - digits, digits) : code + 2u;
}

/* How far `tag` lies behind the first of the extent that it belongs to. */
size_t tags_distance_to_first(const tag_byte *tag, size_t most);

/* The links of a free block of at least TAG_LINKS_MIN_GRANULES; 35 bits each. */
uint64_t tags_get_link(const tag_byte *first, enum tags_link link);
void tags_set_link(tag_byte *first, enum tags_link link, uint64_t value);

#endif
