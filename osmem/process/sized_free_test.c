/* A free that is given a size or an alignment, where the block has another. */
#include <stdint.h>
#include <string.h>

#include "osmem/osmem.h"
#include "osmem/process/death_testing.h"
#include "props/testing/suite.h"

/* The default tier tolerates this one. */
const char *os_default_options(void) {
    return "size-mismatch=abort";
}

#define SIZE_MISMATCH                                                       \
    "osmem: size-mismatch: the block is not of the size or alignment that " \
    "its free was given [OSM-SIZE-MISMATCH]"

static void sized_too_large(void) {
    os_free_sized(hide(os_malloc(100)), 113);
}

static void sized_too_small(void) {
    os_free_sized(hide(os_malloc(100)), 96);
}

static void sized_impossibly(void) {
    os_free_sized(hide(os_malloc(100)), SIZE_MAX);
}

static void sized_beyond_its_mapping(void) {
    os_free_sized(hide(os_malloc(200000)), 300000);
}

static void aligned_otherwise(void) {
    char *p = os_aligned_alloc(4096, 100);
    os_free_aligned_sized(hide(p), (size_t)1 << 40, 100);
}

static void aligned_impossibly(void) {
    os_free_aligned_sized(hide(os_malloc(100)), 48, 100);
}

static void aligned_too_little(void) {
    void *padding = os_malloc(16), *p = os_aligned_alloc(16, 100);
    os_free_aligned_sized(hide(p), (uintptr_t)p % 32 ? 32 : 4096, 100);
    os_free(padding);
}

static void dead_and_sized(void) {
    void *p = hide(os_malloc(100));
    os_free_sized(p, 100);
    os_free_sized(p, 100);
}

START_TEST(size_mismatch) {
    expect_death(sized_too_large, SIZE_MISMATCH);
    ck_assert_ptr_nonnull(strstr(text, "  in os_free_sized, address 0x"));
    ck_assert_ptr_nonnull(strstr(text, " 0 bytes into the 112-byte block"));
    ck_assert_ptr_nonnull(strstr(text, "  the size given is 113\n  the mistake"));
    expect_death(sized_too_small, SIZE_MISMATCH);
    expect_death(sized_impossibly, SIZE_MISMATCH);
    expect_death(sized_beyond_its_mapping, SIZE_MISMATCH);
    expect_death(aligned_otherwise, SIZE_MISMATCH);
    expect_death(aligned_impossibly, SIZE_MISMATCH);
    ck_assert_ptr_nonnull(strstr(text, "  the size given is 100, the alignment 48\n"));
    expect_death(aligned_too_little, SIZE_MISMATCH);
    expect_death(dead_and_sized, FREE_MEMORY);
}
END_TEST

int main(void) {
    return suite_run("sized_free", SUITE(size_mismatch));
}
