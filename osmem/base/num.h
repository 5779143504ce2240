/*
 * num: sums, products and powers of two that cannot silently wrap.
 *
 * The only module that uses the compiler's arithmetic builtins. Everything is a pure
 * function of its arguments.
 */
#ifndef OSMEM_BASE_NUM_H
#define OSMEM_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *sum = a + b, or false where that does not fit. */
static inline bool num_add(size_t a, size_t b, size_t *sum) {
    return !__builtin_add_overflow(a, b, sum);
}

/* *product = a * b, or false where that does not fit. */
static inline bool num_mul(size_t a, size_t b, size_t *product) {
    return !__builtin_mul_overflow(a, b, product);
}

static inline bool num_is_pow2(size_t n) {
    return n != 0 && (n & (n - 1)) == 0;
}

/* The multiple of `unit` (a power of two) at or below n. */
static inline size_t num_floor(size_t n, size_t unit) {
    return n & ~(unit - 1);
}

/* The multiple of `unit` (a power of two) at or above n; the caller knows that it fits.
 */
static inline size_t num_ceil(size_t n, size_t unit) {
    return num_floor(n + (unit - 1), unit);
}

/* The same where the caller does not know: false if it does not fit. */
static inline bool num_ceil_checked(size_t n, size_t unit, size_t *out) {
    size_t sum;
    if (!num_add(n, unit - 1, &sum))
        return false;
    *out = num_floor(sum, unit);
    return true;
}

static inline size_t num_min(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t num_max(size_t a, size_t b) {
    return a > b ? a : b;
}

/* The position of the highest set bit of n > 0. */
static inline unsigned num_log2(uint64_t n) {
    return 63u - (unsigned)__builtin_clzll(n);
}

/* The position of the lowest set bit of n > 0. */
static inline unsigned num_lowest_bit(uint64_t n) {
    return (unsigned)__builtin_ctzll(n);
}

/* Every bit of n turned over into every bit of the
 * result; a bijection, not a hash to trust. */
static inline uint64_t num_mix(uint64_t n) {
    n ^= n >> 32;
    n *= 0xd6e8feb86659fd93u;
    n ^= n >> 32;
    n *= 0xd6e8feb86659fd93u;
    n ^= n >> 32;
    return n;
}

/* What a call at an address is about, as a number to compare ranges with. */
static inline uintptr_t num_address(const volatile void *p) {
    return (uintptr_t)p;
}

#endif
