#define _GNU_SOURCE /* syscall */

#include "osmem/platform/unwind.h"

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "osmem/platform/unwind_row.h"

#if defined(__clang__)
/* What other frames have saved is read, whatever a sanitizer knows of it. */
#define UNWIND_UNCHECKED __attribute__((no_sanitize("address", "memory", "thread")))
#else
#define UNWIND_UNCHECKED
#endif

enum {
    UNWIND_PAGE = 4096,
    UNWIND_CALLEE_SAVED = 1 << UNWIND_RBX | 1 << UNWIND_RBP | 15 << UNWIND_R12,
};

struct unwind {
    uint64_t value[UNWIND_REGISTERS];
    uint32_t known;     /* a bit for each register */
    bool is_exact;      /* the address is not that behind a call */
    uintptr_t from, to; /* pages of the stack that can be read */
};

/* The system reads the set of signals before it refuses what is to be done with it. */
static bool unwind_is_readable(uintptr_t page) {
    return syscall(SYS_rt_sigprocmask, -1, page, NULL, sizeof(uint64_t)) == -1 &&
           errno == EINVAL;
}

UNWIND_UNCHECKED static bool unwind_load(struct unwind *unwind, uintptr_t at,
                                         uint64_t *value) {
    uintptr_t page = at - at % UNWIND_PAGE;
    if (at % sizeof *value != 0)
        return false;
    if (at - unwind->from >= unwind->to - unwind->from) {
        if (!unwind_is_readable(page))
            return false;
        unwind->from = page == unwind->to ? unwind->from : page;
        unwind->to = page + UNWIND_PAGE;
    }
    *value = *(const volatile uint64_t *)at;
    return true;
}

/* False where it needs what is not known, or cannot be read. */
static bool unwind_apply(struct unwind *unwind, const struct unwind_rule *rule,
                         uintptr_t cfa, uint64_t *value) {
    bool from_cfa = rule->kind == UNWIND_AT_CFA || rule->kind == UNWIND_IS_CFA;
    if (rule->kind == UNWIND_UNKNOWN || (!from_cfa && !(unwind->known >> rule->base & 1)))
        return false;
    *value =
        (from_cfa ? cfa : unwind->value[rule->base]) + (uint64_t)(int64_t)rule->offset;
    return rule->kind == UNWIND_IS || rule->kind == UNWIND_IS_CFA ||
           unwind_load(unwind, *value, value);
}

/* From a frame to its caller's. False where the walk ends. */
static bool unwind_step(struct unwind *unwind) {
    struct unwind_row row;
    struct unwind next = {.known = 1 << UNWIND_RSP | 1 << UNWIND_RETURN};
    uint64_t cfa, code = unwind->value[UNWIND_RETURN] - !unwind->is_exact;
    if (!unwind_row_find((const void *)code, &row) ||
        !unwind_apply(unwind, &row.cfa, 0, &cfa))
        return false;
    /* Only a signal changes to another stack. */
    if (!row.is_signal && cfa <= unwind->value[UNWIND_RSP])
        return false;
    for (unsigned i = 0; i < UNWIND_REGISTERS; i++)
        if (row.of[i].kind == UNWIND_SAME)
            row.of[i] = (struct unwind_rule){row.is_signal || UNWIND_CALLEE_SAVED >> i & 1
                                                 ? UNWIND_IS
                                                 : UNWIND_UNKNOWN,
                                             (uint8_t)i, 0};
    for (unsigned i = 0; i < UNWIND_REGISTERS; i++)
        if (unwind_apply(unwind, &row.of[i], cfa, &next.value[i]))
            next.known |= 1U << i;
        else if (i == UNWIND_RETURN)
            return false;
    next.value[UNWIND_RSP] = cfa;
    next.is_exact = row.is_signal;
    next.from = unwind->from;
    next.to = unwind->to;
    *unwind = next;
    return next.value[UNWIND_RETURN] != 0;
}

void unwind_prepare(void) {
}

__attribute__((noinline)) size_t unwind_take(const void **frames, size_t most) {
    struct unwind unwind = {.known = UNWIND_CALLEE_SAVED | 1 << UNWIND_RSP,
                            .is_exact = true};
    int saved = errno;
    size_t count = 0;
    unwind.from = (uintptr_t)&unwind - (uintptr_t)&unwind % UNWIND_PAGE;
    unwind.to = unwind.from + UNWIND_PAGE;
    __asm__ volatile("movq %%rbx, 3*8(%0)\n\t"
                     "movq %%rbp, 6*8(%0)\n\t"
                     "movq %%rsp, 7*8(%0)\n\t"
                     "movq %%r12, 12*8(%0)\n\t"
                     "movq %%r13, 13*8(%0)\n\t"
                     "movq %%r14, 14*8(%0)\n\t"
                     "movq %%r15, 15*8(%0)\n\t"
                     "leaq 0f(%%rip), %%rax\n\t"
                     "movq %%rax, 16*8(%0)\n"
                     "0:"
                     :
                     : "r"(unwind.value)
                     : "rax", "memory");
    while (count < most && unwind_step(&unwind))
        frames[count++] = (const void *)unwind.value[UNWIND_RETURN];
    errno = saved;
    return count;
}

#else

/* The C library's, where it is linked: a static program does not have it. */
__attribute__((weak)) int backtrace(void **frames, int most);

void unwind_prepare(void) {
    void *frames[2];
    if (backtrace)
        backtrace(frames, 2); /* the first call loads the unwinder */
}

size_t unwind_take(const void **frames, size_t most) {
    return backtrace ? (size_t)backtrace((void **)(uintptr_t)frames, (int)most) : 0;
}

#endif
