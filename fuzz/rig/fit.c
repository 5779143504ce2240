#include "fuzz/rig/fit.h"

#include "osmem/base/num.h"

static void fit_add(void *context, const char *address, size_t room) {
    struct fit *fit = context;
    if (fit->count < FIT_BLOCKS)
        fit->block[fit->count] = (struct fit_block){address, room};
    fit->count++;
}

void fit_note(struct fit *fit, const struct subject *subject, void *self) {
    fit->count = 0;
    subject->free_blocks(self, fit_add, fit);
}

/* The noted block that the answer lies in, or NULL. */
static const struct fit_block *fit_chosen(const struct fit *fit, const char *answer) {
    for (size_t i = 0; i < fit->count; i++)
        if (num_address(answer) - num_address(fit->block[i].address) < fit->block[i].room)
            return &fit->block[i];
    return NULL;
}

bool fit_holds(const struct fit *fit, const char *answer, size_t need, bool lowest,
               struct fit_block *better) {
    if (fit->count > FIT_BLOCKS)
        return true;
    const struct fit_block *chosen = fit_chosen(fit, answer);
    if (!chosen)
        return true;
    /* A block that was too small has grown: then nothing may have been large enough. */
    size_t limit = chosen->room >= need ? chosen->room : SIZE_MAX;
    for (size_t i = 0; i < fit->count; i++) {
        const struct fit_block *block = &fit->block[i];
        bool before = lowest && limit < SIZE_MAX && block->room == limit &&
                      num_address(block->address) < num_address(chosen->address);
        if (block->room >= need && (block->room < limit || before)) {
            *better = *block;
            return false;
        }
    }
    return true;
}

bool fit_any(const struct fit *fit, size_t need) {
    for (size_t i = 0; i < fit->count && i < FIT_BLOCKS; i++)
        if (fit->block[i].room >= need)
            return true;
    return false;
}

bool fit_in_place(const struct fit *fit, const char *block, size_t room, size_t header,
                  size_t need) {
    for (size_t i = 0; i < fit->count && i < FIT_BLOCKS; i++)
        if (fit->block[i].address == block + room + header)
            return room + header + fit->block[i].room >= need;
    return false;
}
