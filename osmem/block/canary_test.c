/* A canary is the block's own, never begins with 0, and every byte of it counts. */
#include "osmem/block/canary.h"

#include <string.h>

#include "props/testing/suite.h"

static const uint64_t key[2] = {0x0123456789abcdef, 0xfedcba9876543210};

START_TEST(it_never_begins_with_zero) {
    unsigned char canary[CANARY_MAX];
    for (uintptr_t block = 0; block < 16 * 100000; block += 16) {
        canary_make(key, block, canary);
        ck_assert_int_ne(canary[0], 0);
    }
}
END_TEST

START_TEST(every_byte_counts_and_none_behind_it) {
    char bytes[64];
    for (size_t slack = 1; slack < 40; slack++) {
        memset(bytes, 0, sizeof bytes);
        canary_write(key, 4096, bytes, slack);
        ck_assert(canary_holds(key, 4096, bytes, slack));
        for (size_t at = 0; at < sizeof bytes; at++) {
            bytes[at] ^= 1;
            ck_assert_int_eq(canary_holds(key, 4096, bytes, slack),
                             at >= canary_length(slack));
            bytes[at] ^= 1;
        }
    }
}
END_TEST

START_TEST(it_depends_on_the_block_and_on_both_keys) {
    static const uint64_t others[][2] = {{0x0123456789abcdee, 0xfedcba9876543210},
                                         {0x0123456789abcdef, 0xfedcba9876543211 ^ 2}};
    unsigned char mine[CANARY_MAX], other[CANARY_MAX];
    canary_make(key, 4096, mine);
    canary_make(key, 4112, other);
    ck_assert_int_ne(memcmp(mine, other, 8), 0);
    ck_assert_int_ne(memcmp(mine + 8, other + 8, 8), 0);
    for (int i = 0; i < 2; i++) {
        canary_make(others[i], 4096, other);
        ck_assert_int_ne(memcmp(mine, other, 8), 0);
        ck_assert_int_ne(memcmp(mine + 8, other + 8, 8), 0);
    }
}
END_TEST

int main(void) {
    return suite_run("canary", SUITE(it_never_begins_with_zero,
                                     every_byte_counts_and_none_behind_it,
                                     it_depends_on_the_block_and_on_both_keys));
}
