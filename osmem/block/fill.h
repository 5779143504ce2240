/*
 * fill: the bytes of memory that is not in use, and what was changed of them.
 *
 * Knows no heap; touches the bytes it is given.
 */
#ifndef OSMEM_BLOCK_FILL_H
#define OSMEM_BLOCK_FILL_H

#include <stdbool.h>
#include <stddef.h>

enum {
    FILL_CLEAR = 0x00, /* in free blocks, where what is freed is cleared */
    FILL_DEAD =
        0xdf, /* in quarantined blocks: eight of it are no address on any x86 or ARM */
};

/* What is wrong with bytes that must not change. */
struct fill_damage {
    size_t changed;                /* bytes */
    size_t first, last;            /* the outermost of them, as offsets */
    unsigned char expected, found; /* at the first */
};

void fill_write(char *at, size_t length, unsigned char byte);
bool fill_holds(const char *at, size_t length, unsigned char byte);
struct fill_damage fill_damage(const char *at, size_t length, unsigned char byte);

/* One byte of a damage, in ascending order of offsets. */
static inline void fill_note(struct fill_damage *damage, size_t at, char expected,
                             char found) {
    if (expected == found)
        return;
    if (damage->changed++ == 0) {
        damage->first = at;
        damage->expected = (unsigned char)expected;
        damage->found = (unsigned char)found;
    }
    damage->last = at;
}

#endif
