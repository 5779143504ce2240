#include "fuzz/rig/pattern.h"

#include <string.h>

#include "osmem/base/num.h"

enum {
    DENSE = 4096,
    STRIDE = 1024,
    TAIL = 64,
};

/* Never zero in any byte: cleared memory must not look as if it were kept. */
static uint64_t pattern_word(uint64_t serial, size_t position) {
    return num_mix(serial << 32 ^ position / 8) | 0x0101010101010101u;
}

static size_t pattern_step(size_t position) {
    return position < DENSE ? 8 : STRIDE;
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
    size_t tail = filled > TAIL ? filled - TAIL : 0;
    if (filled <= DENSE) /* what the loop left over, less than a word */
        tail = num_max(tail, num_floor(length, 8));
    return pattern_bytes_hold(at, tail, length, serial, wrong);
}

bool pattern_is_zero(const void *block, size_t length, size_t *wrong) {
    const char *at = block;
    *wrong = 0;
    if (length == 0 || (at[0] == 0 && memcmp(at, at + 1, length - 1) == 0))
        return true;
    while (at[*wrong] == 0)
        ++*wrong;
    return false;
}
