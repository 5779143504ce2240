/* Heaps over a caller's buffer: of any size and alignment, full, empty again, never outside. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "osmem/osmem.h"
#include "props/testing/suite.h"

#define GUARD 0x5a

static unsigned char memory[1 << 20];

static void expect_sound(const struct os_heap *heap) {
    struct os_breach breach;
    bool sound = os_heap_check(heap, &breach);
    ck_assert_msg(sound, "%s: %s", breach.name, breach.rule);
}

START_TEST(too_small_is_refused) {
    errno = 0;
    ck_assert_ptr_null(os_heap_create(memory, 100));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(os_heap_create(memory, 0));
}
END_TEST

/* What has more granules than a heap can number; nothing of it is touched. */
START_TEST(too_large_is_refused) {
    const size_t size = (size_t)18 << 30;
    void *space = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(space, MAP_FAILED);
    ck_assert_int_eq(mprotect(space, 1 << 20, PROT_READ | PROT_WRITE), 0);
    errno = 0;
    ck_assert_ptr_null(os_heap_create(space, size));
    ck_assert_int_eq(errno, EINVAL);
    munmap(space, size);
}
END_TEST

static bool is_guard(const unsigned char *at, size_t length) {
    return at[0] == GUARD && memcmp(at, at + 1, length - 1) == 0;
}

/* How many blocks of a size a fresh heap gives; each is written full. */
static unsigned fill(struct os_heap *heap, size_t size) {
    unsigned count = 0;
    for (unsigned char *block; (block = os_heap_malloc(heap, size)); count++) {
        if (block <= memory || block + size > memory + sizeof memory ||
            (uintptr_t)block % 16 != 0)
            ck_abort_msg("block %u is elsewhere", count);
        memset(block, (int)count, size);
    }
    ck_assert_int_eq(errno, ENOMEM);
    expect_sound(heap);
    return count;
}

START_TEST(it_stays_within_its_bytes) {
    for (size_t size = 5000; size < 40000; size = size * 9 / 8 + 7)
        for (size_t odd = 0; odd < 17; odd += 5) {
            memset(memory, GUARD, sizeof memory);
            struct os_heap *heap = os_heap_create(memory + 100 + odd, size);
            if (!heap)
                continue;
            unsigned count = fill(heap, 100);
            ck_assert(size < 8000 || (size - 7000) / 120 <= count);
            ck_assert(is_guard(memory, 100 + odd));
            ck_assert(
                is_guard(memory + 100 + odd + size, sizeof memory - 100 - odd - size));
        }
}
END_TEST

START_TEST(what_is_freed_is_there_again) {
    struct os_heap *heap = os_heap_create(memory, sizeof memory);
    ck_assert_ptr_nonnull(heap);
    void *whole =
        os_heap_malloc(heap, 900000); /* no threshold: from the buffer as well */
    ck_assert_ptr_nonnull(whole);
    ck_assert_ptr_null(os_heap_malloc(heap, 900000));
    char *other = os_heap_aligned_alloc(heap, 4096, 5000);
    ck_assert_uint_eq((uintptr_t)other % 4096, 0);
    other = os_heap_realloc(heap, other, 10000);
    ck_assert_ptr_nonnull(other);
    ck_assert_uint_ge(os_heap_usable_size(heap, other), 10000);
    memset(other, 1, 10000);
    ck_assert_ptr_null(os_heap_realloc(heap, other, 500000));
    ck_assert(other[9999] == 1);
    os_heap_free(heap, whole);
    os_heap_free(heap, other);
    unsigned char *zero = os_heap_calloc(heap, 9, 100000);
    ck_assert(zero && zero[0] == 0 && memcmp(zero, zero + 1, 899999) == 0);
    expect_sound(heap);
}
END_TEST

START_TEST(two_heaps_do_not_meet) {
    struct os_heap *low = os_heap_create(memory, 100000);
    struct os_heap *high = os_heap_create(memory + 100000, 100000);
    fill(low, 64);
    fill(high, 64);
    expect_sound(low);
    ck_assert(os_check(NULL));
}
END_TEST

int main(void) {
    return suite_run("buffer",
                     SUITE(too_small_is_refused, too_large_is_refused,
                           it_stays_within_its_bytes, what_is_freed_is_there_again,
                           two_heaps_do_not_meet));
}
