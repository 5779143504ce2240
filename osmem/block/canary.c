#include "osmem/block/canary.h"

#include <string.h>

static uint64_t canary_fold(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

void canary_make(const uint64_t key[2], uintptr_t block,
                 unsigned char canary[CANARY_MAX]) {
    uint64_t low = canary_fold(block ^ key[0], key[1] | 1);
    uint64_t high = canary_fold(low ^ key[1], key[0] | 1);
    memcpy(canary, &low, sizeof low);
    memcpy(canary + sizeof low, &high, sizeof high);
    if (canary[0] == 0)
        canary[0] = 0x5a;
}

void canary_write(const uint64_t key[2], uintptr_t block, char *at, size_t slack) {
    unsigned char canary[CANARY_MAX];
    canary_make(key, block, canary);
    memcpy(at, canary, canary_length(slack));
}

bool canary_holds(const uint64_t key[2], uintptr_t block, const char *at, size_t slack) {
    unsigned char canary[CANARY_MAX];
    canary_make(key, block, canary);
    return memcmp(at, canary, canary_length(slack)) == 0;
}
