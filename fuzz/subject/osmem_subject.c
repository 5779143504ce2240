#include "fuzz/subject/osmem_subject.h"

#include <stdio.h>
#include <string.h>

#include "fuzz/subject/heap_state.h"
#include "osmem/base/num.h"
#include "osmem/block/canary.h"
#include "osmem/check/check.h"
#include "osmem/check/walk.h"
#include "osmem/front/front.h"
#include "osmem/heap/beside.h"
#include "osmem/heap/policy.h"

struct osmem_self {
    struct os_front front;
    struct os_cache cache;
    struct machine *machine;
    const char *fault; /* the first one that a valid program met */
    void (*told)(void *context, const struct subject_report *report);
    void *context;
    char message[160];
};

static_assert(sizeof(struct osmem_self) <= MACHINE_SUBJECT, "it fits the machine");

static void osmem_on_fault(struct os_front *front, const struct os_finding *info) {
    struct osmem_self *self = (struct osmem_self *)(void *)front;
    bool underflow = info->kind == OS_FAULT_UNDERFLOW;
    struct subject_report fault = {
        .kind = fault_slug(info->kind),
        .address = info->address,
        .damaged = underflow ? info->left.address : info->block,
        .size = underflow ? info->left.room : info->room,
        .link = info->kind == OS_FAULT_FREE_LINK,
    };
    if (self->told)
        self->told(self->context, &fault);
    else if (!self->fault)
        self->fault = fault_slug(info->kind);
}

static struct osmem_self *osmem_start(struct machine *machine) {
    struct osmem_self *self = (void *)machine->subject;
    front_init(&self->front, &machine->kernel);
    self->front.on_fault = osmem_on_fault;
    self->cache = (struct os_cache){0};
    self->machine = machine;
    self->fault = NULL;
    self->told = NULL;
    return self;
}

static void *osmem_open(struct machine *machine) {
    return osmem_start(machine);
}

static void *osmem_open_standard(struct machine *machine) {
    struct osmem_self *self = osmem_start(machine);
    front_set_options(&self->front, &options_of_tier[TIER_STANDARD]);
    return self;
}

/* Samples come often, and the box has little address space to keep. */
static void *osmem_open_full(struct machine *machine) {
    static struct os_options options;
    struct osmem_self *self = osmem_start(machine);
    options = options_of_tier[TIER_FULL];
    options.sample = 20;
    options.keep = (size_t)2 << 20;
    front_set_options(&self->front, &options);
    return self;
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

static void osmem_free_sized(void *self, void *block, size_t alignment, size_t size) {
    struct osmem_self *to = self;
    front_free_sized(&to->front, &to->cache, block, alignment, size);
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

/* A large block whose fences the kernel granted can be left at neither end. */
static bool osmem_fences_hold(const struct osmem_self *self) {
    const struct large_entry *entries = large_entries(&self->front.heap);
    for (size_t i = 0; i < self->front.heap.large.count; i++) {
        const struct large_entry *entry = &entries[i];
        if (entry->live && entry->guarded &&
            (machine_holds(self->machine, large_start(&self->front.heap, entry) - 1, 1) ||
             machine_holds(self->machine, entry->address + entry->room, 1)))
            return false;
    }
    return true;
}

/* While nobody interferes, no more stays free at the top of the break than frees may leave. */
static bool osmem_top_is_trimmed(const struct osmem_self *self) {
    const struct os_heap *heap = &self->front.heap;
    if (heap->break_span == SPANS_MAX || self->machine->refused ||
        self->machine->foreign_moved || !heap->span[heap->break_span].granules)
        return true;
    const struct os_span *span = &heap->span[heap->break_span];
    return tags_left_free(span->tags + span->granules) * GRANULE <
           POLICY_TRIM_AT + POLICY_LARGE;
}

static const char *osmem_check(void *self, bool full) {
    struct osmem_self *to = self;
    if (to->fault)
        return to->fault;
    if (!osmem_fences_hold(to))
        return "a fence of a large block can be written to";
    if (!osmem_top_is_trimmed(to))
        return "much memory at the top of the break is free and not given back";
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
        .bytes = counters->granules[STATE_IN_USE] * GRANULE + counters->large_room -
                 counters->slack};
}

static uint64_t osmem_digest(void *self) {
    const struct osmem_self *to = self;
    return heap_digest(&to->front.heap, to->machine->memory);
}

static uint64_t osmem_state(void *self) {
    const struct osmem_self *from = self;
    return num_mix(heap_state(&from->front.heap, from->machine->memory) +
                   from->front.sample.until + num_mix(from->front.sample.random) +
                   machine_state(from->machine));
}

/* The mappings that stay when nothing is in use: planes, spans, registry and quarantine's ring. */
static size_t osmem_own_mappings(const struct os_front *front) {
    const struct os_heap *heap = &front->heap;
    size_t bytes = heap->large.table.length + front->quarantine.ring.length;
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
    if (machine_mapped(to->machine) != osmem_own_mappings(&to->front))
        return "the kernel's ledger knows mappings that the heap does not";
    for (unsigned i = 0; i < heap->spans; i++) {
        const struct os_span *span = &heap->span[i];
        struct tags_extent extent;
        for (size_t at = 0; at < span->granules; at += extent.granules)
            if (!tags_read(span->tags + at, &extent) || extent.state == STATE_IN_USE ||
                extent.state == STATE_QUARANTINED)
                return "a span is not free";
            else if (extent.state == STATE_FREE && !extent.zero &&
                     extent.granules * GRANULE >= POLICY_DISCARD)
                return "the pages of a large free block were not given back";
    }
    if (heap->break_span == SPANS_MAX)
        return NULL;
    const struct os_span *span = &heap->span[heap->break_span];
    bool foreign =
        machine_foreign_top(to->machine) || heap->counters.granules[STATE_NOT_OURS];
    if (!foreign && num_ceil(num_address(span->break_end), MACHINE_PAGE) !=
                        num_ceil(num_address(span->first_end), MACHINE_PAGE))
        return "the break is not in the page where the first call left it";
    return NULL;
}

struct osmem_free_blocks {
    void (*block)(void *context, const char *address, size_t room);
    void *context;
};

static bool osmem_free_block(void *context, const struct walk_block *block) {
    const struct osmem_free_blocks *to = context;
    if (block->state == STATE_FREE)
        to->block(to->context, block->address, block->room);
    return true;
}

static void osmem_free_blocks(void *self,
                              void (*block)(void *context, const char *address,
                                            size_t room),
                              void *context) {
    const struct osmem_self *from = self;
    struct osmem_free_blocks to = {block, context};
    walk_heap(&from->front.heap, osmem_free_block, &to);
}

/* ---- for misuse ---- */

static void osmem_watch(void *self,
                        void (*told)(void *context, const struct subject_report *report),
                        void *context) {
    struct osmem_self *to = self;
    to->told = told;
    to->context = context;
}

/* In front of a block with pages of its own, in its first one. */
static enum subject_region osmem_region_in_front(const struct osmem_self *self,
                                                 const char *address) {
    const struct os_heap *heap = &self->front.heap;
    struct os_block place;
    if (beside_block(heap, address, &place) != BESIDE_IN_FRONT)
        return REGION_NONE;
    return address >= heap_lead(heap, &place).at ? REGION_LEFT_PADDING : REGION_NONE;
}

static enum subject_region osmem_region(void *self, const void *address) {
    const struct osmem_self *to = self;
    const struct os_heap *heap = &to->front.heap;
    struct os_block place;
    enum os_status fault = heap_find(heap, address, &place);
    if (!place.address)
        return osmem_region_in_front(to, address);
    if (place.block == NO_BLOCK && place.slack > 0) {
        const char *end = place.address + place.room - place.slack;
        size_t promised = canary_length(place.slack);
        if (heap->clear) /* to the end of the page that its canary begins in */
            promised = num_max(promised, MACHINE_PAGE - num_address(end) % MACHINE_PAGE);
        if ((const char *)address >= end + promised)
            return REGION_UNCHECKED;
    }
    if (fault == OS_OK || place.block == NO_BLOCK)
        return REGION_IN_USE;
    enum block_state state = tag_state(tags_load(block_tag(heap, place.block)));
    if (state == STATE_QUARANTINED)
        return REGION_QUARANTINED;
    if (state != STATE_FREE)
        return REGION_IN_USE;
    struct heap_filled filled = heap_filled(heap, &place, state);
    return (const char *)address < filled.at ? REGION_LINK : REGION_FREE;
}

static void osmem_tell(void *self) {
    struct osmem_self *to = self;
    front_check(&to->front, "exit");
}

static char *osmem_own(void *self, unsigned number) {
    const struct osmem_self *to = self;
    const struct os_heap *heap = &to->front.heap;
    if (heap->spans == 0)
        return NULL;
    const struct guarded_region *plane = &heap->span[number % heap->spans].plane;
    return plane->mapping + num_floor(number * (plane->length / 256), GRANULE);
}

#define OSMEM_FUNCTIONS                                                                 \
    .alignment = 16, .malloc = osmem_malloc, .calloc = osmem_calloc,                    \
    .realloc = osmem_realloc, .free = osmem_free, .aligned_alloc = osmem_aligned_alloc, \
    .usable_size = osmem_usable_size, .free_sized = osmem_free_sized,                   \
    .trim = osmem_trim, .check = osmem_check, .statistics = osmem_statistics,           \
    .digest = osmem_digest, .state = osmem_state, .leftover = osmem_leftover,           \
    .set_handler = osmem_watch, .region = osmem_region, .report_damage = osmem_tell,    \
    .metadata = osmem_own

const struct subject osmem_subject = {
    .name = "osmem",
    .open = osmem_open,
    OSMEM_FUNCTIONS,
    .free_blocks = osmem_free_blocks,
};

const struct subject osmem_standard_subject = {
    .name = "osmem, standard tier",
    .canary_min = 1,
    .canary_max = CANARY_MAX,
    .open = osmem_open_standard,
    OSMEM_FUNCTIONS,
    .free_blocks = osmem_free_blocks,
};

const struct subject osmem_full_subject = {
    .name = "osmem, full tier",
    .canary_min = 1,
    .canary_max = CANARY_MAX,
    .quarantines = true,
    .open = osmem_open_full,
    OSMEM_FUNCTIONS,
    .free_blocks = osmem_free_blocks,
};

const struct subject osmem_misused_subject = {
    .name = "osmem, light tier, misused",
    .misused = true,
    .detects = 1 << REGION_LINK,
    .open = osmem_open,
    OSMEM_FUNCTIONS,
    .free_blocks = osmem_free_blocks,
};

const struct subject osmem_misused_standard_subject = {
    .name = "osmem, standard tier, misused",
    .canary_min = 1,
    .canary_max = CANARY_MAX,
    .misused = true,
    .detects = 1 << REGION_IN_USE | 1 << REGION_LINK,
    .open = osmem_open_standard,
    OSMEM_FUNCTIONS,
    .free_blocks = osmem_free_blocks,
};

const struct subject osmem_misused_full_subject = {
    .name = "osmem, full tier, misused",
    .canary_min = 1,
    .canary_max = CANARY_MAX,
    .quarantines = true,
    .misused = true,
    .checks_neighbours = true,
    .detects = 1 << REGION_IN_USE | 1 << REGION_QUARANTINED | 1 << REGION_FREE |
               1 << REGION_LINK | 1 << REGION_LEFT_PADDING,
    .open = osmem_open_full,
    OSMEM_FUNCTIONS,
    .free_blocks = osmem_free_blocks,
};
