#include "fuzz/subject/osmem_subject.h"

#include <stdio.h>
#include <string.h>

#include "fuzz/subject/heap_state.h"
#include "fuzz/subject/osmem_insight.h"
#include "osmem/alloc/alloc.h"
#include "osmem/alloc/state.h"
#include "osmem/base/num.h"
#include "osmem/block/canary.h"
#include "osmem/check/check.h"
#include "osmem/check/verify.h"
#include "osmem/space/policy.h"

struct osmem_self {
    struct os_alloc alloc;
    struct machine *machine;
    const char *fault; /* the first one that a valid program met */
    void (*handler)(void *context, const struct subject_report *report);
    void *context;
    char message[160];
};

static_assert(sizeof(struct osmem_self) <= MACHINE_SUBJECT, "it fits the machine");

/* ---- one configuration of it ---- */

static struct osmem_self *osmem_start(struct machine *machine) {
    struct osmem_self *self = (void *)machine->subject;
    alloc_init(&self->alloc, &machine->kernel);
    self->machine = machine;
    self->fault = NULL;
    self->handler = NULL;
    return self;
}

/* Freed mappings are taken again from the first on: no program here frees very many. */
static struct osmem_self *osmem_reuse(struct osmem_self *self) {
    struct retired *retired = &self->alloc.heap.space.retired;
    retired->reuse = (size_t)2 << 20;
    retired->frees = POLICY_REUSE_AFTER;
    return self;
}

static void *osmem_open(struct machine *machine) {
    return osmem_reuse(osmem_start(machine));
}

static void *osmem_open_standard(struct machine *machine) {
    struct osmem_self *self = osmem_start(machine);
    alloc_set_options(&self->alloc, &options_of_tier[TIER_STANDARD]);
    return osmem_reuse(self);
}

/* Guarded allocations come often, and the simulated kernel has little address space to keep. */
static void *osmem_open_full(struct machine *machine) {
    static struct os_options options;
    struct osmem_self *self = osmem_start(machine);
    options = options_of_tier[TIER_FULL];
    options.sample = 20;
    options.keep = (size_t)2 << 20;
    alloc_set_options(&self->alloc, &options);
    return self;
}

/* ---- calls, and what they find ---- */

static void osmem_report(struct osmem_self *self, const struct os_finding *finding) {
    bool underflow = finding->kind == OS_FAULT_UNDERFLOW;
    struct subject_report report = {
        .kind = status_row(finding->kind)->slug,
        .address = finding->address,
        .damaged = underflow ? finding->left.address : finding->block,
        .size = underflow ? finding->left.size : finding->size,
        .link = finding->kind == OS_FAULT_FREE_LINK,
    };
    if (self->handler)
        self->handler(self->context, &report);
    else if (!self->fault)
        self->fault = report.kind;
}

static void osmem_end(struct osmem_self *self, const struct os_call *call) {
    if (lock_held && !self->fault)
        self->fault = "a call ended with a lock held";
    for (size_t i = 0; i < call->findings.count; i++)
        osmem_report(self, &call->findings.finding[i]);
}

/* A function of the subject that is one call: `type` is what it gives, or `void`. */
#define OSMEM_CALL(type, name, parameters, ...)                                   \
    static type osmem_##name parameters {                                         \
        struct osmem_self *to = self;                                             \
        struct os_call call;                                                      \
        call_open(&call);                                                         \
        type result = alloc_##name(&to->alloc, &call __VA_OPT__(, ) __VA_ARGS__); \
        osmem_end(to, &call);                                                     \
        return result;                                                            \
    }
#define OSMEM_CALL_VOID(name, parameters, ...)                      \
    static void osmem_##name parameters {                           \
        struct osmem_self *to = self;                               \
        struct os_call call;                                        \
        call_open(&call);                                           \
        alloc_##name(&to->alloc, &call __VA_OPT__(, ) __VA_ARGS__); \
        osmem_end(to, &call);                                       \
    }

OSMEM_CALL(void *, malloc, (void *self, size_t size), size)
OSMEM_CALL(void *, calloc, (void *self, size_t count, size_t size), count, size)
OSMEM_CALL(void *, realloc, (void *self, void *block, size_t size), block, size)
OSMEM_CALL(void *, aligned_alloc, (void *self, size_t alignment, size_t size), alignment,
           size)
OSMEM_CALL(size_t, usable_size, (void *self, const void *block), block)
OSMEM_CALL_VOID(free, (void *self, void *block), block)
OSMEM_CALL_VOID(free_sized, (void *self, void *block, size_t alignment, size_t size),
                block, alignment, size)
OSMEM_CALL_VOID(trim, (void *self), )

/* ---- oracles ---- */

static const char *osmem_check(void *self, bool full) {
    struct osmem_self *to = self;
    struct os_heap *heap = &to->alloc.heap;
    if (to->fault)
        return to->fault;
    if (!insight_guards_hold(heap, to->machine))
        return "a guard page of a large block can be written to";
    if (!insight_top_is_trimmed(heap, to->machine))
        return "much memory at the top of the break is free and not given back";
    heap_lock(heap);
    struct check_breach breach = check_heap(heap, full ? CHECK_FULL : CHECK_QUICK);
    heap_unlock(heap);
    if (breach.invariant == INVARIANT_NONE)
        return NULL;
    snprintf(to->message, sizeof to->message, "%s: %s", check_name(breach.invariant),
             check_rule(breach.invariant));
    return to->message;
}

static struct subject_statistics osmem_statistics(void *self) {
    struct osmem_self *to = self;
    return insight_statistics(&to->alloc.heap);
}

static uint64_t osmem_digest(void *self) {
    struct osmem_self *to = self;
    return heap_digest(&to->alloc.heap, to->machine->memory);
}

static uint64_t osmem_state(void *self) {
    struct osmem_self *to = self;
    return num_mix(heap_state(&to->alloc.heap, to->machine->memory) +
                   to->alloc.record.sample.until +
                   num_mix(to->alloc.record.sample.random) + machine_state(to->machine));
}

static const char *osmem_leftover(void *self) {
    struct osmem_self *to = self;
    if (osmem_statistics(self).blocks)
        return "blocks are in use";
    return insight_leftover(&to->alloc.heap, to->machine);
}

static void osmem_free_blocks(void *self,
                              void (*block)(void *context, const char *address,
                                            size_t size),
                              void *context) {
    struct osmem_self *to = self;
    insight_free_blocks(&to->alloc.heap, block, context);
}

/* ---- for misuse ---- */

static void osmem_set_handler(void *self,
                              void (*handler)(void *context,
                                              const struct subject_report *report),
                              void *context) {
    struct osmem_self *to = self;
    to->handler = handler;
    to->context = context;
}

static enum subject_region osmem_region(void *self, const void *address) {
    struct osmem_self *to = self;
    return insight_region(&to->alloc.heap, address);
}

static void osmem_report_damage(void *self) {
    struct osmem_self *to = self;
    struct os_call call;
    call_open(&call);
    verify_heap(&to->alloc, &call, "exit");
    osmem_end(to, &call);
}

static char *osmem_metadata(void *self, unsigned number) {
    struct osmem_self *to = self;
    return insight_metadata(&to->alloc.heap, number);
}

/* ---- the subjects ---- */

#define OSMEM_SUBJECT(text, opens)                                                \
    .name = text, .open = opens, .alignment = 16, .malloc = osmem_malloc,         \
    .calloc = osmem_calloc, .realloc = osmem_realloc, .free = osmem_free,         \
    .aligned_alloc = osmem_aligned_alloc, .usable_size = osmem_usable_size,       \
    .free_sized = osmem_free_sized, .trim = osmem_trim, .check = osmem_check,     \
    .statistics = osmem_statistics, .digest = osmem_digest, .state = osmem_state, \
    .leftover = osmem_leftover, .free_blocks = osmem_free_blocks,                 \
    .set_handler = osmem_set_handler, .region = osmem_region,                     \
    .report_damage = osmem_report_damage, .metadata = osmem_metadata
#define OSMEM_CANARY .canary_min = 1, .canary_max = CANARY_MAX

const struct subject osmem_subject = {OSMEM_SUBJECT("osmem", osmem_open)};

const struct subject osmem_standard_subject = {
    OSMEM_SUBJECT("osmem, standard tier", osmem_open_standard),
    OSMEM_CANARY,
};

const struct subject osmem_full_subject = {
    OSMEM_SUBJECT("osmem, full tier", osmem_open_full),
    OSMEM_CANARY,
    .quarantines = true,
};

const struct subject osmem_misused_subject = {
    OSMEM_SUBJECT("osmem, light tier, misused", osmem_open),
    .misused = true,
    .detects = 1 << REGION_LINK,
};

const struct subject osmem_misused_standard_subject = {
    OSMEM_SUBJECT("osmem, standard tier, misused", osmem_open_standard),
    OSMEM_CANARY,
    .misused = true,
    .detects = 1 << REGION_IN_USE | 1 << REGION_LINK,
};

const struct subject osmem_misused_full_subject = {
    OSMEM_SUBJECT("osmem, full tier, misused", osmem_open_full),
    OSMEM_CANARY,
    .quarantines = true,
    .misused = true,
    .checks_neighbours = true,
    .detects = 1 << REGION_IN_USE | 1 << REGION_QUARANTINED | 1 << REGION_FREE |
               1 << REGION_LINK | 1 << REGION_LEFT_PADDING,
};
