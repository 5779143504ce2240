#include "osmem/base/random.h"

#include "props/testing/suite.h"

/* The first outputs for seed 1234567 as the author of splitmix64 published them. */
START_TEST(the_sequence_is_that_of_splitmix64) {
    static const uint64_t published[] = {6457827717110365317u, 3203168211198807973u,
                                         9817491932198370423u, 4593380528125082431u,
                                         16408922859458223821u};
    struct random random = {1234567};
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        ck_assert_uint_eq(random_next(&random), published[i]);
}
END_TEST

START_TEST(equal_seeds_give_equal_sequences) {
    struct random a = {7}, b = {7}, other = {8};
    unsigned differ = 0;
    for (int i = 0; i < 100; i++) {
        uint64_t n = random_next(&a);
        ck_assert_uint_eq(random_next(&b), n);
        differ += random_next(&other) != n;
    }
    ck_assert_uint_eq(differ, 100);
}
END_TEST

/* Each of 16 values comes 1/16 of 16000 times, within six standard deviations. */
START_TEST(numbers_below_a_bound_are_spread_evenly) {
    struct random random = {1};
    unsigned count[16] = {0};
    for (int i = 0; i < 16000; i++) {
        size_t n = random_below(&random, 16);
        ck_assert_uint_lt(n, 16);
        count[n]++;
    }
    for (int i = 0; i < 16; i++)
        ck_assert(count[i] > 1000 - 184 && count[i] < 1000 + 184);
    ck_assert_uint_eq(random_below(&random, 1), 0);
}
END_TEST

int main(void) {
    return suite_run("random", SUITE(the_sequence_is_that_of_splitmix64,
                                     equal_seeds_give_equal_sequences,
                                     numbers_below_a_bound_are_spread_evenly));
}
