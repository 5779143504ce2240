/* Every byte of a fill counts, and a damage says which are changed. */
#include "osmem/block/fill.h"

#include "props/testing/suite.h"

START_TEST(every_byte_counts_and_none_beside_it) {
    char bytes[80];
    for (size_t length = 0; length < 60; length++) {
        fill_write(bytes, sizeof bytes, 0x33);
        fill_write(bytes + 8, length, FILL_DEAD);
        ck_assert(fill_holds(bytes + 8, length, FILL_DEAD));
        ck_assert(length == 0 || !fill_holds(bytes + 8, length, FILL_CLEAR));
        for (size_t at = 0; at < sizeof bytes; at++) {
            bytes[at] ^= 1;
            ck_assert_int_eq(fill_holds(bytes + 8, length, FILL_DEAD),
                             at < 8 || at >= 8 + length);
            bytes[at] ^= 1;
        }
    }
}
END_TEST

START_TEST(a_damage_says_which) {
    char bytes[64];
    fill_write(bytes, sizeof bytes, FILL_DEAD);
    ck_assert_uint_eq(fill_damage(bytes, sizeof bytes, FILL_DEAD).changed, 0);
    bytes[7] = 0;
    bytes[8] = 1;
    bytes[40] = 2;
    struct fill_damage damage = fill_damage(bytes, sizeof bytes, FILL_DEAD);
    ck_assert_uint_eq(damage.changed, 3);
    ck_assert_uint_eq(damage.first, 7);
    ck_assert_uint_eq(damage.last, 40);
    ck_assert_int_eq(damage.expected, FILL_DEAD);
    ck_assert_int_eq(damage.found, 0);
}
END_TEST

int main(void) {
    return suite_run("fill",
                     SUITE(every_byte_counts_and_none_beside_it, a_damage_says_which));
}
