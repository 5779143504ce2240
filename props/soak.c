/*
 * soak: very many valid calls, without a false report.
 *
 *     soak [--operations=N] [--live=N] [--seed=N]
 *
 * Calls the process-wide heap, in the tier of OSMEM_OPTIONS, with the mix of calls, sizes
 * and lifetimes of one real program after the other (engine/streams.def), and checks the
 * bytes of every block. A report of osmem, or a changed byte, ends it. The last line is
 * `soak: N operations, L live blocks, seed S: no alarm`.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "osmem/osmem.h"

enum {
    SIZES = 20,       /* powers of two in a stream */
    STRETCH = 250000, /* operations of one program */
    RECENT = 16,      /* the last blocks, from which short-lived ones are freed */
};

struct stream {
    const char *name;
    unsigned malloc, calloc, realloc, free, short_lived;
    unsigned size[SIZES];
};

static const struct stream streams[] = {
#define STREAM(name, malloc, calloc, realloc, free, short_lived, ...) \
    {name, malloc, calloc, realloc, free, short_lived, {__VA_ARGS__}},
#include "props/engine/streams.def"
#undef STREAM
};

enum {
    STREAMS = sizeof streams / sizeof streams[0],
};

struct block {
    char *bytes;
    size_t size;
    uint64_t serial;
};

static struct block *blocks;
static size_t live_most, live;
static uint64_t state, serial;

static uint64_t draw(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static size_t below(size_t most) {
    return (size_t)((unsigned __int128)draw() * most >> 64);
}

static size_t draw_size(const struct stream *stream) {
    unsigned total = 0, k = 0;
    for (unsigned i = 0; i < SIZES; i++)
        total += stream->size[i];
    size_t at = below(total);
    for (; at >= stream->size[k]; k++)
        at -= stream->size[k];
    return ((size_t)1 << k) + below((size_t)1 << k) - (k == 0 && below(8) == 0);
}

/* ---- contents: a word at the start, and again at the end if there is space ---- */

static size_t head(const struct block *block) {
    return block->size < sizeof serial ? block->size : sizeof serial;
}

static char *tail(const struct block *block, char *bytes) {
    return block->size < 2 * sizeof serial ? bytes : bytes + block->size - sizeof serial;
}

static void mark(struct block *block) {
    block->serial = ++serial * 0x9e3779b97f4a7c15u;
    memcpy(block->bytes, &block->serial, head(block));
    memcpy(tail(block, block->bytes), &block->serial, head(block));
}

static bool holds(const struct block *block, const char *at, size_t length) {
    return memcmp(at, &block->serial, length) == 0;
}

static void demand(bool sound, const char *what, const struct block *block) {
    if (sound)
        return;
    fprintf(stderr, "soak: block of %zu bytes: expected %s\n", block->size, what);
    exit(1);
}

/* Checks the words within the first `kept` bytes. */
static void check(const struct block *block, char *bytes, size_t kept) {
    size_t first = kept < head(block) ? kept : head(block);
    demand(holds(block, bytes, first), "its first bytes", block);
    if (kept >= block->size)
        demand(holds(block, tail(block, bytes), head(block)), "its last bytes", block);
}

/* ---- the calls ---- */

static void take(const struct stream *stream, bool zero) {
    struct block *block = &blocks[live++];
    block->size = draw_size(stream);
    block->bytes = zero ? os_calloc(1, block->size) : os_malloc(block->size);
    demand(block->bytes, "memory", block);
    for (size_t i = 0; zero && i < block->size; i += 1 + i / 8)
        demand(block->bytes[i] == 0, "zero bytes", block);
    mark(block);
}

/* A block to free or resize; a short-lived one is among the last. */
static size_t draw_block(const struct stream *stream) {
    bool recent = below(100) < stream->short_lived;
    return recent && live > RECENT ? live - 1 - below(RECENT) : below(live);
}

static void give(size_t number) {
    check(&blocks[number], blocks[number].bytes, SIZE_MAX);
    os_free(blocks[number].bytes);
    blocks[number] = blocks[--live];
}

static void resize(const struct stream *stream, size_t number) {
    struct block *block = &blocks[number];
    size_t size = draw_size(stream);
    size += size == 0; /* size 0 would free it */
    check(block, block->bytes, SIZE_MAX);
    char *bytes = os_realloc(block->bytes, size);
    demand(bytes, "memory", block);
    check(block, bytes, size);
    block->bytes = bytes;
    block->size = size;
    mark(block);
}

static void step(const struct stream *stream) {
    unsigned total = stream->malloc + stream->calloc + stream->realloc + stream->free;
    size_t kind = below(total);
    if (live == live_most || (live > 0 && kind < stream->free))
        give(draw_block(stream));
    else if (live > 0 && kind < stream->free + stream->realloc)
        resize(stream, draw_block(stream));
    else /* fills up to --live, for any mix of calls */
        take(stream, kind < stream->free + stream->realloc + stream->calloc);
}

static void run(uint64_t operations) {
    for (uint64_t done = 0; done < operations; done++) {
        const struct stream *stream = &streams[done / STRETCH % STREAMS];
        step(stream);
        if (live < live_most / 2)
            take(stream, false);
        if (done % (operations / 100 + 1) == 0)
            fprintf(stderr, "\rsoak: %3.0f %%, %zu live",
                    100.0 * (double)done / (double)operations, live);
    }
    fputc('\n', stderr);
    while (live)
        give(live - 1);
}

static bool number(const char *argument, const char *name, uint64_t *value) {
    size_t length = strlen(name);
    char *end;
    if (strncmp(argument, name, length) != 0 || argument[length] != '=')
        return false;
    *value = strtoull(argument + length + 1, &end, 10);
    return end != argument + length + 1 && *end == '\0' && *value > 0;
}

int main(int argc, char **argv) {
    uint64_t operations = 10000000, most = 32, seed = 1;
    for (int i = 1; i < argc; i++)
        if (!number(argv[i], "--operations", &operations) &&
            !number(argv[i], "--live", &most) && !number(argv[i], "--seed", &seed)) {
            fprintf(stderr, "soak: %s: expected --operations=N, --live=N or --seed=N\n",
                    argv[i]);
            return 2;
        }
    live_most = most;
    state = seed * 0x9e3779b97f4a7c15u | 1;
    blocks = calloc(live_most, sizeof *blocks);
    if (!blocks) {
        fputs("soak: too many live blocks\n", stderr);
        return 2;
    }
    run(operations);
    free(blocks);
    printf("soak: %llu operations, %zu live blocks, seed %llu: no alarm\n",
           (unsigned long long)operations, live_most, (unsigned long long)seed);
    return 0;
}
