#include "osmem/base/num.h"

#include "props/testing/suite.h"

START_TEST(sums_and_products_that_do_not_fit_are_refused) {
    size_t out = 7;
    ck_assert(num_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    ck_assert(!num_add(SIZE_MAX, 1, &out));
    ck_assert(num_mul(SIZE_MAX / 3, 3, &out) && out == SIZE_MAX);
    ck_assert(!num_mul((size_t)1 << 32, (size_t)1 << 32, &out));
    ck_assert(!num_mul((size_t)1 << 32, ((size_t)1 << 32) + 1, &out));
    ck_assert(num_ceil_checked(SIZE_MAX - 15, 16, &out) && out == SIZE_MAX - 15);
    ck_assert(!num_ceil_checked(SIZE_MAX - 14, 16, &out));
}
END_TEST

START_TEST(rounding_agrees_with_division) {
    for (size_t unit = 1; unit <= 64; unit *= 2)
        for (size_t n = 0; n < 300; n++) {
            ck_assert_uint_eq(num_floor(n, unit), n / unit * unit);
            ck_assert_uint_eq(num_ceil(n, unit), (n + unit - 1) / unit * unit);
        }
}
END_TEST

START_TEST(bits) {
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t n = (uint64_t)1 << bit;
        ck_assert(num_is_pow2(n));
        ck_assert_uint_eq(num_log2(n), bit);
        ck_assert_uint_eq(num_log2(n | (n >> 1)), bit);
        ck_assert_uint_eq(num_lowest_bit(n), bit);
        ck_assert_uint_eq(num_lowest_bit(n | (uint64_t)1 << 63), bit);
    }
    ck_assert(!num_is_pow2(0) && !num_is_pow2(3));
    ck_assert_uint_eq(num_min(3, 4), 3);
    ck_assert_uint_eq(num_max(3, 4), 4);
}
END_TEST

int main(void) {
    return suite_run("num", SUITE(sums_and_products_that_do_not_fit_are_refused,
                                  rounding_agrees_with_division, bits));
}
