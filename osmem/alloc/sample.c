#include "osmem/alloc/sample.h"

#include "osmem/base/num.h"

/*
 * -log2 of a number drawn between 0 and 1, in 1/65536: the position of its highest bit, and the bits
 * below it for the fraction. That straight line is at most 0.09 off, and never far from the mean.
 */
static uint64_t sample_distance(uint64_t random) {
    random |= 1;
    unsigned high = num_log2(random);
    uint64_t mantissa = random << (63 - high) << 1;
    return ((uint64_t)(64 - high) << 16) - (mantissa >> 48);
}

/* Whole parts of an exponential distribution are geometric; half less than `every` is its mean then. */
static size_t sample_draw(struct os_sample *sample, size_t every) {
    enum {
        LN_2 = 45426
    }; /* in 1/65536 */
    if (every == 1)
        return 1;
    uint64_t random =
        num_mix(1 + atomic_fetch_add_explicit(&sample->random, 1, memory_order_relaxed));
    unsigned __int128 distance =
        (unsigned __int128)sample_distance(random) * LN_2 * (2 * every - 1);
    return 1 + (size_t)(distance >> 33);
}

bool sample_is_due(struct os_sample *sample, size_t every) {
    if (every == 0)
        return false;
    size_t until = atomic_fetch_sub_explicit(&sample->until, 1, memory_order_relaxed);
    if (until == 0) {
        until = sample_draw(sample, every);
        atomic_store_explicit(&sample->until, until - 1, memory_order_relaxed);
    }
    return until == 1;
}
