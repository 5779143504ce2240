#include "osmem/block/fill.h"

#include <string.h>

enum {
    FILL_STEP = 256, /* bytes that are looked at one by one only where they do not hold */
};

void fill_write(char *at, size_t length, unsigned char byte) {
    memset(at, byte, length);
}

bool fill_holds(const char *at, size_t length, unsigned char byte) {
    return length == 0 || (at[0] == (char)byte && memcmp(at, at + 1, length - 1) == 0);
}

struct fill_damage fill_damage(const char *at, size_t length, unsigned char byte) {
    struct fill_damage damage = {.changed = 0};
    for (size_t from = 0; from < length; from += FILL_STEP) {
        size_t to = from + FILL_STEP < length ? from + FILL_STEP : length;
        if (fill_holds(at + from, to - from, byte))
            continue;
        for (size_t i = from; i < to; i++)
            fill_note(&damage, i, (char)byte, at[i]);
    }
    return damage;
}
