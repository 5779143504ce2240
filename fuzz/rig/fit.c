#include "fuzz/rig/fit.h"

#include "osmem/base/num.h"

static void fit_add(void *context, const char *address, size_t size) {
    struct fit *fit = context;
    if (fit->count < FIT_BLOCKS)
        fit->block[fit->count] = (struct fit_block){address, size};
    fit->count++;
}

void fit_note(struct fit *fit, const struct subject *subject, void *self) {
    fit->count = 0;
    subject->free_blocks(self, fit_add, fit);
}

/* The noted block that the answer lies in, or NULL. */
static const struct fit_block *fit_taken(const struct fit *fit, const char *answer) {
    for (size_t i = 0; i < fit->count; i++)
        if (num_address(answer) - num_address(fit->block[i].address) < fit->block[i].size)
            return &fit->block[i];
    return NULL;
}

bool fit_holds(const struct fit *fit, const char *answer, size_t need, bool lowest,
               struct fit_block *better) {
    if (fit->count > FIT_BLOCKS)
        return true;
    const struct fit_block *taken = fit_taken(fit, answer);
    if (!taken)
        return true;
    /* If the block was too small, the heap has grown: no block may have been large
     * enough. */
    size_t limit = taken->size >= need ? taken->size : SIZE_MAX;
    for (size_t i = 0; i < fit->count; i++) {
        const struct fit_block *block = &fit->block[i];
        bool before = lowest && limit < SIZE_MAX && block->size == limit &&
                      num_address(block->address) < num_address(taken->address);
        if (block->size >= need && (block->size < limit || before)) {
            *better = *block;
            return false;
        }
    }
    return true;
}

bool fit_any(const struct fit *fit, size_t need) {
    for (size_t i = 0; i < fit->count && i < FIT_BLOCKS; i++)
        if (fit->block[i].size >= need)
            return true;
    return false;
}

bool fit_in_place(const struct fit *fit, const char *block, size_t size, size_t header,
                  size_t need) {
    for (size_t i = 0; i < fit->count && i < FIT_BLOCKS; i++)
        if (fit->block[i].address == block + size + header)
            return size + header + fit->block[i].size >= need;
    return false;
}
