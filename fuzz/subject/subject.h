/*
 * subject: an allocator under test, as a table of functions.
 *
 * The rig knows an allocator by this table alone. `self` is whatever open returned. The C
 * functions are needed; those below them may be NULL, and then are not used.
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

/* What an address lies in. */
enum subject_region {
    REGION_NONE, /* nothing of the heap's, or a block of its own mapping that is gone */
    REGION_IN_USE,
    REGION_QUARANTINED,
    REGION_FREE,
    REGION_LINK,         /* free, and the subject's own bytes stand there */
    REGION_LEFT_PADDING, /* in front of a block that has pages of its own */
    REGION_UNCHECKED, /* in use: behind the bytes asked for, farther than the subject looks */
};

/* A mistake of the program as the subject tells it. */
struct subject_report {
    const char *kind;    /* "double-free", the words of osmem's reports */
    const char *address; /* that a call was given */
    const char *damaged; /* the block whose bytes are not what they should be ... */
    size_t size;         /* ... and how many it has */
    bool link;           /* in REGION_LINK, which the subject itself has put right */
};

struct subject {
    const char *name;
    size_t alignment;     /* of every block */
    bool zero_is_null;    /* a request for 0 bytes gives NULL, as C allows */
    bool real_kernel;     /* its memory is the process's own and not the machine's */
    bool address_ordered; /* of free blocks that fit alike it takes the lowest */
    size_t header;        /* bytes of its own between two blocks */
    size_t
        canary_min; /* bytes of its own that each block has at least behind its last ... */
    size_t canary_max; /* ... and that it writes there at most */
    bool misused;      /* operations of misuse are carried out, and must be found */
    /* A free finds damage within 16 bytes in front of its block, and behind its right neighbour. */
    bool checks_neighbours;
    unsigned detects; /* bit r: a damage in such a region is found */
    bool quarantines; /* what is freed is filled, and waits until a trim at the latest */
    /* Usable bytes of a block beyond its size rounded up to the alignment; a mapping for one
     * block may have a page more. */
    size_t waste;

    /* A fresh allocator over this kernel; its state may stand in machine->subject. Nothing of
     * an earlier one may be left. */
    void *(*open)(struct machine *machine);

    /* As the C functions of these names; errno included. */
    void *(*malloc)(void *self, size_t size);
    void *(*calloc)(void *self, size_t count, size_t size);
    void *(*realloc)(void *self, void *block, size_t size);
    void (*free)(void *self, void *block);

    void *(*aligned_alloc)(void *self, size_t alignment, size_t size);
    size_t (*usable_size)(void *self, const void *block);
    /* As free, with the alignment (1: none) and the size that were asked for. */
    void (*free_sized)(void *self, void *block, size_t alignment, size_t size);
    void (*trim)(void *self);

    /* What is broken inside, or NULL. `full`: look at everything, else at a bounded part.
     */
    const char *(*check)(void *self, bool full);
    /* How many blocks are in use, and the bytes that may be used in them. */
    struct subject_statistics (*statistics)(void *self);
    /* A number that is equal if the blocks in use are the same. */
    uint64_t (*digest)(void *self);
    /* A number that is equal, at any base, if the allocator will answer everything alike. */
    uint64_t (*state)(void *self);
    /* After everything was freed and trimmed: what is not as at the start, or NULL. */
    const char *(*leftover)(void *self);
    /*
     * Calls for each free block of the heap that the next request could be given, as large
     * as it would be found. A subject that has it promises a best fit: a request needs its
     * size rounded up to the alignment, and no smaller block that has it is passed over. It
     * also promises that a block grows in place where what is free behind it is enough.
     */
    void (*free_blocks)(void *self,
                        void (*block)(void *context, const char *address, size_t size),
                        void *context);

    /* For subjects that are misused. Who is called for every fault, which then is not the subject's;
     * what an address lies in; a check of everything that tells its faults; an address within the
     * subject's own tables, a multiple of 16, or NULL. */
    void (*set_handler)(void *self,
                        void (*handler)(void *context,
                                        const struct subject_report *report),
                        void *context);
    enum subject_region (*region)(void *self, const void *address);
    void (*report_damage)(void *self);
    char *(*metadata)(void *self, unsigned number);
};

#endif
