/* What is in use at the exit, by who allocated it. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "osmem/report/leaks.h"

#include <dlfcn.h>
#include <stdio.h>
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

/* ---- what libraries keep ---- */

extern FILE *_IO_list_all;

/* Its first word is another block's address, its second lies within a third. */
START_TEST(a_buffer_of_a_stream_is_kept_and_what_it_refers_to) {
    open_light();
    char **buffer = do_malloc(64), *referred = do_malloc(100), *within = do_malloc(20);
    ck_assert_int_eq(setvbuf(stdin, (char *)buffer, _IOFBF, 64), 0);
    buffer[0] = referred;
    buffer[1] = within + 8;
    list();
    ck_assert_str_eq(said,
                     "osmem: leak: 32 bytes in 1 block in all are in use at the exit\n");
    setvbuf(stdin, NULL, _IONBF, 0);
    list();
    ck_assert_ptr_nonnull(strstr(said, " in 3 blocks in all "));
}
END_TEST

START_TEST(a_stream_that_was_opened_is_not_kept) {
    open_light();
    FILE *opened = do_malloc(sizeof *opened), *before = _IO_list_all;
    memcpy(opened, stdin, sizeof *opened);
    opened->_IO_buf_base = do_malloc(64);
    opened->_chain = before;
    setvbuf(stdin, (char *)opened, _IOFBF, sizeof *opened); /* so that it is found */
    _IO_list_all = opened;
    list();
    _IO_list_all = before;
    ck_assert_ptr_nonnull(strstr(said, " in 2 blocks in all "));
    list();
    ck_assert_ptr_nonnull(strstr(said, " in 0 blocks in all "));
    setvbuf(stdin, NULL, _IONBF, 0);
}
END_TEST

START_TEST(what_the_loader_allocated_is_kept) {
    struct os_options options = options_of_tier[TIER_STANDARD];
    options.sites = 100;
    open_light();
    alloc_set_options(&alloc, &options);
    next_site.frame[0] = dlsym(RTLD_DEFAULT, "_dl_mcount");
    ck_assert_ptr_nonnull(next_site.frame[0]);
    do_malloc(40);
    next_site.frame[0] = (const void *)0x10;
    do_malloc(50);
    list();
    ck_assert_str_eq(said, "osmem: leak: 50 bytes in 1 block\n"
                           "  the first of them by operation 2 at\n    0x10\n"
                           "osmem: leak: 50 bytes in 1 block in all are in use at the "
                           "exit\n");
}
END_TEST

int main(void) {
    return suite_run("leaks", SUITE(blocks_of_one_site_are_one_line,
                                    a_buffer_of_a_stream_is_kept_and_what_it_refers_to,
                                    a_stream_that_was_opened_is_not_kept,
                                    what_the_loader_allocated_is_kept));
}
