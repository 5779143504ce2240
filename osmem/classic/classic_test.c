/* Refusals, the seal, and each rule of the walk broken; scenarios.txt has the rest. */
#include "osmem/classic/classic.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/machine/machine.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct classic heap;

static void open_heap(bool sealed) {
    ck_assert(machine_open(&machine));
    classic_init(&heap, &machine.kernel, sealed);
}

static struct classic_header *header_of(void *address) {
    return (struct classic_header *)address - 1;
}

static void expect_sound(void) {
    const char *broken = classic_check(&heap);
    ck_assert_msg(!broken, "%s", broken);
}

static void expect_breach(const char *number) {
    const char *broken = classic_check(&heap);
    ck_assert_ptr_nonnull(broken);
    ck_assert_msg(strncmp(broken, number, 2) == 0, "%s, not %s", broken, number);
}

/* Three blocks, the middle one free. */
static struct classic_header *open_three(bool sealed) {
    open_heap(sealed);
    void *left = classic_malloc(&heap, 100);
    void *middle = classic_malloc(&heap, 100);
    ck_assert_ptr_nonnull(classic_malloc(&heap, 100));
    classic_free(&heap, middle);
    expect_sound();
    return header_of(left);
}

START_TEST(each_rule_is_seen_broken) {
    struct classic_header *left = open_three(false);
    left->next->prev = NULL;
    expect_breach("K1");
    left->next->prev = left;
    heap.last = left;
    expect_breach("K1");
    left = open_three(false);
    left->size -= 16;
    expect_breach("K2");
    left->size += 32;
    expect_breach("K2");
    left = open_three(false);
    left->size -= 4;
    expect_breach("K3");
    left->size += 4;
    left->status = CLASSIC_MAPPED;
    expect_breach("K3");
    left = open_three(false);
    left->status = CLASSIC_FREE; /* touches the free block behind it, unjoined */
    heap.joined = true;
    expect_breach("K4");
    left = open_three(false);
    heap.blocks++;
    expect_breach("K6");
    left = open_three(false);
    left->status = CLASSIC_FREE;
    expect_breach("K6");
}
END_TEST

static void write_byte(size_t at) {
    struct classic_header *left = open_three(true);
    ((unsigned char *)left->next)[at]++;
}

/* Runs a write that must end the process by a report of a damaged header. */
static void expect_report(void (*damage)(size_t), size_t at) {
    int status, ends[2];
    char text[512] = "";
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        damage(at);
        classic_malloc(&heap, 100);
        _exit(0);
    }
    close(ends[1]);
    ck_assert_int_ge(read(ends[0], text, sizeof text - 1), 0);
    close(ends[0]);
    waitpid(child, &status, 0);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "byte %zu", at);
    ck_assert_msg(strstr(text, "osmem: damaged-header: the header in front of a block of "
                               "classic was overwritten [OSM-HEADER]\n") == text,
                  "%s", text);
}

START_TEST(every_byte_of_a_sealed_header_counts) {
    for (size_t at = 0; at < sizeof(struct classic_header); at++) {
        write_byte(at);
        expect_breach(at >= 16 && at < 24 ? "K1" : "K5");
        expect_report(write_byte, at);
    }
}
END_TEST

START_TEST(a_sealed_heap_lives_as_any) {
    open_heap(true);
    void *block[40] = {NULL};
    for (size_t i = 0; i < 400; i++) {
        size_t at = i * 7 % 40, size = i * i % 3000;
        block[at] = i % 3 ? classic_realloc(&heap, block[at], size)
                          : (classic_free(&heap, block[at]), classic_malloc(&heap, size));
        expect_sound();
    }
    ck_assert_uint_gt(heap.blocks, 20);
}
END_TEST

START_TEST(a_refusal_leaves_everything_as_it_was) {
    open_heap(false);
    machine_refuse(&machine, 1, 1);
    ck_assert_ptr_null(classic_malloc(&heap, 100));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(heap.first);
    char *first = classic_malloc(&heap, 131000);
    char *second = classic_malloc(&heap, 100);
    classic_free(&heap, classic_malloc(&heap, 200));
    memset(second, 7, 100);
    machine_refuse(&machine, 1,
                   1); /* the free block behind it is joined, and is too small */
    ck_assert_ptr_null(classic_realloc(&heap, second, 5000));
    ck_assert_uint_eq(classic_usable_size(&heap, second), 104);
    ck_assert(second[0] == 7 && memcmp(second, second + 1, 99) == 0);
    expect_sound();
    machine_refuse(&machine, 1, 1);
    ck_assert_ptr_null(classic_malloc(&heap, 5000));
    ck_assert_ptr_null((machine_refuse(&machine, 1, 1), classic_calloc(&heap, 1, 4096)));
    ck_assert_ptr_null(
        (machine_refuse(&machine, 1, 1), classic_realloc(&heap, first, 200000)));
    ck_assert_uint_eq(heap.blocks, 2);
    expect_sound();
}
END_TEST

START_TEST(what_munmap_refuses_is_counted) {
    open_heap(false);
    void *block = classic_malloc(&heap, 200000);
    machine_refuse(&machine, 1, 1);
    errno = 7777;
    classic_free(&heap, block);
    ck_assert_int_eq(errno, 7777);
    ck_assert_uint_eq(heap.lost, 200032);
    ck_assert_uint_eq(heap.blocks, 0);
    ck_assert_ptr_null(classic_realloc(&heap, block, 10)); /* it is free all the same */
    expect_sound();
}
END_TEST

int main(void) {
    return suite_run("classic",
                     SUITE(each_rule_is_seen_broken, every_byte_of_a_sealed_header_counts,
                           a_sealed_heap_lives_as_any,
                           a_refusal_leaves_everything_as_it_was,
                           what_munmap_refuses_is_counted));
}
