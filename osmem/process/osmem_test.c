#define _GNU_SOURCE /* MADV_DONTDUMP */

#include "osmem/osmem.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "props/testing/suite.h"

static void expect_sound(void) {
    struct os_breach breach;
    ck_assert_msg(os_check(&breach), "%s: %s", breach.name, breach.rule);
}

START_TEST(zero_sizes_and_null) {
    void *a = os_malloc(0), *b = os_malloc(0);
    ck_assert(a && b && a != b);
    ck_assert_ptr_null(os_realloc(a, 0));
    os_free(b);
    os_free(NULL);
    void *c = os_realloc(NULL, 10);
    ck_assert_ptr_nonnull(c);
    os_free(c);
    ck_assert_uint_eq(os_usable_size(NULL), 0);
    expect_sound();
}
END_TEST

START_TEST(sizes_that_cannot_be) {
    static const size_t sizes[] = {
        SIZE_MAX,          SIZE_MAX - 15,           SIZE_MAX - 4096,
        PTRDIFF_MAX,       (size_t)PTRDIFF_MAX + 1, (size_t)1 << 62,
        PTRDIFF_MAX - 4096};
    void *kept = os_malloc(100);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        volatile size_t size = sizes[i];
        errno = 0;
        ck_assert_ptr_null(os_malloc(size));
        ck_assert_int_eq(errno, ENOMEM);
        errno = 0;
        ck_assert_ptr_null(os_realloc(kept, size));
        ck_assert_int_eq(errno, ENOMEM);
        errno = 0;
        ck_assert_ptr_null(os_aligned_alloc(4096, size));
        ck_assert_int_eq(errno, ENOMEM);
        errno = 0;
        ck_assert_ptr_null(os_calloc(size, 2));
        ck_assert_int_eq(errno, ENOMEM);
    }
    volatile size_t wide = (size_t)1 << 32;
    ck_assert_ptr_null(os_calloc(wide, wide));
    ck_assert_ptr_null(os_calloc(wide, wide + 1));
    errno = 0;
    volatile size_t odd = 48;
    ck_assert_ptr_null(os_aligned_alloc(odd, 10));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(os_aligned_alloc(odd - 48, 10));
    os_free(kept);
    expect_sound();
}
END_TEST

START_TEST(every_size_is_aligned_zeroed_and_kept) {
    for (size_t size = 1; size < 300000; size += size < 5000 ? 1 : 977) {
        unsigned char *p = os_calloc(1, size);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % 16, 0);
        ck_assert_uint_ge(os_usable_size(p), size);
        ck_assert(p[0] == 0 && p[size / 2] == 0 && p[size - 1] == 0);
        memset(p, 0x5a, size);
        p = os_realloc(p, size * 2 + 1);
        ck_assert(p[0] == 0x5a && p[size - 1] == 0x5a);
        p = os_realloc(p, size / 2 + 1);
        ck_assert(p[0] == 0x5a && p[size / 2] == 0x5a);
        os_free(p);
    }
    expect_sound();
}
END_TEST

START_TEST(alignments_up_to_a_gigabyte) {
    for (size_t alignment = 1; alignment <= (size_t)1 << 30; alignment *= 2)
        for (size_t size = 1; size < 200000; size = size * 7 + 1) {
            void *p = os_aligned_alloc(alignment, size);
            ck_assert_ptr_nonnull(p);
            ck_assert_uint_eq((uintptr_t)p % alignment, 0);
            memset(p, 1, size);
            os_free(p);
        }
    expect_sound();
}
END_TEST

START_TEST(free_keeps_errno) {
    void *small = os_malloc(10), *large = os_malloc(1000000);
    errno = 77;
    os_free(small);
    os_free(large);
    os_trim();
    ck_assert_int_eq(errno, 77);
}
END_TEST

START_TEST(statistics_and_trim) {
    struct os_stats start, full, end;
    os_free(os_malloc(1));
    os_trim();
    os_stats(&start);
    void *blocks[1000];
    for (size_t i = 0; i < 1000; i++)
        blocks[i] = os_malloc(5000);
    void *large = os_malloc(1000000);
    os_stats(&full);
    ck_assert_uint_eq(full.blocks_in_use, 1001);
    ck_assert_uint_eq(full.large_blocks, 1);
    ck_assert_uint_ge(full.bytes_in_use, 6000000);
    for (size_t i = 0; i < 1000; i++)
        os_free(blocks[i]);
    os_free(large);
    os_trim();
    os_stats(&end);
    ck_assert_uint_eq(end.blocks_in_use, 0);
    ck_assert_uint_eq(end.span_bytes, start.span_bytes);
    ck_assert_uint_eq(end.allocations - start.allocations, 1001);
    ck_assert_uint_eq(end.frees - start.frees, 1001);
    expect_sound();
}
END_TEST

struct seen {
    const char *last;
    size_t in_use, large;
};

static bool see(void *context, const struct os_block_info *block) {
    struct seen *seen = context;
    ck_assert((const char *)block->address > seen->last);
    seen->last = block->address;
    seen->in_use += block->in_use;
    seen->large += block->large;
    return true;
}

START_TEST(a_size_that_is_right_frees) {
    for (size_t size = 0; size < 3000; size++)
        os_free_sized(os_malloc(size), size);
    os_free_sized(os_calloc(300, 1000), 300000);
    os_free_sized(os_realloc(os_malloc(200000), 150000), 150000);
    os_free_sized(NULL, 7);
    for (size_t alignment = 1; alignment <= 65536; alignment *= 2)
        os_free_aligned_sized(os_aligned_alloc(alignment, 100), alignment, 100);
    errno = 7;
    os_free_sized(os_malloc(500000), 500000);
    ck_assert_int_eq(errno, 7);
    struct os_stats stats;
    os_stats(&stats);
    ck_assert_uint_eq(stats.blocks_in_use, 0);
    expect_sound();
}
END_TEST

static bool stop_at_once(void *context, const struct os_block_info *block) {
    (void)block;
    ++*(int *)context;
    return false;
}

START_TEST(the_walk_sees_every_block_in_order) {
    void *blocks[100];
    for (size_t i = 0; i < 100; i++)
        blocks[i] = os_malloc(i % 10 == 0 ? 200000 : i * 30);
    for (size_t i = 1; i < 100; i += 2)
        os_free(blocks[i]);
    struct seen seen = {0};
    ck_assert(os_walk(see, &seen));
    ck_assert_uint_eq(seen.in_use, 50);
    ck_assert_uint_eq(seen.large, 10);
    int calls = 0;
    ck_assert(!os_walk(stop_at_once, &calls));
    ck_assert_int_eq(calls, 1);
}
END_TEST

/* Enough blocks for several batches: each is seen, and none twice. */
enum {
    WALKED = 300,
};

struct walked {
    void *block[WALKED];
    unsigned seen[WALKED], all;
    const char *end; /* of the last block */
};

static bool count_walked(void *context, const struct os_block_info *block) {
    struct walked *walked = context;
    const char *address = block->address;
    ck_assert(address >= walked->end);
    walked->end = address + block->size;
    walked->all += block->in_use;
    for (size_t i = 0; i < WALKED; i++)
        walked->seen[i] += walked->block[i] == block->address;
    return true;
}

START_TEST(the_walk_sees_each_block_once) {
    struct walked walked = {.all = 0};
    for (size_t i = 0; i < WALKED; i++)
        walked.block[i] = os_malloc(i % 40 == 0 ? 200000 : 50);
    ck_assert(os_walk(count_walked, &walked));
    ck_assert_uint_eq(walked.all, WALKED);
    for (size_t i = 0; i < WALKED; i++) {
        ck_assert_uint_eq(walked.seen[i], 1);
        os_free(walked.block[i]);
    }
}
END_TEST

/* The rows of a span's picture: a character for so many bytes, as its heading says. */
static void expect_picture(const char *picture) {
    void *base;
    unsigned span;
    size_t bytes, scale, characters = 0;
    int read = sscanf(picture, "span %u at %p: %zu bytes, a character is %zu\n", &span,
                      &base, &bytes, &scale);
    ck_assert_int_eq(read, 4);
    const char *row = strchr(picture, '\n') + 1;
    for (; *row && strncmp(row, "span ", 5) != 0; row += strcspn(row, "\n") + 1) {
        size_t length = strspn(row, "#+.x");
        ck_assert_int_eq(row[length], '\n');
        ck_assert(length > 0 && length <= 64);
        characters += length;
    }
    ck_assert_uint_eq(characters, (bytes + scale - 1) / scale);
}

START_TEST(the_dump_shows_blocks_and_picture) {
    static char text[65536];
    void *small = os_malloc(100), *large = os_malloc(200000);
    FILE *file = tmpfile();
    os_dump(fileno(file));
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    char line[64];
    snprintf(line, sizeof line, "%p in-use 112\n", small);
    ck_assert_ptr_nonnull(strstr(text, line));
    snprintf(line, sizeof line, "%p large in-use 200704\n", large);
    ck_assert_ptr_nonnull(strstr(text, line));
    ck_assert_ptr_nonnull(strstr(text, "\n+....."));
    expect_picture(strstr(text, "span 0 at "));
    os_dump(-1); /* nowhere to write to: no harm */
}
END_TEST

/* A program may split the mapping of its own block; mremap then fails, and it is copied. */
START_TEST(a_large_block_that_is_locked_in_part_still_grows) {
    char *p = os_malloc(1000000);
    memset(p, 5, 1000000);
    ck_assert_int_eq(madvise(p + 8192, 4096, MADV_DONTDUMP), 0);
    p = os_realloc(p, 5000000);
    ck_assert_ptr_nonnull(p);
    ck_assert(p[0] == 5 && p[999999] == 5);
    os_free(p);
    expect_sound();
}
END_TEST

static void *churn(void *seed) {
    uint64_t random = (uintptr_t)seed * 0x9e3779b97f4a7c15u + 1;
    unsigned char *slot[32] = {0};
    size_t size[32] = {0};
    for (int i = 0; i < 20000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t at = random >> 59;
        if (slot[at] && (slot[at][0] != (unsigned char)at || slot[at][size[at] - 1] != 7))
            return "a block was damaged";
        os_free(slot[at]);
        size[at] = (random >> 33) % 3000 + 2;
        slot[at] = os_malloc(size[at]);
        slot[at][size[at] - 1] = 7;
        slot[at][0] = (unsigned char)at;
    }
    for (size_t at = 0; at < 32; at++)
        os_free(slot[at]);
    return NULL;
}

static atomic_bool stop_churning;

static void *churn_on(void *seed) {
    while (!stop_churning)
        churn(seed);
    return NULL;
}

/* What a program does around its own forks, before osmem's handlers and after them. */
static void allocate(void) {
    os_free(os_malloc(1000));
}

__attribute__((constructor(101))) static void watch_forks_first(void) {
    pthread_atfork(allocate, allocate, allocate);
}

START_TEST(a_child_of_threads_has_a_usable_heap) {
    pthread_atfork(allocate, allocate, allocate);
    pthread_t threads[2];
    for (uintptr_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, churn_on, (void *)i), 0);
    for (int i = 0; i < 1000; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            os_free(os_malloc(1000));
            os_free(os_malloc(200000));
            _exit(os_check(NULL) ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
    }
    stop_churning = true;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    expect_sound();
}
END_TEST

START_TEST(four_threads_share_the_heap) {
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, (void *)i), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        ck_assert_ptr_null(wrong);
    }
    expect_sound();
}
END_TEST

int main(void) {
    return suite_run(
        "osmem",
        SUITE(zero_sizes_and_null, sizes_that_cannot_be,
              every_size_is_aligned_zeroed_and_kept, alignments_up_to_a_gigabyte,
              free_keeps_errno, statistics_and_trim, the_walk_sees_every_block_in_order,
              the_walk_sees_each_block_once, the_dump_shows_blocks_and_picture,
              a_large_block_that_is_locked_in_part_still_grows,
              a_size_that_is_right_frees, a_child_of_threads_has_a_usable_heap,
              four_threads_share_the_heap));
}
