/* A custom mutator for AFL++ (its custom_mutators/README.md), which also mutates
 * bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/ops/mutate.h"

enum {
    AFL_PROGRAM_MAX = 1 << 20,
};

struct afl_mutator {
    struct random random;
    uint8_t program[AFL_PROGRAM_MAX];
};

#define AFL_API __attribute__((visibility("default")))

AFL_API void *afl_custom_init(void *afl, unsigned int seed);
AFL_API size_t afl_custom_fuzz(void *data, uint8_t *bytes, size_t length, uint8_t **out,
                               uint8_t *other, size_t other_length, size_t most);
AFL_API void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned int seed) {
    (void)afl;
    struct afl_mutator *mutator = calloc(1, sizeof *mutator);
    if (mutator)
        mutator->random.state = seed;
    return mutator;
}

size_t afl_custom_fuzz(void *data, uint8_t *bytes, size_t length, uint8_t **out,
                       uint8_t *other, size_t other_length, size_t most) {
    struct afl_mutator *mutator = data;
    uint64_t seed = random_next(&mutator->random);
    size_t limit = most < AFL_PROGRAM_MAX ? most : AFL_PROGRAM_MAX;
    *out = mutator->program;
    if (other && seed % 4 == 0)
        length = mutate_cross(bytes, length, other, other_length, mutator->program, limit,
                              seed);
    else {
        length = length < limit ? length : limit;
        memcpy(mutator->program, bytes, length);
        length = mutate_program(mutator->program, length, limit, seed);
    }
    return length;
}

void afl_custom_deinit(void *data) {
    free(data);
}
