/* What is in use at the exit, by who allocated it. */
#include "osmem/report/leaks.h"

#include <string.h>
#include <unistd.h>

#include "osmem/alloc/alloc_testing.h"

static char said[8192];

static void list(void) {
    char path[] = "/tmp/leaksXXXXXX";
    static struct os_options options;
    int fd = mkstemp(path);
    options = *alloc.options;
    strcpy(options.log, path);
    alloc.options = &options;
    leaks_list(&alloc);
    ssize_t n = pread(fd, said, sizeof said - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    close(fd);
    unlink(path);
}

START_TEST(blocks_of_one_site_are_one_line) {
    struct os_options options = options_of_tier[TIER_STANDARD];
    options.sites = 100;
    open_light();
    alloc_set_options(&alloc, &options);
    next_site.frame[0] = (const void *)0x10;
    next_site.frame[1] = (const void *)0x11;
    do_malloc(40);
    void *freed = do_malloc(50);
    next_site.frame[1] = (const void *)0x12;
    do_malloc(1);
    next_site.frame[1] = (const void *)0x11;
    do_malloc(60);
    do_free(freed);
    list();
    ck_assert_str_eq(
        said, "osmem: leak: 100 bytes in 2 blocks\n"
              "  the first of them by operation 1 at\n    0x10\n    0x11\n"
              "osmem: leak: 1 byte in 1 block\n"
              "  the first of them by operation 3 at\n    0x10\n    0x12\n"
              "osmem: leak: 101 bytes in 3 blocks in all are in use at the exit\n");
}
END_TEST

int main(void) {
    return suite_run("leaks", SUITE(blocks_of_one_site_are_one_line));
}
