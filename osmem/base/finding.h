/*
 * finding: what is wrong, as a value.
 *
 * An operation collects findings and finishes; reports are made of them after every lock is
 * released (osmem/report). A finding holds no pointer into memory that may change meanwhile: sites
 * and damaged bytes are copies.
 */
#ifndef OSMEM_BASE_FINDING_H
#define OSMEM_BASE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "osmem/base/status.h"

enum {
    SITE_FRAMES = 6,
    FINDING_LINK_BYTES = 16,
    FINDINGS_MAX = 8,
};

/* Where in the program's code a call was made. */
struct os_site {
    const void
        *frame[SITE_FRAMES]; /* return addresses, innermost first; NULL behind the last */
    uint64_t operation;      /* the number of the call, from 1 on; 0: nothing is known */
};

/* A block beside the one that a finding is about. */
struct finding_neighbour {
    const void *address;
    size_t size;
    const char *state; /* "in use", ...; NULL: there is none */
};

/* What is known of the free memory that an address lies in; free blocks that were joined are one. */
enum finding_past {
    PAST_UNKNOWN,
    PAST_FREED, /* it was a block's */
    PAST_NONE,  /* it was none's, or its pages were given back since */
};

/* What the same damage may be as well: OVERFLOW, UNDERFLOW, or WRITE_AFTER_FREE of another block. */
struct finding_other {
    enum os_status kind; /* OS_OK: there is no other possibility */
    const void *block;
    size_t size; /* its requested size; of a free block its whole one */
};

/* What is not known is zero. */
struct os_finding {
    enum os_status kind;
    const char *function;   /* the public function that was called, "os_free" */
    const void *address;    /* what it was called with, or where the damage is */
    const void *block;      /* the first byte of the block that the address lies in */
    size_t size;            /* that block's size in bytes */
    enum finding_past past; /* DOUBLE_FREE */
    size_t given;           /* SIZE_MISMATCH: the size that was given ... */
    size_t given_alignment; /* ... and the alignment; 1: none */
    bool is_freed;          /* ... and the block was freed all the same */
    size_t requested; /* OVERFLOW, UNDERFLOW: the bytes that the program requested */
    /* OVERFLOW, UNDERFLOW, WRITE_AFTER_FREE: how many bytes are changed, the first of them (from the
     * block's end, in front of its start, from its start), what should stand there, and does.
     * GUARD_*: `first` likewise. */
    size_t changed;
    size_t first;
    unsigned char expected, found;
    bool has_links; /* FREE_LINK: what stands in place of two links ... */
    unsigned char links[FINDING_LINK_BYTES];
    size_t more;   /* ... and of how many more blocks it is true */
    bool at_least; /* OVERFLOW, ...: the damage ends where what is watched does */
    struct finding_other other;
    struct finding_neighbour left, right;
    const char *access;              /* GUARD_*: "a read", "a write", ... */
    const void *instruction;         /* ... of which one */
    uint64_t operation;              /* the number of this call */
    struct os_site allocated, freed; /* who did, where that is recorded */
    const char *detail;              /* the system call, or the expectation */
    int number;                      /* errno of the call, or the line in the file */
};

/* The findings of one call, in the order in which they are to be reported. */
struct os_findings {
    size_t count, more; /* those that are kept, and those that did not fit */
    struct os_finding finding[FINDINGS_MAX];
};

/* The first one clears them all: this stack frame may lie where an older one had its mark
 * (report/error_policy.c). */
static inline void findings_add(struct os_findings *findings,
                                const struct os_finding *finding) {
    if (findings->count == 0)
        memset(findings->finding, 0, sizeof findings->finding);
    if (findings->count < FINDINGS_MAX)
        findings->finding[findings->count++] = *finding;
    else
        findings->more++;
}

#endif
