/* Uses after the free. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "props/conformance/promises/mistakes.h"

static void written_freed(size_t size, size_t at, size_t calls) {
    three(size);
    free(block);
    step("the access");
    put(hide(block + at));
    step("later calls");
    others(calls, size);
}

void written_freed_few(size_t size) {
    written_freed(size, size / 2, 10);
}

void written_freed_many(size_t size) {
    written_freed(size, size / 2, MANY);
}

void written_freed_then_exit(size_t size) {
    written_freed(size, size / 2, 0);
}

void written_freed_first(size_t size) {
    written_freed(size, 0, MANY);
}

/* An attack on the links of free blocks: the allocator returns chosen memory. */
void poisoned_link(size_t size) {
    static char target[4096] __attribute__((aligned(4096)));
    three(size);
    char *divider = filled(size);
    free(left);
    free(right);
    step("the access");
    memcpy(hide(right), (void *[2]){target + 64, target + 64}, 16);
    step("later calls");
    for (int i = 0; i < 8; i++) {
        char *next = hide(malloc(size));
        if (next >= target && next < target + sizeof target)
            harm("chosen memory was handed out");
    }
    hide(divider);
}

void read_freed_often(size_t size) {
    step("one of many accesses");
    for (int i = 0; i < OFTEN; i++) {
        block = filled(size);
        free(block);
        hide((char *)(uintptr_t)*(volatile char *)hide(block + size / 2));
    }
}

static int has_secret(const char *bytes, size_t size) {
    size_t run = 0;
    for (size_t i = 0; i < size && run < 8; i++)
        run = bytes[i] == SECRET ? run + 1 : 0;
    return run == 8;
}

void secret_freed(size_t size) {
    three(size);
    memset(block, SECRET, size);
    free(block);
    step("the access");
    if (has_secret(hide(block), size))
        harm("a secret was read");
}

void secret_reused(size_t size) {
    three(size);
    memset(block, SECRET, size);
    free(block);
    for (int i = 0; i < 100; i++)
        if (has_secret(hide(malloc(size)), size)) {
            harm("a secret was read");
            return;
        }
}

void secret_shrunk(size_t size) {
    three(size);
    memset(block, SECRET, size);
    block = hide(realloc(block, size / 2));
    block = hide(realloc(block, size));
    if (has_secret(block + size / 2, size - size / 2))
        harm("a secret was read");
}
