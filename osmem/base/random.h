/*
 * random: reproducible pseudo-random numbers, for tests, fuzzing and benchmarks.
 *
 * splitmix64: the state counts up by an odd constant, and each output is a bijection of the
 * state. So the period is 2^64, any seed is as good as another, and equal seeds give equal
 * sequences on every machine. An attacker can predict it: never use it to defend a heap.
 */
#ifndef OSMEM_BASE_RANDOM_H
#define OSMEM_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Initialise with any seed: struct random random = {seed}. */
struct random {
    uint64_t state;
};

/* The next of 2^64 equally likely numbers. */
static inline uint64_t random_next(struct random *random) {
    uint64_t n = random->state += 0x9e3779b97f4a7c15u;
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
    n = (n ^ n >> 27) * 0x94d049bb133111ebu;
    return n ^ n >> 31;
}

/* A number from 0 to n - 1; n > 0. The bias is below n / 2^64: none for what tests draw. */
static inline size_t random_below(struct random *random, size_t n) {
    return (size_t)(random_next(random) % n);
}

#endif
