/* alloc_testing: the C functions over a simulated kernel, for the tests beside them. Remembers the last
 * finding, and how many there were. */
#ifndef OSMEM_ALLOC_ALLOC_TESTING_H
#define OSMEM_ALLOC_ALLOC_TESTING_H

#include <string.h>

#include "fuzz/machine/machine.h"
#include "osmem/alloc/alloc.h"
#include "osmem/alloc/state.h"
#include "osmem/check/verify.h"
#include "props/testing/suite.h"

static struct machine machine;
static struct os_alloc alloc;
static struct os_site next_site; /* of the next call */
static struct os_finding last;
static int faults;

static inline struct os_call *begin(void) {
    static struct os_call call;
    call_open(&call);
    call.site = next_site;
    return &call;
}

static inline struct os_call *begin_operation(const char *function) {
    struct os_call *call = begin();
    verify_sometimes(&alloc, call, function);
    return call;
}

static inline void end(const struct os_call *call) {
    ck_assert_uint_eq(lock_held, 0);
    for (size_t i = 0; i < call->findings.count; i++) {
        last = call->findings.finding[i];
        faults++;
    }
}

static inline void *do_malloc(size_t size) {
    struct os_call *call = begin_operation("os_malloc");
    void *block = alloc_malloc(&alloc, call, size);
    end(call);
    return block;
}

static inline void *do_calloc(size_t count, size_t size) {
    struct os_call *call = begin_operation("os_calloc");
    void *block = alloc_calloc(&alloc, call, count, size);
    end(call);
    return block;
}

static inline void *do_aligned_alloc(size_t alignment, size_t size) {
    struct os_call *call = begin_operation("os_aligned_alloc");
    void *block = alloc_aligned_alloc(&alloc, call, alignment, size);
    end(call);
    return block;
}

static inline void *do_realloc(void *block, size_t size) {
    struct os_call *call = begin_operation("os_realloc");
    void *resized = alloc_realloc(&alloc, call, block, size);
    end(call);
    return resized;
}

static inline void do_free(void *block) {
    struct os_call *call = begin_operation("os_free");
    alloc_free(&alloc, call, block);
    end(call);
}

static inline void do_free_sized(void *block, size_t alignment, size_t size) {
    struct os_call *call = begin_operation("os_free_sized");
    alloc_free_sized(&alloc, call, block, alignment, size);
    end(call);
}

static inline size_t do_usable_size(const void *block) {
    struct os_call *call = begin();
    size_t size = alloc_usable_size(&alloc, call, block);
    end(call);
    return size;
}

static inline void do_trim(void) {
    struct os_call *call = begin();
    alloc_trim(&alloc, call);
    end(call);
}

static inline bool do_check(const char *function) {
    struct os_call *call = begin();
    bool sound = verify_heap(&alloc, call, function);
    end(call);
    return sound;
}

/* How many blocks the program has. */
static inline uint64_t blocks_out(void) {
    return alloc.allocations - alloc.frees;
}

static inline void open_light(void) {
    ck_assert(machine_open(&machine));
    alloc_init(&alloc, &machine.kernel);
    next_site = (struct os_site){.operation = 0};
    faults = 0;
}

/* Verified, with neighbours, and quarantined. */
static inline void open_full(void) {
    static struct os_options options;
    options = options_of_tier[TIER_FULL];
    options.sample = 0;
    open_light();
    alloc_set_options(&alloc, &options);
}

static inline void expect_fault(enum os_status kind, const char *function) {
    ck_assert_int_eq(faults, 1);
    ck_assert_int_eq(last.kind, kind);
    ck_assert_str_eq(last.function, function);
    faults = 0;
}

#endif
