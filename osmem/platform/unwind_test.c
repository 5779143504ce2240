/* A walk over the stack: as the C library's, and where that would read what is gone. */
#define _GNU_SOURCE
#include "osmem/platform/unwind.h"

#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "osmem/platform/module.h"
#include "props/testing/suite.h"

enum {
    DEPTH = 40,
};

static const void *ours[DEPTH];
static void *theirs[DEPTH];
static size_t count;

/* All frames but the innermost, which is in this function, at another call. */
__attribute__((noinline)) static void compare(void) {
    memset(ours, 0, sizeof ours);
    count = unwind_take(ours, DEPTH);
    size_t expected = (size_t)backtrace(theirs, DEPTH);
    ck_assert_uint_eq(count, expected);
    for (size_t i = 1; i < expected; i++)
        ck_assert_ptr_eq(ours[i], theirs[i]);
    ck_assert_uint_ge(count, 2);
}

static bool is_among(const void *from, size_t size) {
    for (size_t i = 0; i < count; i++)
        if ((uintptr_t)ours[i] - (uintptr_t)from < size)
            return true;
    return false;
}

/* ---- ordinary code ---- */

static int compare_in_sort(const void *a, const void *b) {
    compare();
    return (a > b) - (a < b);
}

/* Registers saved in several orders, a frame pointer, a stack that is aligned anew. */
__attribute__((noinline)) static int with_much(int n, volatile char *at) {
    volatile char variable[n + 1];
    _Alignas(64) volatile char aligned[64];
    aligned[0] = at[0];
    variable[n] = aligned[0];
    if (n > 0)
        return with_much(n - 1, variable) + variable[n] + aligned[0];
    compare();
    return aligned[0];
}

static void *in_a_thread(void *context) {
    compare();
    return context;
}

START_TEST(ordinary_code) {
    int numbers[] = {3, 1, 2};
    pthread_t thread;
    volatile char start = 1;
    compare();
    qsort(numbers, 3, sizeof numbers[0], compare_in_sort);
    with_much(5, &start);
    pthread_create(&thread, NULL, in_a_thread, NULL);
    pthread_join(thread, NULL);
}
END_TEST

/* A call that does not return, at a function's end; and behind it a function without a table. */
void call_at_the_end(void (*function)(void));
void call_without_table(void (*function)(void));
__asm__(".text\n"
        "call_at_the_end:\n"
        ".cfi_startproc\n"
        "subq $8, %rsp\n"
        ".cfi_adjust_cfa_offset 8\n"
        "call *%rdi\n"
        ".cfi_endproc\n"
        "call_without_table:\n"
        "subq $24, %rsp\n"
        "call *%rdi\n"
        "addq $24, %rsp\n"
        "ret\n");

static sigjmp_buf back;

static void compare_and_leave(void) {
    compare();
    siglongjmp(back, 1);
}

START_TEST(at_the_edge_of_a_function) {
    if (sigsetjmp(back, 1) == 0)
        call_at_the_end(compare_and_leave);
    call_without_table(compare);
    compare();
}
END_TEST

START_TEST(as_many_as_are_wanted) {
    compare();
    memset(ours, 0, sizeof ours);
    ck_assert_uint_eq(unwind_take(ours, 2), 2);
    ck_assert_ptr_nonnull(ours[1]);
    ck_assert_ptr_null(ours[2]);
    ck_assert_uint_eq(unwind_take(ours, 0), 0);
}
END_TEST

/* ---- signals ---- */

static int order(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

static volatile sig_atomic_t handled;

static void handle(int number) {
    (void)number;
    compare();
    handled = 1;
}

static void handle_on(int flags) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = flags};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

/* The first instruction of a function is not that of the one in front of it. */
void fault_at_once(void *page);
__asm__(".text\n"
        "fault_at_once:\n"
        ".cfi_startproc\n"
        "movb $1, (%rdi)\n"
        "ret\n"
        ".cfi_endproc\n");

static char *page; /* neither read nor written */

static void handle_and_leave(int number) {
    handle(number);
    siglongjmp(back, 1);
}

START_TEST(through_a_signal) {
    char other[65536]; /* above the frames of what is called */
    stack_t stack = {.ss_sp = other, .ss_size = sizeof other};
    handle_on(0);
    raise(SIGUSR1);
    ck_assert(handled);
    sigaltstack(&stack, NULL);
    handle_on(SA_ONSTACK);
    raise(SIGUSR1); /* from one stack to the other */
    signal(SIGSEGV, handle_and_leave);
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    handled = 0;
    if (sigsetjmp(back, 1) == 0)
        fault_at_once(page);
    ck_assert(handled);
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
}
END_TEST

/* The processor traps after each instruction. In the stubs that call other libraries' functions, the
 * table has an expression that is not understood: the walk ends there. */
static size_t steps, steps_in_stubs;

static void compare_at_a_step(int number) {
    (void)number;
    steps++;
    if (unwind_take(ours, DEPTH) == 3)
        steps_in_stubs++;
    else
        compare();
}

START_TEST(at_every_instruction) {
    char text[64];
    int numbers[] = {5, 3, 4, 1, 2};
    signal(SIGTRAP, compare_at_a_step);
    __asm__ volatile("pushfq\n\torl $0x100, (%rsp)\n\tpopfq");
    snprintf(text, sizeof text, "%.30g %s %-20d", 1e10 / 3, "text", 7);
    qsort(numbers, 5, sizeof numbers[0], order);
    __asm__ volatile("pushfq\n\tandl $~0x100, (%rsp)\n\tpopfq");
    ck_assert_uint_gt(steps, 1000);
    ck_assert_uint_lt(steps_in_stubs, steps / 20);
}
END_TEST

/* ---- code that was made at run time ---- */

/* Calls a function with an argument, and returns; the last instruction may be the call. */
static char *make_code(void (*function)(void *), void *argument, bool at_the_end) {
    static const unsigned char text[] = {
        0x48, 0x83, 0xec, 8,                     /* sub rsp, 8 */
        0x48, 0xbf, 0,    0, 0,   0, 0, 0, 0, 0, /* mov rdi */
        0x48, 0xb8, 0,    0, 0,   0, 0, 0, 0, 0, /* mov rax */
        0xff, 0xd0,                              /* call rax */
        0x48, 0x83, 0xc4, 8, 0xc3};              /* add rsp; ret */
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *code = at_the_end ? pages + 4096 - 26 : pages;
    munmap(pages + 4096, 4096);
    memcpy(code, text, at_the_end ? 26 : sizeof text);
    memcpy(code + 6, &argument, 8);
    memcpy(code + 16, &function, 8);
    return code;
}

static void walk(void *code) {
    (void)code;
    count = unwind_take(ours, DEPTH);
}

static void release_and_walk(void *code) {
    munmap((char *)code - (uintptr_t)code % 4096, 4096);
    count = unwind_take(ours, DEPTH);
    siglongjmp(back, 1);
}

/* The walk ends with the address in the code that is not known. */
static void expect_end_in(const char *code, size_t size) {
    ck_assert_uint_ge(count, 2);
    ck_assert(is_among(code, size));
    ck_assert_uint_le((uintptr_t)ours[count - 1] - (uintptr_t)code, size);
}

static void call_code(char *volatile code) {
    ((void (*)(void))(uintptr_t)code)();
}

START_TEST(code_without_a_table) {
    char *volatile code = make_code(walk, NULL, false);
    call_code(code);
    expect_end_in(code, 31);
    for (volatile int at_the_end = 0; at_the_end < 2; at_the_end++) {
        code = make_code(release_and_walk, NULL, at_the_end);
        memcpy(code + 6, (char *[]){code}, 8);
        if (sigsetjmp(back, 1) == 0)
            call_code(code);
        ck_assert_uint_ge(count, 2);
        ck_assert_ptr_eq(ours[count - 1], code + 26);
    }
    compare();
}
END_TEST

static void expect_module(const void *address, const char *name) {
    struct module module, same;
    bool found = module_find(address, &module);
    ck_assert_int_eq(found, name != NULL);
    ck_assert_int_eq(module_find_in_list(address, &same), found);
    if (!found)
        return;
    ck_assert_ptr_nonnull(strstr(module.name, name));
    ck_assert_str_eq(module.name, same.name);
    ck_assert_uint_eq(module.base, same.base);
    ck_assert_ptr_nonnull(module.eh_frame);
    ck_assert_ptr_eq(module.eh_frame, same.eh_frame);
    ck_assert_uint_lt(module.from, (uintptr_t)address);
    ck_assert_uint_gt(module.to, (uintptr_t)address);
}

START_TEST(a_module_is_found_or_not) {
    expect_module((const void *)(uintptr_t)call_code, "");
    expect_module((const void *)(uintptr_t)qsort, "libc.so");
    expect_module(make_code(walk, NULL, false), NULL);
    expect_module(NULL, NULL);
}
END_TEST

/* ---- stacks that are not whole ---- */

/* A frame by rbp, which is set to an address: the caller's frame is said to be there. */
__attribute__((noinline)) static void walk_from(uintptr_t frame) {
    uintptr_t *own = __builtin_frame_address(0);
    uintptr_t saved = own[0];
    own[0] = frame; /* the caller's rbp */
    count = unwind_take(ours, DEPTH);
    own[0] = saved;
}

__attribute__((noinline)) static void walk_with_caller_at(volatile uintptr_t frame) {
    volatile char variable[frame % 7 + 1]; /* so its CFA is by rbp */
    variable[0] = 1;
    walk_from(frame);
    variable[0] = 2;
}

START_TEST(a_corrupt_stack) {
    uintptr_t below = (uintptr_t)__builtin_frame_address(0) - 65536;
    char *edge =
        mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(edge + 4096, 4096, PROT_NONE);
    const uintptr_t frames[] = {0,
                                8,
                                ~(uintptr_t)7,
                                UINTPTR_MAX,
                                (uintptr_t)1 << 62,
                                below - below % 16,
                                (uintptr_t)edge + 4096,
                                (uintptr_t)edge + 4096 - 8,
                                (uintptr_t)edge + 4095};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        walk_with_caller_at(frames[i]);
        ck_assert_uint_eq(count, 2);
    }
    const void *loop[] = {loop, ours[1]}; /* a frame that is its own caller's */
    walk_with_caller_at((uintptr_t)loop);
    ck_assert_uint_le(count, 3);
}
END_TEST

/* A context of its own, whose memory ends right above the outermost frame. */
static ucontext_t context, before;

static void in_a_context(void) {
    count = unwind_take(ours, DEPTH);
}

START_TEST(a_context_of_its_own) {
    char *stack =
        mmap(NULL, 69632, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(stack + 65536, 4096);
    getcontext(&context);
    context.uc_stack = (stack_t){.ss_sp = stack, .ss_size = 65536};
    context.uc_link = &before;
    makecontext(&context, in_a_context, 0);
    swapcontext(&before, &context);
    ck_assert_uint_ge(count, 1);
    compare();
}
END_TEST

int main(void) {
    return suite_run(
        "unwind", SUITE(ordinary_code, at_the_edge_of_a_function, as_many_as_are_wanted,
                        through_a_signal, at_every_instruction, code_without_a_table,
                        a_module_is_found_or_not, a_corrupt_stack, a_context_of_its_own));
}
