#include "osmem/classic/classic.h"

#include <errno.h>
#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/report/text.h"

#define CLASSIC_ALIGNMENT ((size_t)8)
/* Header and payload together: from here on a request gets a mapping of its own. */
#define CLASSIC_THRESHOLD ((size_t)128 << 10)
/* What the first request to the break takes of it, once. */
#define CLASSIC_PREALLOCATION ((size_t)128 << 10)
#define CLASSIC_HEADER        sizeof(struct classic_header)

void classic_init(struct classic *heap, struct os_kernel *kernel, bool sealed) {
    *heap = (struct classic){.kernel = kernel, .sealed = sealed};
    if (sealed && !sys_random(kernel, &heap->key, sizeof heap->key))
        heap->key = num_mix(num_address(heap)); /* weaker, but no two runs are alike */
}

/* ---- headers ---- */

static uint32_t classic_seal(const struct classic *heap,
                             const struct classic_header *block) {
    uint64_t sum = num_mix(heap->key + num_address(block));
    sum = num_mix(sum + block->size);
    sum = num_mix(sum + (unsigned)block->status);
    sum = num_mix(sum + num_address(block->prev));
    return (uint32_t)num_mix(sum + num_address(block->next));
}

/* Checks a header before it is read ... */
static void classic_open(const struct classic *heap, const struct classic_header *block) {
    if (heap->sealed && block->seal != classic_seal(heap, block))
        report_die(&(struct os_finding){.kind = OS_FAULT_HEADER, .address = block + 1});
}

/* ... and seals it after it was written. */
static void classic_close(const struct classic *heap, struct classic_header *block) {
    if (heap->sealed)
        block->seal = classic_seal(heap, block);
}

static struct classic_header *classic_header_of(const struct classic *heap,
                                                const void *address) {
    struct classic_header *block = (struct classic_header *)address - 1;
    classic_open(heap, block);
    return block;
}

static char *classic_end(const struct classic_header *block) {
    return (char *)(block + 1) + block->size;
}

/* Sets the predecessor of `next`; of NULL, the end of the list: the last block. */
static void classic_set_prev(struct classic *heap, struct classic_header *next,
                             struct classic_header *prev) {
    if (!next) {
        heap->last = prev;
        return;
    }
    classic_open(heap, next);
    next->prev = prev;
    classic_close(heap, next);
}

/* The payload size for a request; false where it wraps. */
static bool classic_payload(size_t requested, size_t *size) {
    size_t whole;
    return num_ceil_checked(requested, CLASSIC_ALIGNMENT, size) &&
           num_add(*size, CLASSIC_HEADER, &whole);
}

static void *classic_refuse(void) {
    errno = ENOMEM;
    return NULL;
}

/* ---- split and join ---- */

/* [ block ] => [ block: size ][ rest ], where the rest holds a header and a byte. */
static void classic_split(struct classic *heap, struct classic_header *block,
                          size_t size) {
    EXPECT(size <= block->size);
    EXPECT(size % CLASSIC_ALIGNMENT == 0);
    if (block->size - size < CLASSIC_HEADER + CLASSIC_ALIGNMENT)
        return;
    char *end = (char *)(block + 1) + size;
    struct classic_header *rest = (struct classic_header *)(void *)end;
    *rest = (struct classic_header){.size = block->size - size - CLASSIC_HEADER,
                                    .status = CLASSIC_FREE,
                                    .prev = block,
                                    .next = block->next};
    block->size = size;
    block->next = rest;
    classic_set_prev(heap, rest->next, rest);
    classic_close(heap, rest);
    classic_close(heap, block);
    heap->joined = false;
}

/* [ block ][ free ] => [ --- block --- ]; false where nothing free follows. */
static bool classic_join(struct classic *heap, struct classic_header *block) {
    struct classic_header *right = block->next;
    if (!right || classic_end(block) != (char *)right)
        return false;
    classic_open(heap, right);
    if (right->status != CLASSIC_FREE)
        return false;
    block->size += CLASSIC_HEADER + right->size;
    block->next = right->next;
    classic_set_prev(heap, block->next, block);
    classic_close(heap, block);
    return true;
}

/* ---- the break ---- */

/* A free block at the end of the list, from new memory. */
static struct classic_header *classic_append(struct classic *heap, size_t size) {
    char *end = sys_sbrk(heap->kernel, 0);
    size_t pad = num_ceil(num_address(end), CLASSIC_ALIGNMENT) - num_address(end);
    char *memory = sys_sbrk(heap->kernel, (intptr_t)(pad + CLASSIC_HEADER + size));
    if (!memory)
        return NULL;
    struct classic_header *block = (struct classic_header *)(void *)(memory + pad);
    *block =
        (struct classic_header){.size = size, .status = CLASSIC_FREE, .prev = heap->last};
    if (heap->last) {
        heap->gaps += (size_t)((char *)block - classic_end(heap->last));
        heap->last->next = block;
        classic_close(heap, heap->last);
    } else {
        heap->first = block;
    }
    heap->last = block;
    classic_close(heap, block);
    return block;
}

/* The last block ends at the break: no other user of sbrk has moved it since. */
static bool classic_touches_break(const struct classic *heap) {
    return classic_end(heap->last) == (char *)sys_sbrk(heap->kernel, 0);
}

/* Grows the last block in place to exactly this size. */
static bool classic_extend(struct classic *heap, size_t size) {
    EXPECT(size > heap->last->size);
    if (!sys_sbrk(heap->kernel, (intptr_t)(size - heap->last->size)))
        return false;
    heap->last->size = size;
    classic_close(heap, heap->last);
    return true;
}

/* The smallest free block that is large enough; among equal ones the lowest. */
static struct classic_header *classic_best(struct classic *heap, size_t size) {
    struct classic_header *best = NULL;
    for (struct classic_header *block = heap->first; block; block = block->next) {
        classic_open(heap, block);
        if (block->status != CLASSIC_FREE)
            continue;
        while (classic_join(heap, block)) {
        }
        if (block->size >= size && (!best || block->size < best->size))
            best = block;
    }
    heap->joined = true;
    return best;
}

/* A free block of at least this size, or NULL. */
static struct classic_header *classic_find(struct classic *heap, size_t size) {
    if (!heap->first && !classic_append(heap, CLASSIC_PREALLOCATION - CLASSIC_HEADER))
        return NULL;
    struct classic_header *best = classic_best(heap, size);
    if (best)
        return best;
    if (heap->last->status != CLASSIC_FREE || !classic_touches_break(heap))
        return classic_append(heap, size);
    return classic_extend(heap, size) ? heap->last : NULL;
}

/* ---- blocks in use ---- */

static void *classic_enter(struct classic *heap, struct classic_header *block,
                           enum classic_status status) {
    EXPECT(block->status == CLASSIC_FREE);
    block->status = status;
    classic_close(heap, block);
    heap->blocks++;
    heap->bytes += block->size;
    return block + 1;
}

static void *classic_map(struct classic *heap, size_t size) {
    struct classic_header *block = sys_map(heap->kernel, CLASSIC_HEADER + size);
    if (!block)
        return classic_refuse();
    block->size = size;
    heap->mappings += CLASSIC_HEADER + size;
    return classic_enter(heap, block, CLASSIC_MAPPED);
}

/* A block for a payload; from `threshold` on, header included, it is mapped. */
static void *classic_take(struct classic *heap, size_t size, size_t threshold) {
    if (CLASSIC_HEADER + size >= threshold)
        return classic_map(heap, size);
    struct classic_header *block = classic_find(heap, size);
    if (!block)
        return classic_refuse();
    bool joined = heap->joined;
    classic_split(heap, block, size); /* the block behind the rest is in use */
    heap->joined = joined;
    return classic_enter(heap, block, CLASSIC_ALLOC);
}

static void classic_give(struct classic *heap, struct classic_header *block) {
    EXPECT(block->status != CLASSIC_FREE);
    bool mapped = block->status == CLASSIC_MAPPED;
    size_t length = CLASSIC_HEADER + block->size;
    heap->blocks--;
    heap->bytes -= block->size;
    heap->joined = heap->joined && mapped;
    block->status = CLASSIC_FREE;
    classic_close(heap, block);
    if (!mapped)
        return;
    heap->mappings -= length;
    if (!sys_unmap(heap->kernel, block, length))
        heap->lost += length;
}

/* ---- the C functions ---- */

void *classic_malloc(struct classic *heap, size_t requested) {
    size_t size;
    if (requested == 0)
        return NULL;
    if (!classic_payload(requested, &size))
        return classic_refuse();
    return classic_take(heap, size, CLASSIC_THRESHOLD);
}

void *classic_calloc(struct classic *heap, size_t count, size_t requested) {
    size_t total, size;
    if (count == 0 || requested == 0)
        return NULL;
    if (!num_mul(count, requested, &total) || !classic_payload(total, &size))
        return classic_refuse();
    void *address = classic_take(heap, size, heap->kernel->page);
    if (address && CLASSIC_HEADER + size < heap->kernel->page)
        memset(address, 0, total); /* a mapping is zero as it comes */
    return address;
}

void classic_free(struct classic *heap, void *address) {
    if (!address)
        return;
    int saved = errno;
    struct classic_header *block = classic_header_of(heap, address);
    if (block->status != CLASSIC_FREE)
        classic_give(heap, block);
    errno = saved;
}

/* Allocates another block, copies the payload and frees the old block. */
static void *classic_move(struct classic *heap, struct classic_header *old, size_t kept,
                          size_t size) {
    void *address = classic_take(heap, size, CLASSIC_THRESHOLD);
    if (!address)
        return NULL;
    memcpy(address, old + 1, num_min(kept, size));
    classic_give(heap, old);
    return address;
}

/* Gives a block of the break a larger payload: at the end of the list by raising the
 * break, else by joining the free blocks behind it, else by moving it. */
static void *classic_grow(struct classic *heap, struct classic_header *block,
                          size_t size) {
    size_t before = block->size;
    if (block == heap->last && classic_touches_break(heap)) {
        if (!classic_extend(heap, size))
            return classic_refuse();
        heap->bytes += size - before;
        return block + 1;
    }
    while (block->size < size && classic_join(heap, block)) {
    }
    heap->bytes += block->size - before;
    if (block->size >= size)
        return block + 1;
    void *address = classic_move(heap, block, before, size);
    if (!address) { /* as it was */
        heap->bytes -= block->size - before;
        classic_split(heap, block, before);
    }
    return address;
}

/* Cuts a block of the break to its payload. */
static void classic_cut(struct classic *heap, struct classic_header *block, size_t size) {
    size_t before = block->size;
    classic_split(heap, block, size);
    heap->bytes -= before - block->size;
}

void *classic_realloc(struct classic *heap, void *address, size_t requested) {
    size_t size;
    if (!address)
        return classic_malloc(heap, requested);
    if (requested == 0) {
        classic_free(heap, address);
        return NULL;
    }
    struct classic_header *block = classic_header_of(heap, address);
    if (block->status == CLASSIC_FREE) {
        errno = EINVAL;
        return NULL;
    }
    if (!classic_payload(requested, &size))
        return classic_refuse();
    bool mapped = block->status == CLASSIC_MAPPED;
    bool to_mapping = CLASSIC_HEADER + size >= CLASSIC_THRESHOLD;
    if (mapped && to_mapping && block->size == size)
        return address;
    if (mapped || to_mapping)
        return classic_move(heap, block, block->size, size);
    if (block->size < size)
        address = classic_grow(heap, block, size);
    if (address == block + 1)
        classic_cut(heap, block, size);
    return address;
}

size_t classic_usable_size(const struct classic *heap, const void *address) {
    return classic_header_of(heap, address)->size;
}

/* ---- the walk ---- */

/* The rule that a block and its right neighbour break, or NULL. */
static const char *classic_check_block(const struct classic *heap,
                                       const struct classic_header *block) {
    const struct classic_header *next = block->next;
    if (heap->sealed && block->seal != classic_seal(heap, block))
        return "K5: a header's seal is that of its fields";
    if (block->size == 0 || block->size % CLASSIC_ALIGNMENT ||
        (block->status != CLASSIC_FREE && block->status != CLASSIC_ALLOC))
        return "K3: a payload is a multiple of 8, and the block free or allocated";
    if (!next && heap->last != block)
        return "K1: the last block is the end of the list";
    if (next && (next <= block || next->prev != block))
        return "K1: next and prev agree, in address order";
    if (next && classic_end(block) > (const char *)next)
        return "K2: a block ends at or before the next one";
    if (next && heap->joined && block->status == CLASSIC_FREE &&
        next->status == CLASSIC_FREE && classic_end(block) == (const char *)next)
        return "K4: after a search no two free blocks touch";
    return NULL;
}

const char *classic_check(const struct classic *heap) {
    size_t gaps = 0, blocks = 0, bytes = 0;
    if (heap->first && heap->first->prev)
        return "K1: the first block has no predecessor";
    for (const struct classic_header *block = heap->first; block; block = block->next) {
        const char *broken = classic_check_block(heap, block);
        if (broken)
            return broken;
        if (block->next)
            gaps += (size_t)((const char *)block->next - classic_end(block));
        blocks += block->status == CLASSIC_ALLOC;
        bytes += block->status == CLASSIC_ALLOC ? block->size : 0;
    }
    if (gaps != heap->gaps)
        return "K2: blocks tile the break but for memory of other users of sbrk";
    if (heap->first && classic_end(heap->last) > (char *)sys_sbrk(heap->kernel, 0))
        return "K2: the last block ends at or below the break";
    size_t mapped = heap->mappings - (heap->blocks - blocks) * CLASSIC_HEADER;
    if (blocks > heap->blocks || bytes + mapped != heap->bytes)
        return "K6: the counters are those of the blocks";
    return NULL;
}
