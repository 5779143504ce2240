/* The family beyond C: POSIX, and glibc's malloc.h. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "props/conformance/probe/probe.h"

static void memalign_answer(size_t alignment, size_t size) {
    void *untouched = &memalign_answer, *p = untouched;
    errno_mark();
    int result = posix_memalign(&p, opaque(alignment), opaque(size));
    answer("%s, errno %s, %s", result ? error_name(result) : "0", error_name(errno),
           p == untouched                ? "no block"
           : is_misaligned(p, alignment) ? "misaligned"
                                         : "aligned");
}

static void posix_memalign_of_8(void) {
    memalign_answer(8, 100);
}

static void posix_memalign_of_4096(void) {
    memalign_answer(4096, 0);
}

static void posix_memalign_of_4(void) {
    memalign_answer(4, 100);
}

static void posix_memalign_of_24(void) {
    memalign_answer(24, 100);
}

static void posix_memalign_of_0(void) {
    memalign_answer(0, 100);
}

static void posix_memalign_of_all(void) {
    void *untouched = &memalign_answer, *p = untouched;
    answer("%s", error_name(posix_memalign(&p, 64, opaque(SIZE_MAX - 100))));
    answer(", the pointer is %s", p == untouched ? "as it was" : "set");
}

static void posix_memalign_errno(void) {
    void *p;
    errno_mark();
    int result = posix_memalign(&p, 64, opaque(PTRDIFF_MAX));
    answer("%s, errno %s", error_name(result), error_name(errno));
}

static void memalign_of_24(void) {
    unsigned wrong = 0;
    for (int i = 0; i < 100; i++) {
        void *p = memalign(opaque(24), 100);
        wrong += is_misaligned(p, 32);
        if (i % 2)
            free(p);
    }
    answer("%u of 100 are not at a multiple of 32", wrong);
}

static void memalign_of_0(void) {
    answer_block(memalign(opaque(0), 100));
}

static void memalign_of_a_mebibyte(void) {
    hide(malloc(1)); /* the first block of a heap is aligned by chance */
    char *p = memalign(1 << 20, 1);
    *p = 1;
    answer("%s", is_misaligned(p, 1 << 20) ? "misaligned" : "aligned");
}

static void memalign_at_most(void) {
    errno = 0;
    void *p = memalign(opaque(((size_t)1 << 63) + 1), 1);
    answer_block(p);
}

static void valloc_of_1(void) {
    hide(malloc(1)); /* the first block of a heap is aligned by chance */
    void *p = valloc(1);
    answer("%s",
           is_misaligned(p, (size_t)sysconf(_SC_PAGESIZE)) ? "misaligned" : "aligned");
    free(p);
}

static void valloc_of_all(void) {
    errno = 0;
    answer_block(valloc(opaque(SIZE_MAX)));
}

static void pvalloc_of_1(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *p = pvalloc(1);
    answer("%s, %s", is_misaligned(p, page) ? "misaligned" : "aligned",
           malloc_usable_size(p) < page ? "less than a page" : "a page");
}

static void pvalloc_of_all(void) {
    errno = 0;
    answer_block(pvalloc(opaque(SIZE_MAX)));
}

static void reallocarray_that_wraps(void) {
    char *p = malloc(100);
    memset(p, 3, 100);
    errno = 0;
    answer_block(reallocarray(hide(p), opaque((size_t)1 << 32), ((size_t)1 << 32) + 1));
    answer(", the block is %s", all_are(p, 3, 100) ? "as it was" : "damaged");
}

static void reallocarray_of_null(void) {
    void *p = reallocarray(hide(NULL), 3, 5);
    answer_block(p);
    answer(", %s", malloc_usable_size(p) < 15 ? "too small" : "large enough");
}

static void reallocarray_of_none(void) {
    errno_mark();
    answer_block(reallocarray(hide(malloc(10)), opaque(0), 8));
}

static void usable_size_of_null(void) {
    answer("%zu", malloc_usable_size(hide(NULL)));
}

static void usable_size_of_blocks(void) {
    unsigned less = 0;
    for (size_t size = 0; size <= 300000; size += 1 + size / 40) {
        char *p = malloc(size);
        size_t usable = malloc_usable_size(hide(p));
        less += usable < size;
        memset(p, 1, usable);
        free(p);
    }
    answer("%u are less than the requested size", less);
}

static void trim_gives_back(void) {
    enum {
        BLOCKS = 100
    };
    static char *block[BLOCKS];
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (size_t i = 0; i < BLOCKS; i++)
        block[i] = malloc(100000);
    for (size_t i = 0; i < BLOCKS; i++)
        memset(block[i], 1, 100000);
    for (size_t i = 0; i < BLOCKS; i++)
        free(block[i]);
    int first = malloc_trim(0);
    answer("%d, then %d", first, malloc_trim(0));
}

static void mallopt_settings(void) {
    int taken = mallopt(M_MMAP_THRESHOLD, 65536) + mallopt(M_TRIM_THRESHOLD, 65536) +
                mallopt(M_ARENA_MAX, 1) + mallopt(M_TOP_PAD, 4096) +
                mallopt(M_MMAP_MAX, 10);
    answer("%d of 5 taken", taken);
}

static void mallinfo2_counts(void) {
    struct mallinfo2 before = mallinfo2();
    void *volatile small = malloc(50000);
    void *volatile large = malloc(5000000);
    struct mallinfo2 after = mallinfo2();
    size_t grown = after.uordblks - before.uordblks;
    answer("%s, %s",
           grown >= 50000 && grown < 100000 ? "counts blocks" : "does not count blocks",
           after.hblkhd - before.hblkhd >= 5000000 && after.hblks == before.hblks + 1
               ? "counts mappings"
               : "does not count mappings");
    free(small);
    free(large);
}

static void mallinfo2_sums(void) {
    void *volatile large = malloc(5000000);
    void *volatile freed = malloc(5000);
    void *volatile small = malloc(5000);
    free(freed);
    struct mallinfo2 now = mallinfo2();
    answer("%s", now.uordblks + now.fordblks == now.arena && now.keepcost <= now.fordblks
                     ? "agree"
                     : "do not");
    free(large);
    free(small);
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
static void mallinfo_agrees(void) {
    struct mallinfo2 wide = mallinfo2();
    struct mallinfo narrow = mallinfo();
    answer("%s", (size_t)narrow.uordblks == wide.uordblks &&
                         (size_t)narrow.arena == wide.arena && wide.arena > 0
                     ? "as mallinfo2"
                     : "otherwise");
}

static void mallinfo_of_more_than_an_int(void) {
    void *volatile large = malloc((size_t)5 << 30);
    struct mallinfo narrow = mallinfo();
    answer("%s", narrow.hblkhd == INT_MAX ? "INT_MAX" : "another number");
    free(large);
}
#pragma clang diagnostic pop

static void malloc_info_is_xml(void) {
    char text[8192] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    int result = malloc_info(0, to);
    fclose(to);
    answer("%d, %s, %s", result, strncmp(text, "<malloc ", 8) ? "no <malloc" : "<malloc",
           strstr(text, "<system type=\"current\" size=\"") &&
                   strstr(text, "<total type=\"mmap\" count=\"") &&
                   strstr(text, "</heap>") && strstr(text, "</malloc>\n")
               ? "its elements"
               : "elements lack");
}

static void malloc_info_of_1(void) {
    errno = 0;
    int result = malloc_info(opaque(1) == 1, stdout);
    answer("%d or EINVAL", result == EINVAL || errno == EINVAL ? -1 : result);
}

static void stats_are_text(void) {
    int ends[2];
    char text[4096];
    if (pipe(ends))
        return;
    dup2(ends[1], STDERR_FILENO);
    malloc_stats();
    fflush(stderr);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    answer("%s",
           strstr(text, "system bytes     = ") && strstr(text, "in use bytes     = ")
               ? "system bytes and in use bytes"
               : "something else");
}

static void newer_names(void) {
    static const char *const names[] = {"free_sized", "free_aligned_sized", "cfree"};
    for (int i = 0; i < 3; i++)
        answer("%s%s", i ? ", " : "", dlsym(RTLD_DEFAULT, names[i]) ? "there" : "absent");
}

/* Blocks that libc allocates and the program frees. */
static void what_libc_allocates(void) {
    char *line = NULL, *text = NULL;
    size_t size = 0;
    FILE *zero = fopen("/proc/self/status", "r");
    bool read = getline(&line, &size, zero) > 0;
    fclose(zero);
    free(line);
    FILE *to = open_memstream(&text, &size);
    for (int i = 0; i < 10000; i++)
        fprintf(to, "%d ", i);
    fclose(to);
    free(text);
    read = asprintf(&text, "%s", "text") == 4 && read;
    free(text);
    free(strdup("text"));
    free(realpath("/", NULL));
    free(getcwd(NULL, 0));
    answer("%s", read ? "free takes it" : "failed");
}

const struct question questions_of_glibc[] = {
    {.text = "posix_memalign of 8", .ask = posix_memalign_of_8},
    {.text = "posix_memalign of 4096, 0 bytes", .ask = posix_memalign_of_4096},
    {.text = "posix_memalign of 4", .ask = posix_memalign_of_4},
    {.text = "posix_memalign of 24", .ask = posix_memalign_of_24},
    {.text = "posix_memalign of 0", .ask = posix_memalign_of_0},
    {.text = "posix_memalign of SIZE_MAX - 100 bytes", .ask = posix_memalign_of_all},
    {.text = "posix_memalign's errno", .ask = posix_memalign_errno},
    {.text = "memalign of 24", .ask = memalign_of_24},
    {.text = "memalign of 0", .ask = memalign_of_0},
    {.text = "memalign of 1 MiB", .ask = memalign_of_a_mebibyte},
    {.text = "memalign of 2^63 + 1", .ask = memalign_at_most},
    {.text = "valloc(1)", .ask = valloc_of_1},
    {.text = "valloc(SIZE_MAX)", .ask = valloc_of_all},
    {.text = "pvalloc(1)", .ask = pvalloc_of_1},
    {.text = "pvalloc(SIZE_MAX)", .ask = pvalloc_of_all},
    {.text = "reallocarray(p, 2^32, 2^32 + 1)", .ask = reallocarray_that_wraps},
    {.text = "reallocarray(NULL, 3, 5)", .ask = reallocarray_of_null},
    {.text = "reallocarray(p, 0, 8)", .ask = reallocarray_of_none},
    {.text = "malloc_usable_size(NULL)", .ask = usable_size_of_null},
    {.text = "malloc_usable_size", .ask = usable_size_of_blocks},
    {.text = "malloc_trim(0) twice", .ask = trim_gives_back},
    {.text = "mallopt", .ask = mallopt_settings},
    {.text = "mallinfo2's counts", .ask = mallinfo2_counts},
    {.text = "mallinfo2's sums", .ask = mallinfo2_sums},
    {.text = "mallinfo and mallinfo2", .ask = mallinfo_agrees},
    {.text = "mallinfo of 5 GiB", .ask = mallinfo_of_more_than_an_int},
    {.text = "malloc_info(0, f)", .ask = malloc_info_is_xml},
    {.text = "malloc_info(1, f)", .ask = malloc_info_of_1},
    {.text = "malloc_stats", .ask = stats_are_text},
    {.text = "free_sized, free_aligned_sized, cfree", .ask = newer_names},
    {.text = "what libc allocates", .ask = what_libc_allocates},
    {.text = NULL},
};
