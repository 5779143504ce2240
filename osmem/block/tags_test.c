#include "osmem/block/tags.h"

#include "props/testing/suite.h"

#define PLANE 4096
static _Alignas(8) tag_byte plane[PLANE + 2 + 16];

static const size_t sizes_around_each_code[] = {
    1, 2, 3, 12, 13, 14, 15, 16, 17, 63, 64, 65, 126, 127, 128, 129, 1000, 4000};
#define SIZES (sizeof sizes_around_each_code / sizeof sizes_around_each_code[0])

static bool plane_is_all_inside(void) {
    for (size_t i = 0; i < PLANE + 2; i++)
        if (plane[i] != TAG_INSIDE)
            return false;
    return true;
}

/* Exactly one of the roles, for each of the 256 values but the reserved ones. */
START_TEST(each_value_has_one_role) {
    unsigned reserved = 0;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t tag = (uint8_t)value;
        int roles = (tag == TAG_INSIDE) + tag_is_first(tag) + tag_is_last(tag) +
                    (tag >= TAG_DETAIL);
        ck_assert_int_le(roles, 1);
        reserved += roles == 0;
        if (tag_is_in_use(tag))
            ck_assert(tag_is_first(tag) && tag_state(tag) == STATE_IN_USE);
    }
    ck_assert_uint_eq(reserved, 8);
}
END_TEST

START_TEST(no_digit_looks_like_a_first) {
    for (uint64_t value = 0; value < 128; value++)
        for (unsigned position = 0; position < TAG_DIGITS_MAX; position++) {
            uint8_t tag = tag_digit(value << (TAG_DIGIT_BITS * position), position);
            ck_assert((tag >= TAG_DETAIL) && !tag_is_first(tag) && !tag_is_last(tag));
            ck_assert(tag_digit_value(tag, position) ==
                      value << (TAG_DIGIT_BITS * position));
        }
}
END_TEST

START_TEST(every_size_state_and_slack_reads_back) {
    for (size_t granules = 1; granules <= 300; granules++)
        for (int state = STATE_IN_USE; state <= STATE_FREE; state++)
            for (unsigned slack = 0; slack <= TAG_SLACK_MAX; slack++) {
                bool keeps_slack =
                    state != STATE_FREE && (granules > 1 || state == STATE_IN_USE);
                struct tags_extent in = {
                    .granules = granules,
                    .state = (enum block_state)state,
                    .slack = keeps_slack ? slack : 0,
                    .zero = state == STATE_FREE && granules > 2 && slack % 2,
                };
                struct tags_extent out;
                tags_write(plane + 1, &in);
                ck_assert(tags_read(plane + 1, &out));
                ck_assert_uint_eq(out.granules, in.granules);
                ck_assert_int_eq(out.state, in.state);
                ck_assert_uint_eq(out.slack, in.slack);
                ck_assert_int_eq(out.zero, in.zero);
                ck_assert_int_eq(tag_is_in_use(plane[1]), state == STATE_IN_USE);
                /* B2: whatever stands behind the first is no first. */
                for (size_t i = 1; i < granules; i++)
                    ck_assert(!tag_is_first(plane[1 + i]));
                ck_assert_uint_eq(tags_left_free(plane + 1 + granules),
                                  state == STATE_FREE ? granules : 0);
                tags_erase(plane + 1, &in);
                ck_assert(plane_is_all_inside());
            }
}
END_TEST

START_TEST(huge_sizes_read_back) {
    for (unsigned bit = 8; bit < TAG_VALUE_BITS; bit++) {
        struct tags_extent out,
            in = {.granules = ((size_t)1 << bit) + 5, .state = STATE_BUSY};
        tags_write(plane + 1, &in);
        ck_assert(tags_read(plane + 1, &out) && out.granules == in.granules);
        tags_erase(plane + 1, &in);
    }
}
END_TEST

START_TEST(a_claimed_block_is_published_with_any_slack) {
    for (size_t i = 0; i < SIZES; i++)
        for (unsigned slack = 0; slack <= TAG_SLACK_MAX; slack++) {
            struct tags_extent out, none;
            struct tags_extent in = {.granules = sizes_around_each_code[i],
                                     .state = STATE_IN_USE,
                                     .slack = TAG_SLACK_MAX - slack};
            tags_write(plane + 1, &in);
            ck_assert(tags_claim(plane + 1, &out));
            ck_assert_uint_eq(out.slack, in.slack);
            ck_assert_uint_eq(out.granules, in.granules);
            ck_assert_int_eq(out.state, STATE_BUSY);
            ck_assert(!tags_claim(plane + 1, &none)); /* it has an owner already */
            ck_assert(!tag_is_in_use(plane[1]));
            tags_publish(plane + 1, slack);
            ck_assert(tags_read(plane + 1, &out));
            ck_assert_uint_eq(out.slack, slack);
            ck_assert_uint_eq(out.granules, in.granules);
            ck_assert_int_eq(out.state, STATE_IN_USE);
            tags_erase(plane + 1, &in);
            ck_assert(plane_is_all_inside());
        }
}
END_TEST

START_TEST(only_a_block_in_use_can_be_claimed) {
    struct tags_extent out;
    for (unsigned value = 0; value < 256; value++) {
        if (tag_is_in_use((uint8_t)value))
            continue;
        plane[1] = (uint8_t)value;
        ck_assert(!tags_claim(plane + 1, &out));
        ck_assert_uint_eq(plane[1], value);
    }
    plane[1] = TAG_INSIDE;
}
END_TEST

START_TEST(eight_tags_are_read_from_anywhere) {
    for (unsigned i = 0; i < 64; i++)
        plane[i] = (uint8_t)(i + 1);
    for (unsigned at = 0; at < 40; at++) {
        uint64_t eight = tags_load_eight(plane + at);
        for (unsigned i = 0; i < 8; i++)
            ck_assert_uint_eq(eight >> 8 * i & 0xff, at + i + 1);
    }
    for (unsigned i = 0; i < 64; i++)
        plane[i] = TAG_INSIDE;
}
END_TEST

START_TEST(links_read_back_and_leave_the_extent_alone) {
    for (size_t i = 0; i < SIZES; i++) {
        size_t granules = sizes_around_each_code[i];
        if (granules < TAG_LINKS_MIN_GRANULES)
            continue;
        int links = granules < TAG_TRIE_MIN_GRANULES ? 2 : 5;
        struct tags_extent out,
            in = {.granules = granules, .state = STATE_FREE, .zero = true};
        tags_write(plane + 1, &in);
        for (int link = 0; link < links; link++)
            tags_set_link(plane + 1, (enum tags_link)link,
                          TAG_VALUE_MAX - (uint64_t)link * 77);
        for (int link = 0; link < links; link++)
            ck_assert(tags_get_link(plane + 1, (enum tags_link)link) ==
                      TAG_VALUE_MAX - (uint64_t)link * 77);
        ck_assert(tags_read(plane + 1, &out));
        ck_assert(out.granules == granules && out.zero && out.state == STATE_FREE);
        ck_assert_uint_eq(tags_left_free(plane + 1 + granules), granules);
        tags_erase(plane + 1, &in);
        ck_assert(plane_is_all_inside());
    }
}
END_TEST

START_TEST(stretches_that_are_not_ours) {
    for (size_t granules = 1; granules < 40; granules++) {
        struct tags_extent out, in = {.granules = granules, .state = STATE_NOT_OURS};
        tags_write(plane + 1, &in);
        size_t seen = 0;
        while (seen < granules) {
            ck_assert(tags_read(plane + 1 + seen, &out) && out.state == STATE_NOT_OURS);
            seen += out.granules;
        }
        ck_assert_uint_eq(seen, granules);
        ck_assert_uint_eq(tags_left_free(plane + 1 + granules), 0);
        tags_erase(plane + 1, &in);
        ck_assert(plane_is_all_inside());
    }
}
END_TEST

START_TEST(the_owner_of_an_inner_granule_is_found) {
    struct tags_extent in = {.granules = 200, .state = STATE_IN_USE, .slack = 16};
    tags_write(plane + 1, &in);
    for (size_t i = 0; i < 200; i++)
        ck_assert_uint_eq(tags_distance_to_first(plane + 1 + i, i), i);
    tags_erase(plane + 1, &in);
}
END_TEST

int main(void) {
    return suite_run(
        "tags",
        SUITE(each_value_has_one_role, no_digit_looks_like_a_first,
              every_size_state_and_slack_reads_back, huge_sizes_read_back,
              a_claimed_block_is_published_with_any_slack,
              only_a_block_in_use_can_be_claimed, eight_tags_are_read_from_anywhere,
              links_read_back_and_leave_the_extent_alone, stretches_that_are_not_ours,
              the_owner_of_an_inner_granule_is_found));
}
