/*
 * The part of heap.h that authenticates a pointer. Takes no lock where nothing is wrong with it.
 */
#include "osmem/alloc/heap.h"
#include "osmem/alloc/heap_state.h"
#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/classify.h"
#include "osmem/space/large.h"
#include "osmem/space/registry.h"
#include "osmem/space/span.h"

/* The tag at an address in a span, and its block if one starts there; NULL: it is in none. No lock. */
static tag_byte *heap_tag(const struct os_heap *heap, const void *address, block_id *id) {
    unsigned number = span_of(&heap->space, address);
    if (number == SPANS_MAX)
        return NULL;
    size_t offset =
        num_address(address) - num_address(span_base(&heap->space.span[number]));
    *id = block_id_of(number, offset / GRANULE);
    return block_tag(&heap->space, *id);
}

/* What the tags say of a block that starts at an address. */
static struct os_block heap_block_at(const void *address, block_id id,
                                     const struct tags_extent *extent) {
    return (struct os_block){.address = (char *)(uintptr_t)address,
                             .size = extent->granules * GRANULE,
                             .slack = extent->slack,
                             .id = id};
}

/* All that a good pointer needs; false says nothing yet. */
static bool heap_claim_at_once(struct os_heap *heap, const void *address,
                               struct os_block *block) {
    block_id id;
    tag_byte *tag = heap_tag(heap, address, &id);
    if (tag) {
        struct tags_extent extent;
        if (num_address(address) % GRANULE || !tags_claim(tag, &extent))
            return false;
        *block = heap_block_at(address, id, &extent);
        return true;
    }
    const struct large_entry *entry = large_claim(&heap->space, address);
    if (entry)
        *block = large_block(entry);
    return entry != NULL;
}

/* Looks again, with nothing in motion but states. */
enum os_status heap_find_locked(struct os_heap *heap, const void *address,
                                struct os_block *block) {
    unsigned number = span_of(&heap->space, address);
    return number == SPANS_MAX ? classify_pointer(&heap->space, address, block)
                               : arena_classify(&heap->arena, number, address, block);
}

static enum os_status heap_classify(struct os_heap *heap, const void *address,
                                    struct os_block *block) {
    heap_lock(heap);
    enum os_status status = heap_find_locked(heap, address, block);
    heap_unlock(heap);
    return status;
}

enum os_status heap_claim(struct os_heap *heap, const void *address,
                          struct os_block *block) {
    enum os_status status = OS_OK;
    while (status == OS_OK && !heap_claim_at_once(heap, address, block))
        status = heap_classify(heap, address, block); /* OS_OK: it is in use by now */
    EXPECT(status != OS_NO_MEMORY);
    return status;
}

bool heap_holds(const struct os_heap *heap, const void *address) {
    return span_of(&heap->space, address) != SPANS_MAX ||
           registry_at(&heap->space, address);
}

/* Without a lock, a block may be in use now and not a moment later: then the rest is only a guess, and
 * the caller has freed it elsewhere. */
bool heap_find_at_once(struct os_heap *heap, const void *address,
                       struct os_block *block) {
    block_id id;
    tag_byte *tag = heap_tag(heap, address, &id);
    if (tag) {
        struct tags_extent extent;
        if (num_address(address) % GRANULE || !tag_is_in_use(tags_load_first(tag)) ||
            !tags_read(tag, &extent) || extent.state != STATE_IN_USE)
            return false;
        *block = heap_block_at(address, id, &extent);
        return true;
    }
    const struct large_entry *entry = registry_at(&heap->space, address);
    if (!entry || large_state(entry) != LARGE_IN_USE || large_address(entry) != address)
        return false;
    *block = large_block(entry);
    return true;
}

enum os_status heap_find(struct os_heap *heap, const void *address,
                         struct os_block *block) {
    if (heap_find_at_once(heap, address, block))
        return OS_OK;
    return heap_classify(heap, address, block);
}

void heap_publish(struct os_heap *heap, const struct os_block *block) {
    if (block->id == NO_BLOCK)
        large_publish(large_own(&heap->space, block), block->slack);
    else
        tags_publish(block_tag(&heap->space, block->id), (unsigned)block->slack);
}
