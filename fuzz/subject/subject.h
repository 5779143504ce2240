/*
 * subject: an allocator under test, as a table of functions.
 *
 * The rig knows an allocator only by this table. To test your own, fill in `name`,
 * `alignment`, `open` and the four functions of C, and add the table to subjects.c; each
 * other member that you fill in lets the rig check more. `self` is what open returned.
 * Functions that are NULL are not called. classic_subject.c is a small example.
 */
#ifndef FUZZ_SUBJECT_SUBJECT_H
#define FUZZ_SUBJECT_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz/machine/machine.h"

struct subject_statistics {
    size_t blocks, bytes;
};

/* What an address belongs to. */
enum subject_region {
    REGION_NONE,   /* no memory of the heap, or a mapping of a block that is gone */
    REGION_IN_USE, /* a block in use, the checked bytes behind its request included */
    REGION_QUARANTINED,
    REGION_FREE,
    REGION_LINK,         /* in a free block, where the allocator keeps its links */
    REGION_LEFT_PADDING, /* in front of a block that has pages of its own */
    REGION_UNCHECKED,    /* in use, behind the bytes that the allocator checks */
};

/* A mistake of the program, as the subject reports it. */
struct subject_report {
    const char *kind;    /* as in osmem's reports: "double-free" */
    const char *address; /* the argument of the call */
    const char *damaged; /* the block with damaged bytes, or NULL */
    size_t size;         /* its size */
    bool link;           /* the damage is in REGION_LINK; the subject has repaired it */
};

struct subject {
    const char *name;

    /* What every allocator has. */
    size_t alignment;     /* of every block */
    bool zero_is_null;    /* a request for 0 bytes returns NULL, as C allows */
    bool real_kernel;     /* its memory is from the real kernel, not from the machine */
    bool address_ordered; /* of free blocks of equal size it takes the lowest */
    size_t header;        /* bytes between two blocks */
    size_t waste; /* usable beyond the size rounded up to the alignment, at most; */
                  /* a block with a mapping of its own may have a page more */

    /* What it detects, if it runs programs with mistakes. */
    bool misused;           /* run operations of misuse; it must report them */
    size_t canary_min;      /* bytes behind each request that it checks, at least; */
    size_t canary_max;      /* bytes that it writes there, at most */
    bool checks_neighbours; /* a free finds damage right in front of its block, and */
                            /* behind the block to its right */
    bool quarantines; /* it fills freed blocks, and reuses them only after a trim or */
                      /* when the quarantine is full */
    unsigned detects; /* bit r: it finds damage in region r */

    /*
     * A fresh allocator over this kernel. Its state may be in machine->subject, where
     * nothing of an earlier run may be left.
     */
    void *(*open)(struct machine *machine);

    /* As the C functions of these names; errno included. */
    void *(*malloc)(void *self, size_t size);
    void *(*calloc)(void *self, size_t count, size_t size);
    void *(*realloc)(void *self, void *block, size_t size);
    void (*free)(void *self, void *block);

    void *(*aligned_alloc)(void *self, size_t alignment, size_t size);
    size_t (*usable_size)(void *self, const void *block);
    /* As free, with the requested alignment (1: none) and size. */
    void (*free_sized)(void *self, void *block, size_t alignment, size_t size);
    void (*trim)(void *self);

    /* The first broken invariant, or NULL. `full`: check everything, else a bounded
     * part. */
    const char *(*check)(void *self, bool full);
    /* Blocks in use, and their usable bytes. */
    struct subject_statistics (*statistics)(void *self);
    /* A hash of the blocks in use. */
    uint64_t (*digest)(void *self);
    /* A hash of all that decides future answers; equal at any base address. */
    uint64_t (*state)(void *self);
    /* After everything was freed and trimmed: what is not as at the start, or NULL. */
    const char *(*leftover)(void *self);
    /*
     * Calls `block` for each free block that the next request could get, at the size at
     * which a search finds it. A subject that has this promises best fit: a request takes
     * the smallest block that has its size rounded up to the alignment, and a block grows
     * in place if the free memory right behind it is enough.
     */
    void (*free_blocks)(void *self,
                        void (*block)(void *context, const char *address, size_t size),
                        void *context);

    /* Only if `misused`. */

    /* From now on reports go to the handler, and are no failure of the subject. */
    void (*set_handler)(void *self,
                        void (*handler)(void *context,
                                        const struct subject_report *report),
                        void *context);
    enum subject_region (*region)(void *self, const void *address);
    /* Checks everything and reports all damage. */
    void (*report_damage)(void *self);
    /* An address in the subject's own tables, a multiple of 16, or NULL. */
    char *(*metadata)(void *self, unsigned number);
};

#endif
