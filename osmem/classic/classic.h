/*
 * classic: the textbook allocator, as a specification that runs.
 *
 * All blocks of the break stand in one list in address order, each behind a header of 32
 * bytes; a request walks the whole list, joins free neighbours on the way, and takes the
 * smallest free block that is large enough. Large requests get a mapping each. Every
 * address and every system call can be computed by hand, and the tests do. The cost of
 * that is the lesson: a request takes time in proportion to the live blocks.
 *
 *     [ header | payload ][ header | payload ] ... [ header | payload ] <- the break
 *
 *   K1  blocks stand in address order; next and prev agree; first and last are the ends
 *   K2  a block ends where the next one starts, but for the gaps that another user of
 *       sbrk has made, which are counted
 *   K3  a payload is a multiple of 8 and not empty; a listed block is free or allocated
 *   K4  right after a search no two free blocks touch
 *   K5  in a sealed heap, each header's seal is that of its fields
 *   K6  the counters are those of the blocks
 *
 * Not thread-safe; while a function runs, no other user of sbrk may move the break.
 */
#ifndef OSMEM_CLASSIC_CLASSIC_H
#define OSMEM_CLASSIC_CLASSIC_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "osmem/platform/sys.h"

enum classic_status {
    CLASSIC_FREE,
    CLASSIC_ALLOC,
    CLASSIC_MAPPED, /* has a mapping of its own and is in no list */
};

struct classic_header {
    size_t size; /* of the payload behind it, in bytes */
    int status;  /* an enum classic_status */
    uint32_t
        seal; /* in a sealed heap: of the other fields and the address; else padding */
    struct classic_header *prev, *next;
};

static_assert(sizeof(struct classic_header) == 32 &&
                  offsetof(struct classic_header, status) == 8 &&
                  offsetof(struct classic_header, prev) == 16,
              "the header is as the textbook has it");

struct classic {
    struct os_kernel *kernel;
    struct classic_header *first, *last; /* NULL: no request has used the break yet */
    bool sealed;
    uint64_t key;          /* of the seals */
    bool joined;           /* no two free blocks touch */
    size_t gaps;           /* bytes of the break between blocks that are not ours */
    size_t blocks, bytes;  /* in use, and their payloads; mapped ones included */
    size_t mappings, lost; /* bytes: mapped for blocks; and where munmap was refused */
};

/* An empty heap. The only kernel call draws a key, if the headers are sealed. */
void classic_init(struct classic *heap, struct os_kernel *kernel, bool sealed);

/*
 * As the C functions of these names, with payloads at multiples of 8. A size of 0 gives
 * NULL; NULL with ENOMEM is a refusal, and every block is as it was.
 */
void *classic_malloc(struct classic *heap, size_t size);
void *classic_calloc(struct classic *heap, size_t count, size_t size);

/* A block that is already free: NULL with EINVAL. A size of 0 frees and gives NULL. */
void *classic_realloc(struct classic *heap, void *address, size_t size);

/* Keeps errno. Freeing a free block of the break does nothing. */
void classic_free(struct classic *heap, void *address);

/* The usable size of the block: at least the requested size. */
size_t classic_usable_size(const struct classic *heap, const void *address);

/* The first rule that does not hold, by its number and in words; NULL: all do. */
const char *classic_check(const struct classic *heap);

#endif
