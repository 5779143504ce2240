/* Double frees, and frees of what is no block. */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "props/conformance/promises/mistakes.h"

void double_free_now(size_t size) {
    three(size);
    free(block);
    step("the second free");
    free(hide(block));
    twice(size);
}

void double_free_other_between(size_t size) {
    three(size);
    free(block);
    free(left);
    step("the second free");
    free(hide(block));
    twice(size);
    twice(size);
}

void double_free_late(size_t size) {
    three(size);
    free(block);
    others(100, size * 3 + 100);
    step("the second free");
    free(hide(block));
    twice(size);
}

void double_free_reused(size_t size) {
    three(size);
    free(block);
    char *owner = NULL;
    for (int i = 0; i < REUSES && owner != block; i++)
        owner = hide(malloc(size));
    step(owner == block ? "the second free, of a new owner's block" : "the second free");
    free(hide(block));
    if (owner == block)
        harm("a live block was freed");
}

void realloc_dead(size_t size) {
    three(size);
    free(block);
    step("the call");
    hide(realloc(hide(block), size * 2));
    twice(size);
}

void usable_size_dead(size_t size) {
    three(size);
    free(block);
    step("the call");
    hide((void *)malloc_usable_size(hide(block)));
}

/* ---- frees of what is no block ---- */

void free_interior(size_t size) {
    three(size);
    step("the free");
    free(hide(block + 16));
    twice(size);
}

void free_misaligned(size_t size) {
    three(size);
    step("the free");
    free(hide(block + 4));
    twice(size);
}

void free_stack(size_t size) {
    char frame[128] __attribute__((aligned(16)));
    memset(frame, 0, sizeof frame);
    hide(frame);
    three(size);
    step("the free");
    free(hide(frame + 32));
}

void free_static(size_t size) {
    static char object[128] __attribute__((aligned(16)));
    three(size);
    step("the free");
    free(hide(object + 32));
}

/* Fakes a header in front of an address within a block. */
void free_forged(size_t size) {
    three(size);
    size_t at = size > 64 ? 48 : 16;
    memcpy(block + at - 16, (size_t[2]){0, 0x21}, 16);
    step("the free");
    free(hide(block + at));
    char *next = hide(malloc(24));
    if (next >= block && next < block + size)
        harm("memory of a live block was handed out");
}

void free_replayed(size_t size) {
    three(size);
    size_t at = size > 64 ? 48 : 16;
    char header[16] = {0};
    if (size < 100000) /* else it may be a mapping without a header in front */
        memcpy(header, hide(right - 16), 16);
    memcpy(block + at - 16, header, 16);
    step("the free");
    free(hide(block + at));
    char *next = hide(malloc(size));
    if (next >= block && next < block + size)
        harm("memory of a live block was handed out");
}
