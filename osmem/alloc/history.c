#include "osmem/alloc/history.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/text.h"

enum {
    HISTORY_SLOTS = 32,
    HISTORY_LEAST = 16,
    HISTORY_SIZE = 1 << 20,
};

void history_open(struct os_history *history, struct os_kernel *kernel, size_t calls) {
    calls = num_max(calls, HISTORY_LEAST);
    size_t size = num_ceil(calls * sizeof(struct history_call), kernel->page);
    if (!history->ring.base && !guarded_reserve(&history->ring, kernel, size, size))
        return;
    if (guarded_commit(&history->ring, kernel, size))
        history->calls = calls;
}

static struct history_call *history_at(const struct os_history *history,
                                       uint64_t number) {
    struct history_call *ring = (struct history_call *)(void *)history->ring.base;
    return &ring[number % history->calls];
}

void history_add(struct os_history *history, const struct history_call *call) {
    if (history->calls)
        *history_at(history, history->added++) = *call;
}

/* ---- as a program ---- */

struct history_slots {
    const void *block[HISTORY_SLOTS];
    uint64_t used[HISTORY_SLOTS]; /* when last */
};

static unsigned history_find(const struct history_slots *slots, const void *block) {
    unsigned slot = 0;
    while (slot < HISTORY_SLOTS && slots->block[slot] != block)
        slot++;
    return slot;
}

/* An empty slot, or the one that was not used for longest, whose block is freed thereby. */
static unsigned history_enter(struct history_slots *slots) {
    unsigned oldest = 0;
    for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++) {
        if (!slots->block[slot])
            return slot;
        if (slots->used[slot] < slots->used[oldest])
            oldest = slot;
    }
    return oldest;
}

static void history_put_number(struct os_text *text, size_t number) {
    text_put(text, " ");
    text_number(text, number, 10);
}

static void history_put(struct os_text *text, const char *name, unsigned slot) {
    text_put(text, name);
    text_put(text, " s");
    text_number(text, slot, 10);
}

/* One call as a line; nothing where it is about a block that has no slot. */
static void history_put_call(struct os_text *text, struct history_slots *slots,
                             const struct history_call *call, uint64_t now) {
    const char *name = call->function + strlen("os_");
    bool requests = call->result || !call->block;
    unsigned slot = call->block ? history_find(slots, call->block) : HISTORY_SLOTS;
    if (slot == HISTORY_SLOTS) {
        if (!requests || !call->result)
            return;
        if (call->block) /* a realloc of a block without a slot */
            name = "malloc";
        slot = history_enter(slots);
    }
    slots->used[slot] = now;
    history_put(text, name, slot);
    if (strcmp(name, "calloc") == 0)
        history_put_number(text, num_min(call->count, HISTORY_SIZE));
    if (requests || strcmp(name, "realloc") == 0)
        history_put_number(text, num_min(call->size, HISTORY_SIZE));
    if (strcmp(name, "aligned_alloc") == 0)
        history_put_number(text, call->alignment);
    text_put(text, "\n");
    if (call->result)
        slots->block[slot] = call->result;
    else if (strcmp(name, "usable_size") != 0)
        slots->block[slot] = NULL;
}

size_t history_write(const struct os_history *history, int fd, const char *why,
                     struct os_text *line) {
    struct history_slots slots = {.used = {0}};
    uint64_t to = history->added, from = to > history->calls ? to - history->calls : 0;
    size_t calls = 0;
    line->length = 0;
    text_put(line, "format 1\n# ");
    text_put_bytes(line, why, strcspn(why, "\n"));
    text_put(line, "\n");
    text_write(line, fd);
    for (uint64_t number = from; number < to; number++) {
        const struct history_call call = *history_at(history, number);
        if (!call.function || history->added - number > history->calls)
            continue;
        line->length = 0;
        history_put_call(line, &slots, &call, number + 1);
        text_write(line, fd);
        calls++;
    }
    return calls;
}
