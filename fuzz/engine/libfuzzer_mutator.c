/* A custom mutator for libFuzzer; one mutation in four is libFuzzer's own, of bytes. */
#include <stddef.h>
#include <stdint.h>

#include "fuzz/ops/mutate.h"

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most,
                               unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_length,
                                 const uint8_t *other, size_t other_length, uint8_t *out,
                                 size_t most, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most,
                               unsigned int seed) {
    if (seed % 4 == 0)
        return LLVMFuzzerMutate(bytes, length, most);
    return mutate_program(bytes, length, most, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_length,
                                 const uint8_t *other, size_t other_length, uint8_t *out,
                                 size_t most, unsigned int seed) {
    return mutate_cross(one, one_length, other, other_length, out, most, seed);
}
