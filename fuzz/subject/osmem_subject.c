#include "fuzz/subject/osmem_subject.h"

#include <stdio.h>

#include "osmem/base/num.h"
#include "osmem/check/check.h"
#include "osmem/check/walk.h"
#include "osmem/front/front.h"

struct osmem_self {
    struct os_front front;
    struct os_cache cache;
    struct machine *machine;
    const char *fault; /* the first one that a valid program met */
    char message[160];
};

static void osmem_on_fault(struct os_front *front, const struct os_fault_info *info) {
    struct osmem_self *self = (struct osmem_self *)(void *)front;
    if (!self->fault)
        self->fault = fault_slug(info->kind);
}

static void *osmem_open(struct machine *machine) {
    static struct osmem_self self;
    front_init(&self.front, &machine->kernel);
    self.front.on_fault = osmem_on_fault;
    self.cache = (struct os_cache){0};
    self.machine = machine;
    self.fault = NULL;
    return &self;
}

static void *osmem_malloc(void *self, size_t size) {
    struct osmem_self *to = self;
    return front_malloc(&to->front, &to->cache, size);
}

static void *osmem_calloc(void *self, size_t count, size_t size) {
    struct osmem_self *to = self;
    return front_calloc(&to->front, &to->cache, count, size);
}

static void *osmem_realloc(void *self, void *block, size_t size) {
    struct osmem_self *to = self;
    return front_realloc(&to->front, &to->cache, block, size);
}

static void osmem_free(void *self, void *block) {
    struct osmem_self *to = self;
    front_free(&to->front, &to->cache, block);
}

static void *osmem_aligned_alloc(void *self, size_t alignment, size_t size) {
    struct osmem_self *to = self;
    return front_aligned_alloc(&to->front, &to->cache, alignment, size);
}

static size_t osmem_usable_size(void *self, const void *block) {
    struct osmem_self *to = self;
    return front_usable_size(&to->front, block);
}

static void osmem_trim(void *self) {
    struct osmem_self *to = self;
    front_trim(&to->front);
}

static const char *osmem_check(void *self, bool full) {
    struct osmem_self *to = self;
    if (to->fault)
        return to->fault;
    struct check_breach breach =
        check_heap(&to->front.heap, full ? CHECK_FULL : CHECK_QUICK);
    if (breach.invariant == INVARIANT_NONE)
        return NULL;
    snprintf(to->message, sizeof to->message, "%s: %s", check_name(breach.invariant),
             check_rule(breach.invariant));
    return to->message;
}

static struct subject_statistics osmem_statistics(void *self) {
    const struct osmem_self *to = self;
    const struct heap_counters *counters = &to->front.heap.counters;
    return (struct subject_statistics){
        .blocks = counters->blocks_in_use + counters->large_blocks,
        .bytes = counters->granules[STATE_IN_USE] * GRANULE + counters->large_room};
}

struct osmem_digest {
    uint64_t sum;
    const char *base;
};

static bool osmem_digest_block(void *context, const struct walk_block *block) {
    struct osmem_digest *digest = context;
    if (block->state == STATE_IN_USE)
        digest->sum =
            num_mix(digest->sum + num_mix((uint64_t)(block->address - digest->base)) +
                    block->room + block->slack);
    return true;
}

static uint64_t osmem_digest(void *self) {
    const struct osmem_self *to = self;
    struct osmem_digest digest = {0, to->machine->memory};
    walk_heap(&to->front.heap, osmem_digest_block, &digest);
    return digest.sum;
}

/* The mappings that a heap keeps when nothing is in use: its planes, spans and registry.
 */
static size_t osmem_own_mappings(const struct os_heap *heap) {
    size_t bytes = heap->large.table.length;
    for (unsigned i = 0; i < heap->spans; i++)
        bytes += heap->span[i].plane.length + heap->span[i].reservation;
    return bytes;
}

static const char *osmem_leftover(void *self) {
    const struct osmem_self *to = self;
    const struct os_heap *heap = &to->front.heap;
    if (osmem_statistics(self).blocks)
        return "blocks are in use";
    if (heap->large.count)
        return "large mappings are registered";
    if (machine_mapped(to->machine) != osmem_own_mappings(heap))
        return "the kernel's ledger knows mappings that the heap does not";
    for (unsigned i = 0; i < heap->spans; i++) {
        const struct os_span *span = &heap->span[i];
        struct tags_extent extent;
        for (size_t at = 0; at < span->granules; at += extent.granules)
            if (!tags_read(span->tags + at, &extent) || extent.state == STATE_IN_USE)
                return "a span is not free";
    }
    if (heap->break_span == SPANS_MAX)
        return NULL;
    const struct os_span *span = &heap->span[heap->break_span];
    bool foreign =
        machine_foreign_top(to->machine) || heap->counters.granules[STATE_NOT_OURS];
    if (!foreign && span->break_end != span->first_end)
        return "the break is not where the first call left it";
    return NULL;
}

const struct subject osmem_subject = {
    .name = "osmem",
    .alignment = 16,
    .open = osmem_open,
    .malloc = osmem_malloc,
    .calloc = osmem_calloc,
    .realloc = osmem_realloc,
    .free = osmem_free,
    .aligned_alloc = osmem_aligned_alloc,
    .usable_size = osmem_usable_size,
    .trim = osmem_trim,
    .check = osmem_check,
    .statistics = osmem_statistics,
    .digest = osmem_digest,
    .leftover = osmem_leftover,
};
