#include "fuzz/rig/pattern.h"

#include <string.h>

#include "osmem/base/num.h"

enum {
    DENSE = 1024,
    TAIL = 64,
};

/* What is recycled is smaller than this; above are fresh mappings. */
#define ZERO_DENSE ((size_t)160 << 10)

/* Never zero in any byte: cleared memory must not look as if it were kept. */
static uint64_t pattern_word(uint64_t serial, size_t position) {
    return num_mix(serial << 32 ^ position / 8) | 0x0101010101010101u;
}

/* Dense at first, then twice for each power of two. */
static size_t pattern_step(size_t position) {
    return position < DENSE ? 8 : (size_t)1 << (num_log2(position) - 1);
}

void pattern_fill(void *block, size_t length, uint64_t serial) {
    char *at = block;
    size_t position = 0;
    for (; position + 8 <= length; position += pattern_step(position)) {
        uint64_t word = pattern_word(serial, position);
        memcpy(at + position, &word, 8);
    }
    for (position = length > TAIL ? length - TAIL : 0; position < length; position++)
        at[position] = (char)(pattern_word(serial, position) >> (position % 8 * 8));
}

static bool pattern_bytes_hold(const char *at, size_t from, size_t to, uint64_t serial,
                               size_t *wrong) {
    for (*wrong = from; *wrong < to; ++*wrong)
        if (at[*wrong] != (char)(pattern_word(serial, *wrong) >> (*wrong % 8 * 8)))
            return false;
    return true;
}

bool pattern_holds(const void *block, size_t length, size_t filled, uint64_t serial,
                   size_t *wrong) {
    const char *at = block;
    size_t position = 0;
    for (; position + 8 <= length; position += pattern_step(position)) {
        uint64_t word;
        memcpy(&word, at + position, 8);
        if (word != pattern_word(serial, position))
            return pattern_bytes_hold(at, position, position + 8, serial, wrong);
    }
    size_t rest = length <= DENSE ? num_floor(length, 8) : length;
    size_t tail = filled > TAIL ? filled - TAIL : 0;
    return pattern_bytes_hold(at, rest, length, serial, wrong) &&
           pattern_bytes_hold(at, tail, length, serial, wrong);
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
    size_t dense = num_min(length, ZERO_DENSE);
    if (!pattern_bytes_are_zero(block, 0, dense, wrong))
        return false;
    for (size_t position = dense; position + TAIL < length;
         position += pattern_step(position))
        if (!pattern_bytes_are_zero(block, position, position + TAIL, wrong))
            return false;
    return pattern_bytes_are_zero(block, num_max(dense, length - num_min(TAIL, length)),
                                  length, wrong);
}
