/*
 * proofs: assertions about the pure arithmetic of num.h, tag.h and block_id.h for all
 * inputs.
 *
 * Frama-C's WP proves each assertion, with the functions of the headers inlined
 * unchanged. Its axioms about bits are below, and bits.smt2 proves each for words of 64
 * bits.
 */
#include "osmem/space/block_id.h"

/*@ axiomatic bits {
  @   axiom low_seven: \forall integer v; 0 <= v ==> (v & 127) == v % 128;
  @   axiom low_four: \forall integer v; 0 <= v ==> (v & 15) == v % 16;
  @   axiom without_low_four: \forall integer v; 0 <= v < 18446744073709551616 ==>
  @     (v & 18446744073709551600) == v - v % 16;
  @   axiom high_bit: \forall integer v; 0 <= v < 128 ==> (128 | v) == 128 + v;
  @   axiom right_seven: \forall integer v; 0 <= v ==> (v >> 7) == v / 128;
  @   axiom right_fourteen: \forall integer v; 0 <= v ==> (v >> 14) == v / 16384;
  @   axiom right_four: \forall integer v; 0 <= v ==> (v >> 4) == v / 16;
  @   axiom left_seven: \forall integer v; 0 <= v ==> (v << 7) == v * 128;
  @   axiom left_fourteen: \forall integer v; 0 <= v ==> (v << 14) == v * 16384;
  @ }
  @*/

/* ---- size rounding ---- */

/*@ requires n <= 18446744073709551615 - 15; */
void rounding_to_granules(size_t n) {
    size_t up = num_ceil(n, GRANULE), down = num_floor(n, GRANULE);
    //@ assert up_is_enough: up >= n;
    //@ assert up_is_least: up - n < 16;
    //@ assert up_is_granules: up % 16 == 0;
    //@ assert down_is_most: down <= n && n - down < 16;
    //@ assert down_is_granules: down % 16 == 0;
}

/* ---- sizes in tags ---- */

/*@ requires 2 <= granules <= TAG_VALUE_MAX; */
void size_codes(size_t granules) {
    unsigned code = tag_code(granules), digits = tag_code_digits(code);
    //@ assert code_fits: code <= 15;
    //@ assert short_sizes_are_codes: granules <= 15 ==> code == granules - 2 && digits == 0;
    //@ assert one_digit_is_enough: digits == 1 ==> 16 <= granules <= 127;
    //@ assert five_digits: granules > 127 ==> digits == 5;
}

/* Any two sizes that share a code below 14 are the same. */
/*@ requires 2 <= one <= TAG_VALUE_MAX && 2 <= other <= TAG_VALUE_MAX; */
void size_codes_differ(size_t one, size_t other) {
    unsigned a = tag_code(one), b = tag_code(other);
    //@ assert a == b && a < 14 ==> one == other;
}

/* A digit encodes seven bits of a number, and decodes to them. */
/*@ requires value <= TAG_VALUE_MAX; */
void digits_hold_seven_bits(uint64_t value) {
    uint8_t first = tag_digit(value, 0), second = tag_digit(value, 1);
    //@ assert first_is_detail: first == 128 + value % 128;
    //@ assert second_is_detail: second == 128 + (value / 128) % 128;
    uint64_t low = tag_digit_value(first, 0), high = tag_digit_value(second, 1);
    //@ assert low_is_back: low == value % 128;
    //@ assert high_is_back: high == (value / 128) % 128 * 128;
    //@ assert both_are_back: value < 16384 ==> low + high == value;
}

/* ---- the roles of tags ---- */

/* Each value has one role. */
void roles_are_disjoint(uint8_t tag) {
    bool first = tag_is_first(tag), last = tag_is_last(tag), in_use = tag_is_in_use(tag);
    //@ assert first_or_last: !(first && last);
    //@ assert in_use_is_first: in_use ==> first;
    //@ assert details_are_neither: tag >= TAG_DETAIL ==> !first && !last && !in_use;
    //@ assert inside_is_neither: tag == TAG_INSIDE ==> !first && !last && !in_use;
}

/* The first tag of a longer block encodes its state and size code. */
/*@ requires 2 <= granules <= TAG_VALUE_MAX;
  @ requires STATE_IN_USE <= state <= STATE_FREE; */
void firsts_encode_state_and_code(unsigned state, size_t granules) {
    uint8_t tag = tag_first((enum block_state)state, granules, 0);
    unsigned code = tag_code(granules);
    //@ assert value: tag == 16 * state + code;
    bool first = tag_is_first(tag), in_use = tag_is_in_use(tag);
    //@ assert is_first: first;
    //@ assert in_use_if_so: in_use <==> state == STATE_IN_USE;
}

/* ---- blocks ---- */

/* A block's name is unique: it decodes to its span and granule. */
/*@ requires span < SPANS_MAX && granule < 1073741824; */
void names_encode_span_and_granule(unsigned span, size_t granule) {
    block_id block = block_id_of(span, granule);
    unsigned its_span = block_span_number(block);
    size_t its_granule = block_granule(block);
    //@ assert span_is_back: its_span == span;
    //@ assert granule_is_back: its_granule == granule;
    //@ assert fits_a_link: block <= TAG_VALUE_MAX;
}

/* A split yields two adjacent blocks, and joining them restores the whole. */
/*@ requires 0 < taken < whole < 1073741824;
  @ requires block < 34359738368 - 1073741824; */
void split_and_join_are_inverse(block_id block, size_t whole, size_t taken) {
    size_t rest = block_rest(whole, taken);
    block_id right = block_right(block, taken);
    size_t joined = block_sum(taken, rest);
    block_id end = block_right(right, rest), end_before = block_right(block, whole);
    //@ assert nothing_is_lost: joined == whole && rest > 0;
    //@ assert ends_where_it_did: end == end_before;
    //@ assert side_by_side: right > block && right < end;
}

/* ---- bins ---- */

/* Every size has exactly one bin, or is in the trie. */
/*@ requires 1 <= granules < 1073741824; */
void sizes_have_one_list(size_t granules) {
    bool in_bin = bin_holds(granules);
    //@ assert bins_below_the_trie: in_bin <==> granules < TAG_TRIE_MIN_GRANULES;
    //@ assert bins_have_a_bit: in_bin ==> granules - 1 < 64;
}
