#define _GNU_SOURCE /* REG_ERR */

#include "osmem/platform/access.h"

#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#if defined(__x86_64__)
enum {
    ERROR_WRITE = 2
}; /* a bit of a page fault's error code */

const char *access_kind(const void *context) {
    const ucontext_t *frame = context;
    return frame->uc_mcontext.gregs[REG_ERR] & ERROR_WRITE ? "a write" : "a read";
}

const void *access_instruction(const void *context) {
    const ucontext_t *frame = context;
    return (const void *)(uintptr_t)frame->uc_mcontext.gregs[REG_RIP];
}
#else
const char *access_kind(const void *context) {
    (void)context;
    return "an access";
}

const void *access_instruction(const void *context) {
    (void)context;
    return NULL;
}
#endif
