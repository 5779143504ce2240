/*
 * sample: which allocations are guarded ones.
 *
 * One in so many, at random: the distances between two are geometric, so that no program can
 * predict which ones, and no pattern of its own hides a mistake for ever.
 */
#ifndef OSMEM_ALLOC_SAMPLE_H
#define OSMEM_ALLOC_SAMPLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any thread may count down, without a lock; the one that meets 0 draws the next distance. */
struct os_sample {
    _Atomic(uint64_t) random; /* a counter, whose mixed values are the draws */
    _Atomic(size_t) until; /* allocations up to the next one, it included; 0: not drawn */
};

/* One more allocation: whether it is one in `every`. 0: none is. */
bool sample_is_due(struct os_sample *sample, size_t every);

#endif
