/*
 * info: statistics and settings of malloc: mallinfo(3), malloc_stats(3),
 * malloc_info(3), malloc_trim(3), mallopt(3).
 *
 * The figures are osmem's under the names that glibc gave them. Thread-safe.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "osmem/interpose/malloc.h"
#include "osmem/osmem.h"

struct info_free {
    size_t blocks; /* that are free */
    size_t last;   /* bytes of the free block that ends the heap, or 0 */
};

static bool info_count(void *context, const struct os_block_info *block) {
    struct info_free *count = context;
    if (block->large)
        return true;
    bool is_free = strcmp(block->state, "free") == 0;
    count->blocks += is_free;
    count->last = is_free ? block->size : 0;
    return true;
}

/* As in glibc, a block with a mapping of its own counts in `hblks` and `hblkhd` alone, and `arena` is the
 * sum of `uordblks` and `fordblks`. */
OS_API struct mallinfo2 mallinfo2(void) {
    struct info_free count = {0};
    struct os_stats stats;
    os_walk(info_count, &count);
    os_stats(&stats);
    size_t arena = stats.span_bytes - stats.bytes_not_ours;
    size_t unused = stats.bytes_free + stats.bytes_quarantined;
    return (struct mallinfo2){.arena = arena,
                              .ordblks = count.blocks,
                              .hblks = stats.large_blocks,
                              .hblkhd = stats.large_bytes,
                              .uordblks = arena - unused,
                              .fordblks = unused,
                              .keepcost = count.last};
}

/* The old form counts in int; larger values become INT_MAX. */
static int info_int(size_t n) {
    return n > INT_MAX ? INT_MAX : (int)n;
}

OS_API struct mallinfo mallinfo(void) {
    struct mallinfo2 wide = mallinfo2();
    return (struct mallinfo){.arena = info_int(wide.arena),
                             .ordblks = info_int(wide.ordblks),
                             .hblks = info_int(wide.hblks),
                             .hblkhd = info_int(wide.hblkhd),
                             .uordblks = info_int(wide.uordblks),
                             .fordblks = info_int(wide.fordblks),
                             .keepcost = info_int(wide.keepcost)};
}

OS_API void malloc_stats(void) {
    struct mallinfo2 now = mallinfo2();
    struct os_stats stats;
    os_stats(&stats);
    fprintf(stderr, "osmem:\n");
    fprintf(stderr, "system bytes     = %12zu\n", now.arena);
    fprintf(stderr, "in use bytes     = %12zu\n", now.uordblks);
    fprintf(stderr, "free blocks      = %12zu\n", now.ordblks);
    fprintf(stderr, "mmap regions     = %12zu\n", now.hblks);
    fprintf(stderr, "mmap bytes       = %12zu\n", now.hblkhd);
    fprintf(stderr, "allocations      = %12llu\n", (unsigned long long)stats.allocations);
    fprintf(stderr, "frees            = %12llu\n", (unsigned long long)stats.frees);
}

/* The elements that readers of glibc's output look for, with one heap. */
OS_API int malloc_info(int options, FILE *to) {
    if (options != 0) {
        errno = EINVAL;
        return -1;
    }
    struct mallinfo2 now = mallinfo2();
    fprintf(to, "<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n</sizes>\n");
    fprintf(to, "<total type=\"fast\" count=\"0\" size=\"0\"/>\n");
    fprintf(to, "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n", now.ordblks,
            now.fordblks);
    fprintf(to, "<system type=\"current\" size=\"%zu\"/>\n</heap>\n", now.arena);
    fprintf(to, "<total type=\"fast\" count=\"0\" size=\"0\"/>\n");
    fprintf(to, "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n", now.ordblks,
            now.fordblks);
    fprintf(to, "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n", now.hblks,
            now.hblkhd);
    fprintf(to, "<system type=\"current\" size=\"%zu\"/>\n", now.arena);
    fprintf(to, "<aspace type=\"total\" size=\"%zu\"/>\n</malloc>\n",
            now.arena + now.hblkhd);
    return ferror(to) ? -1 : 0;
}

/* Whether memory was given back, by this call or a concurrent one. */
OS_API int malloc_trim(size_t pad) {
    struct os_stats before, after;
    (void)pad;
    os_stats(&before);
    os_trim();
    os_stats(&after);
    return after.given_back > before.given_back;
}

/* Settings of another allocator are accepted and have no effect. */
OS_API int mallopt(int parameter, int value) {
    (void)parameter, (void)value;
    return 1;
}
