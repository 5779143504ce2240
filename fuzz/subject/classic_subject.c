#include "fuzz/subject/classic_subject.h"

#include "osmem/base/num.h"
#include "osmem/classic/classic.h"

struct classic_self {
    struct classic heap;
    struct machine *machine;
};

static_assert(sizeof(struct classic_self) <= MACHINE_SUBJECT, "it fits the machine");

static void *classic_subject_open(struct machine *machine) {
    struct classic_self *self = (void *)machine->subject;
    classic_init(&self->heap, &machine->kernel, true);
    self->machine = machine;
    return self;
}

static void *classic_subject_malloc(void *self, size_t size) {
    return classic_malloc(&((struct classic_self *)self)->heap, size);
}

static void *classic_subject_calloc(void *self, size_t count, size_t size) {
    return classic_calloc(&((struct classic_self *)self)->heap, count, size);
}

static void *classic_subject_realloc(void *self, void *block, size_t size) {
    return classic_realloc(&((struct classic_self *)self)->heap, block, size);
}

static void classic_subject_free(void *self, void *block) {
    classic_free(&((struct classic_self *)self)->heap, block);
}

static size_t classic_subject_usable_size(void *self, const void *block) {
    return classic_usable_size(&((struct classic_self *)self)->heap, block);
}

static const char *classic_subject_check(void *self, bool full) {
    (void)full; /* a walk costs what a request does */
    return classic_check(&((struct classic_self *)self)->heap);
}

static struct subject_statistics classic_subject_statistics(void *self) {
    const struct classic *heap = &((struct classic_self *)self)->heap;
    return (struct subject_statistics){.blocks = heap->blocks, .bytes = heap->bytes};
}

static uint64_t classic_subject_digest(void *self) {
    const struct classic_self *from = self;
    uint64_t sum = num_mix(from->heap.blocks) + num_mix(from->heap.mappings);
    const struct classic_header *block = from->heap.first;
    for (; block; block = block->next)
        if (block->status == CLASSIC_ALLOC)
            sum = num_mix(sum + (uint64_t)((const char *)block - from->machine->memory) +
                          num_mix(block->size));
    return sum;
}

static uint64_t classic_subject_state(void *self) {
    const struct classic_self *from = self;
    uint64_t sum = num_mix(from->heap.joined) + num_mix(from->heap.mappings);
    const struct classic_header *block = from->heap.first;
    for (; block; block = block->next)
        sum = num_mix(sum + (uint64_t)((const char *)block - from->machine->memory) +
                      num_mix(block->size) + (unsigned)block->status);
    return num_mix(sum + machine_state(from->machine));
}

static const char *classic_subject_leftover(void *self) {
    const struct classic_self *from = self;
    const struct classic *heap = &from->heap;
    if (heap->blocks || heap->bytes || heap->mappings)
        return "blocks are in use";
    if (machine_mapped(from->machine) < heap->lost ||
        (heap->lost == 0 && machine_mapped(from->machine)))
        return "the kernel has mappings that the heap does not know";
    for (const struct classic_header *block = heap->first; block; block = block->next)
        if (block->status != CLASSIC_FREE)
            return "a block is not free";
    return NULL;
}

/* Free neighbours count as one block, since a search joins them. */
static void classic_subject_free_blocks(void *self,
                                        void (*block)(void *context, const char *address,
                                                      size_t size),
                                        void *context) {
    const struct classic *heap = &((struct classic_self *)self)->heap;
    const struct classic_header *first = heap->first;
    while (first) {
        const struct classic_header *last = first;
        const char *address = (const char *)(first + 1);
        if (first->status != CLASSIC_FREE) {
            first = first->next;
            continue;
        }
        while (last->next && last->next->status == CLASSIC_FREE &&
               (const char *)(last + 1) + last->size == (const char *)last->next)
            last = last->next;
        block(context, address,
              (size_t)((const char *)(last + 1) + last->size - address));
        first = last->next;
    }
}

const struct subject classic_subject = {
    .name = "classic",
    .alignment = 8,
    .zero_is_null = true,
    .address_ordered = true,
    .header = sizeof(struct classic_header),
    .waste = sizeof(struct classic_header), /* too little to be a block */
    .open = classic_subject_open,
    .malloc = classic_subject_malloc,
    .calloc = classic_subject_calloc,
    .realloc = classic_subject_realloc,
    .free = classic_subject_free,
    .usable_size = classic_subject_usable_size,
    .check = classic_subject_check,
    .statistics = classic_subject_statistics,
    .digest = classic_subject_digest,
    .state = classic_subject_state,
    .leftover = classic_subject_leftover,
    .free_blocks = classic_subject_free_blocks,
};
