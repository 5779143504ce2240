#include "fuzz/rig/pattern.h"

#include <string.h>

#include "osmem/base/num.h"

enum {
    DENSE = 256,
    TAIL = 64,
};

/* Longer blocks have mappings of their own, whose fresh pages cost much to touch. */
#define SPARSE_FROM ((size_t)128 << 10)

/* No byte is zero, so that zeroed memory never looks unchanged. */
static uint64_t pattern_word(uint64_t key, size_t position) {
    return (key + position / 8 * 0x9e3779b97f4a7c15u) | 0x0101010101010101u;
}

static uint64_t pattern_key(uint64_t serial) {
    return num_mix(serial);
}

/* The position of the next word, in a block that is filled over so many bytes. */
static size_t pattern_next(size_t position, size_t filled) {
    if (position < DENSE)
        return position + 8;
    if (filled < SPARSE_FROM) /* two words for each power of two */
        return position + ((size_t)1 << (num_log2(position) - 1));
    return num_max(4 * position, 16384);
}

void pattern_fill(void *block, size_t length, uint64_t serial) {
    char *at = block;
    size_t position = 0;
    uint64_t key = pattern_key(serial);
    for (; position + 8 <= length; position = pattern_next(position, length)) {
        uint64_t word = pattern_word(key, position);
        memcpy(at + position, &word, 8);
    }
    for (position = length > TAIL ? length - TAIL : 0; position < length; position++)
        at[position] = (char)(pattern_word(key, position) >> (position % 8 * 8));
}

void pattern_spots(size_t length, void (*spot)(void *context, size_t at, size_t size),
                   void *context) {
    spot(context, 0, num_min(length, DENSE));
    for (size_t at = DENSE; at + 8 <= length; at = pattern_next(at, length))
        spot(context, at, 8);
    if (length > TAIL)
        spot(context, length - TAIL, TAIL);
}

static bool pattern_bytes_hold(const char *at, size_t from, size_t to, uint64_t key,
                               size_t *wrong) {
    for (*wrong = from; *wrong < to; ++*wrong)
        if (at[*wrong] != (char)(pattern_word(key, *wrong) >> (*wrong % 8 * 8)))
            return false;
    return true;
}

bool pattern_holds(const void *block, size_t length, size_t filled, uint64_t serial,
                   size_t *wrong) {
    const char *at = block;
    uint64_t key = pattern_key(serial);
    size_t position = 0;
    for (; position + 8 <= length; position = pattern_next(position, filled)) {
        uint64_t word;
        memcpy(&word, at + position, 8);
        if (word != pattern_word(key, position))
            return pattern_bytes_hold(at, position, position + 8, key, wrong);
    }
    size_t rest = length <= DENSE ? num_floor(length, 8) : length;
    size_t tail = filled > TAIL ? filled - TAIL : 0;
    return pattern_bytes_hold(at, rest, length, key, wrong) &&
           pattern_bytes_hold(at, tail, length, key, wrong);
}

static bool pattern_bytes_are_zero(const char *at, size_t from, size_t to,
                                   size_t *wrong) {
    *wrong = from;
    if (from == to ||
        (at[from] == 0 && memcmp(at + from, at + from + 1, to - from - 1) == 0))
        return true;
    while (at[*wrong] == 0)
        ++*wrong;
    return false;
}

bool pattern_is_zero(const void *block, size_t length, size_t *wrong) {
    size_t dense = length < SPARSE_FROM ? length : 4096;
    if (!pattern_bytes_are_zero(block, 0, dense, wrong))
        return false;
    for (size_t at = dense; at + TAIL < length; at = pattern_next(at, length))
        if (!pattern_bytes_are_zero(block, at, at + TAIL, wrong))
            return false;
    return pattern_bytes_are_zero(block, num_max(dense, length - num_min(TAIL, length)),
                                  length, wrong);
}
