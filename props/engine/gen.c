#include "props/engine/gen.h"

#include "osmem/base/num.h"
#include "osmem/base/random.h"

enum {
    GEN_MOST = 256,
    GEN_SIZES = 20, /* powers of two in a stream */
};

struct gen_stream {
    const char *name;
    unsigned malloc, calloc, realloc, free; /* per mille of the calls */
    unsigned brief;                         /* percent of short-lived blocks */
    unsigned size[GEN_SIZES];               /* per mille, by log2 */
};

static const struct gen_stream gen_table[] = {
#define STREAM(name, malloc, calloc, realloc, free, brief, ...) \
    {name, malloc, calloc, realloc, free, brief, {__VA_ARGS__}},
#include "props/engine/streams.def"
#undef STREAM
};

/* The mix of a program, drawn before its first operation. */
struct gen_swarm {
    uint8_t weight[OP_KINDS];
    unsigned weights;
    uint32_t classes;        /* size classes, as bits */
    struct op_size again[4]; /* sizes that repeat */
    unsigned agains;
    unsigned slots;
    const struct gen_stream *stream; /* NULL: sizes by class */
    unsigned last;                   /* the slot of the last block */
};

unsigned gen_streams(void) {
    return sizeof gen_table / sizeof gen_table[0];
}

const char *gen_stream_name(unsigned stream) {
    return gen_table[stream].name;
}

/* ---- the mix of a program ---- */

static void gen_weigh(struct gen_swarm *swarm, enum op_kind kind, unsigned weight) {
    swarm->weights += weight - swarm->weight[kind];
    swarm->weight[kind] = (uint8_t)weight;
}

static void gen_draw_mix(struct gen_swarm *swarm, const struct gen_profile *profile,
                         struct random *random) {
    static const uint8_t usual[OP_KINDS] = {
        [OP_MALLOC] = 12,       [OP_CALLOC] = 5,      [OP_REALLOC] = 12,   [OP_FREE] = 12,
        [OP_ALIGNED_ALLOC] = 4, [OP_USABLE_SIZE] = 2, [OP_WRITE] = 2,      [OP_TRIM] = 2,
        [OP_REFUSE] = 2,        [OP_SBRK] = 2,        [OP_FREE_SIZED] = 4,
    };
    for (int kind = 0; kind < OP_KINDS; kind++) {
        unsigned often = profile->often >> kind & 1;
        if (random_below(random, 2) || often)
            gen_weigh(swarm, (enum op_kind)kind, usual[kind] + 12 * often);
    }
    if (swarm->stream) {
        gen_weigh(swarm, OP_MALLOC, 1 + swarm->stream->malloc / 10);
        gen_weigh(swarm, OP_CALLOC, 1 + swarm->stream->calloc / 10);
        gen_weigh(swarm, OP_REALLOC, 1 + swarm->stream->realloc / 10);
        gen_weigh(swarm, OP_FREE, 1 + swarm->stream->free / 10);
    }
    for (int kind = 0; kind < OP_KINDS; kind++)
        if (profile->never >> kind & 1)
            gen_weigh(swarm, (enum op_kind)kind, 0);
    if (!swarm->weight[OP_CALLOC] && !swarm->weight[OP_REALLOC])
        gen_weigh(swarm, OP_MALLOC, usual[OP_MALLOC]);
}

static struct op_size gen_class_size(const struct gen_swarm *swarm,
                                     struct random *random) {
    struct op_size size;
    do
        size.class = (uint8_t)random_below(random, SIZE_CLASSES);
    while (!(swarm->classes >> size.class & 1));
    size.number = (uint32_t)random_below(random, 1024);
    if (size.class == SIZE_BYTE && random_below(random, 2))
        size.number >>= 3; /* most are small, as in real programs */
    if (size_is_any(size))
        size.number |= (uint32_t)random_below(random, 1 << 16) << 10;
    return size;
}

static void gen_draw_sizes(struct gen_swarm *swarm, struct random *random) {
    swarm->classes =
        1u << SIZE_BYTE | (uint32_t)random_below(random, (size_t)1 << SIZE_CLASSES);
    if (random_below(random, 2)) {
        swarm->agains = 1 + (unsigned)random_below(random, 4);
        for (unsigned i = 0; i < swarm->agains; i++)
            swarm->again[i] = gen_class_size(swarm, random);
    }
}

/* ---- one operation ---- */

static struct op_size gen_stream_size(const struct gen_stream *stream,
                                      struct random *random) {
    unsigned total = 0, k = 0;
    struct op_size size;
    for (unsigned i = 0; i < GEN_SIZES; i++)
        total += stream->size[i];
    for (size_t at = random_below(random, total); at >= stream->size[k]; k++)
        at -= stream->size[k];
    size_t bytes = ((size_t)1 << k) + random_below(random, (size_t)1 << k);
    if (k > 4 && random_below(random, 2))
        bytes = num_floor(bytes, 8); /* structs */
    return size_from_bytes(bytes, &size) ? size : (struct op_size){SIZE_BYTE, 16};
}

static struct op_size gen_size(const struct gen_swarm *swarm, struct random *random) {
    if (swarm->agains && random_below(random, 4))
        return swarm->again[random_below(random, swarm->agains)];
    if (swarm->stream && random_below(random, 16))
        return gen_stream_size(swarm->stream, random);
    return gen_class_size(swarm, random);
}

static enum op_kind gen_kind(const struct gen_swarm *swarm, struct random *random) {
    size_t at = random_below(random, swarm->weights);
    int kind = 0;
    for (; at >= swarm->weight[kind]; kind++)
        at -= swarm->weight[kind];
    return (enum op_kind)kind;
}

static struct op gen_op(struct gen_swarm *swarm, struct random *random) {
    struct op op = {.kind = (uint8_t)gen_kind(swarm, random),
                    .slot = (uint8_t)random_below(random, swarm->slots),
                    .size = gen_size(swarm, random),
                    .size2 = {SIZE_BYTE, (uint32_t)random_below(random, 8)},
                    .alignment =
                        (uint8_t)random_below(random, random_below(random, 4) ? 16 : 256),
                    .count = (uint8_t)random_next(random)};
    if (random_below(random, 16) == 0)
        op.size2 = (struct op_size){SIZE_RARE, (uint32_t)random_below(random, RARE_HUGE)};
    if (swarm->stream && op.kind == OP_FREE &&
        random_below(random, 100) < swarm->stream->brief)
        op.slot = (uint8_t)swarm->last;
    if (op.kind == OP_MALLOC || op.kind == OP_CALLOC)
        swarm->last = op.slot;
    return op;
}

void gen_program(struct program *program, const struct gen_profile *profile,
                 uint64_t seed) {
    static const uint8_t slots[] = {2, 3, 4, 8, 16, OP_SLOTS};
    struct gen_swarm swarm = {.weights = 0};
    struct random random = {seed};
    unsigned most = profile->most ? profile->most : GEN_MOST;
    if (random_below(&random, 4) == 0)
        swarm.stream = &gen_table[random_below(&random, gen_streams())];
    gen_draw_mix(&swarm, profile, &random);
    gen_draw_sizes(&swarm, &random);
    swarm.slots = slots[random_below(&random, sizeof slots)];
    /* Short programs as often as long ones: they cost less. */
    unsigned bits = 2 + (unsigned)random_below(&random, num_log2(most) - 1);
    program->count = num_min(most, 1 + random_below(&random, (size_t)2 << bits));
    for (size_t i = 0; i < program->count; i++)
        program->op[i] = gen_op(&swarm, &random);
}
