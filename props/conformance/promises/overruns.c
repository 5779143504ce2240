/* Writes and reads past the end of a block, or in front of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "props/conformance/promises/mistakes.h"

/* Changes each byte. */
static void spoil(char *at, size_t count) {
    for (size_t i = 0; i < count; i++)
        at[i] = at[i] == 0x41 ? 0x42 : 0x41;
}

static void after_overflow(size_t size) {
    neighbours(size);
    step("its free");
    free(block);
    step("the free of a neighbour");
    free(right);
    free(left);
}

static void overflow(size_t size, size_t count) {
    three(size);
    step("the access");
    spoil(hide(block + size), count);
    after_overflow(size);
}

void overflow_one(size_t size) {
    overflow(size, 1);
}

void overflow_eight(size_t size) {
    overflow(size, 8);
}

void overflow_nul(size_t size) {
    three(size);
    step("the access");
    *hide(block + size) = '\0';
    after_overflow(size);
}

void overflow_jump(size_t size) {
    three(size);
    step("the access");
    put(hide(block + size + 64));
    after_overflow(size);
}

void overflow_kept(size_t size) {
    three(size);
    step("the access");
    spoil(hide(block + size), 1);
    step("the free of a neighbour");
    free(right);
    free(left);
}

void overflow_no_free(size_t size) {
    three(size);
    step("the access");
    spoil(hide(block + size), 1);
}

void overflow_shrunk(size_t size) {
    three(size);
    block = hide(realloc(block, size - 9));
    step("the access");
    spoil(hide(block + size - 9), 1);
    step("its free");
    free(block);
}

/* Writes `count` bytes, the last of them `from` bytes in front of the block. */
static void in_front(size_t size, size_t from, size_t count) {
    hide(filled(8192)); /* memory in front, so that the write does not fault */
    three(size);
    step("the access");
    if (from == 1)
        spoil(hide(block - count), count);
    else
        put(hide(block - from + 1 - count));
    neighbours(size);
    step("its free");
    free(block);
    step("the free of a neighbour");
    free(left);
    free(right);
}

void underflow_one(size_t size) {
    in_front(size, 1, 1);
}

void underflow_eight(size_t size) {
    in_front(size, 1, 8);
}

void underflow_jump(size_t size) {
    in_front(size, 4096 + 57, 8);
}

void overflow_jump_often(size_t size) {
    step("one of many accesses");
    for (int i = 0; i < OFTEN; i++) {
        block = filled(size);
        put(hide(block + size + 64));
        free(block);
    }
}

void overread_often(size_t size) {
    step("one of many accesses");
    for (int i = 0; i < OFTEN; i++) {
        block = filled(size);
        hide((char *)(uintptr_t)*(volatile char *)hide(block + size + 64));
        free(block);
    }
}

void overread(size_t size) {
    three(size);
    step("the access");
    if (*(volatile char *)hide(block + size + 64) == FILL ||
        *(volatile char *)hide(block + size + 24) == FILL)
        harm("a neighbour was read");
    free(block);
}

void zero_written(size_t size) {
    (void)size;
    block = hide(malloc(0));
    step("the access");
    *(volatile char *)block ^= 0x41;
    step("its free");
    free(block);
}
