/*
 * sample: which allocations are guarded ones.
 *
 * One in so many, at random: the distances between two are geometric, so that no program can
 * predict which ones, and no pattern of its own hides a mistake for ever.
 */
#ifndef OSMEM_ALLOC_SAMPLE_H
#define OSMEM_ALLOC_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct os_sample {
    uint64_t random;
    size_t until; /* allocations up to the next one, it included; 0: not drawn yet */
};

/* One more allocation: whether it is one in `every`. 0: none is. */
bool sample_is_due(struct os_sample *sample, size_t every);

#endif
