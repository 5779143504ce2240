#include "fuzz/ops/program.h"

#include <string.h>

#include "fuzz/ops/codec.h"
#include "osmem/base/num.h"

void program_read(struct program *program, const uint8_t *bytes, size_t length) {
    size_t at = 0;
    program->count = 0;
    while (program->count < PROGRAM_OPS &&
           codec_decode(bytes, length, &at, &program->op[program->count]))
        program->count++;
}

size_t program_write(const struct program *program, uint8_t *bytes, size_t most) {
    uint8_t op[OP_BYTES_MAX];
    size_t length = 0;
    for (size_t i = 0; i < program->count; i++) {
        size_t size = codec_encode(&program->op[i], op);
        if (size > most - length)
            break;
        memcpy(bytes + length, op, size);
        length += size;
    }
    return length;
}

uint32_t program_hash(const uint8_t *bytes, size_t length) {
    uint64_t hash = 0;
    for (size_t i = 0; i < length; i++)
        hash = num_mix(hash + bytes[i] + 1);
    return (uint32_t)(hash >> 32);
}

void program_remove(struct program *program, size_t at, size_t count) {
    memmove(&program->op[at], &program->op[at + count],
            (program->count - at - count) * sizeof program->op[0]);
    program->count -= count;
}

bool program_open(struct program *program, size_t at, size_t count) {
    if (count > PROGRAM_OPS - program->count)
        return false;
    memmove(&program->op[at + count], &program->op[at],
            (program->count - at) * sizeof program->op[0]);
    program->count += count;
    return true;
}
