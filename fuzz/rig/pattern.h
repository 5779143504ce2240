/*
 * pattern: the contents of a block, a function of its serial number and the position.
 *
 * Every byte up to 256 and in the last 64; between them two words for each power of two,
 * in blocks of 128 KiB and more half a word. So a block that is resized keeps what the
 * positions below the smaller size say.
 */
#ifndef FUZZ_RIG_PATTERN_H
#define FUZZ_RIG_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void pattern_fill(void *block, size_t length, uint64_t serial);

/* Calls `spot` for each piece of a block that pattern_fill writes. */
void pattern_spots(size_t length, void (*spot)(void *context, size_t at, size_t size),
                   void *context);

/*
 * The first `length` bytes of a block that was filled over `filled` bytes are unchanged;
 * else false, and the position of the first change in *at.
 */
bool pattern_holds(const void *block, size_t length, size_t filled, uint64_t serial,
                   size_t *at);

/* Every byte is zero (from 128 KiB on: at the positions of a pattern); else false, and
 * *at. */
bool pattern_is_zero(const void *block, size_t length, size_t *at);

#endif
