#include "osmem/front/trail.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/text.h"

enum {
    TRAIL_SLOTS = 32,
    TRAIL_LEAST = 16,
    TRAIL_SIZE = 1 << 20,
};

void trail_open(struct os_trail *trail, struct os_kernel *kernel, size_t calls) {
    calls = num_max(calls, TRAIL_LEAST);
    size_t size = num_ceil(calls * sizeof(struct trail_call), kernel->page);
    if (!trail->ring.base && !guarded_reserve(&trail->ring, kernel, size, size))
        return;
    if (guarded_commit(&trail->ring, kernel, size))
        trail->calls = calls;
}

static struct trail_call *trail_at(const struct os_trail *trail, uint64_t number) {
    struct trail_call *ring = (struct trail_call *)(void *)trail->ring.base;
    return &ring[number % trail->calls];
}

void trail_note(struct os_trail *trail, const struct trail_call *call) {
    if (trail->calls)
        *trail_at(trail, trail->taken++) = *call;
}

/* ---- as a program ---- */

struct trail_slots {
    const void *block[TRAIL_SLOTS];
    uint64_t used[TRAIL_SLOTS]; /* when last */
};

static unsigned trail_find(const struct trail_slots *slots, const void *block) {
    unsigned slot = 0;
    while (slot < TRAIL_SLOTS && slots->block[slot] != block)
        slot++;
    return slot;
}

/* An empty slot, or the one that was not used for longest, whose block is freed thereby. */
static unsigned trail_enter(struct trail_slots *slots) {
    unsigned oldest = 0;
    for (unsigned slot = 0; slot < TRAIL_SLOTS; slot++) {
        if (!slots->block[slot])
            return slot;
        if (slots->used[slot] < slots->used[oldest])
            oldest = slot;
    }
    return oldest;
}

static void trail_put_number(struct os_text *text, size_t number) {
    text_put(text, " ");
    text_number(text, number, 10);
}

static void trail_put(struct os_text *text, const char *name, unsigned slot) {
    text_put(text, name);
    text_put(text, " s");
    text_number(text, slot, 10);
}

/* One call as a line; nothing where it is about a block that has no slot. */
static void trail_put_call(struct os_text *text, struct trail_slots *slots,
                           const struct trail_call *call, uint64_t now) {
    const char *name = call->verb + strlen("os_");
    bool asks = call->result || !call->block;
    unsigned slot = call->block ? trail_find(slots, call->block) : TRAIL_SLOTS;
    if (slot == TRAIL_SLOTS) {
        if (!asks || !call->result)
            return;
        if (call->block) /* a realloc of somebody unknown */
            name = "malloc";
        slot = trail_enter(slots);
    }
    slots->used[slot] = now;
    trail_put(text, name, slot);
    if (strcmp(name, "calloc") == 0)
        trail_put_number(text, num_min(call->count, TRAIL_SIZE));
    if (asks || strcmp(name, "realloc") == 0)
        trail_put_number(text, num_min(call->size, TRAIL_SIZE));
    if (strcmp(name, "aligned_alloc") == 0)
        trail_put_number(text, call->alignment);
    text_put(text, "\n");
    if (call->result)
        slots->block[slot] = call->result;
    else if (strcmp(name, "usable_size") != 0)
        slots->block[slot] = NULL;
}

size_t trail_write(const struct os_trail *trail, int fd, const char *why,
                   struct os_text *line) {
    struct trail_slots slots = {.used = {0}};
    uint64_t to = trail->taken, from = to > trail->calls ? to - trail->calls : 0;
    size_t calls = 0;
    line->length = 0;
    text_put(line, "format 1\n# ");
    text_put_bytes(line, why, strcspn(why, "\n"));
    text_put(line, "\n");
    text_write(line, fd);
    for (uint64_t number = from; number < to; number++) {
        const struct trail_call call = *trail_at(trail, number);
        if (!call.verb || trail->taken - number > trail->calls)
            continue;
        line->length = 0;
        trail_put_call(line, &slots, &call, number + 1);
        text_write(line, fd);
        calls++;
    }
    return calls;
}
