/*
 * judge: the oracles. What must be true of an answer, and of the subject after it.
 *
 * Each oracle has a short name. Each sets the rig's failure, if it is the first, and
 * returns false. Called by the modules that run programs, and by //props:laws.
 */
#ifndef FUZZ_RIG_JUDGE_H
#define FUZZ_RIG_JUDGE_H

#include "fuzz/rig/rig.h"

/* An errno that no call sets, to see whether one did. */
#define ERRNO_UNTOUCHED 7777

/* A request, and what held just before it. */
struct rig_request {
    enum op_kind kind;
    unsigned slot;
    size_t size;
    size_t alignment;
    bool impossible; /* must be refused: the size is too large or the alignment invalid */
    int error;       /* the errno that a refusal must set */
    size_t refused;  /* the machine's count of refused calls */
    size_t brk;      /* its break */
    uint64_t digest; /* of the subject */
};

/* Sets the failure and returns false; returns true if the rig runs without this
 * oracle. */
bool judge_fail(struct rig *rig, const char *oracle, const char *expected,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A failure of the oracle "misuse", about a mistake of this kind. */
bool judge_misuse(struct rig *rig, const char *expected, enum op_kind kind,
                  const char *found);

/* A word is one of a list with commas: a kind of those that a mistake may be reported
 * as. */
bool judge_is_listed(const char *list, const char *word);

/* The subject is sound, used the kernel correctly, and counts blocks as the shadow
 * does. */
bool judge_heap(struct rig *rig, bool full);

/* The first `length` bytes of the slot's block, now at `address`, are what it wrote. */
bool judge_contents(struct rig *rig, unsigned slot, const char *address, size_t length);

/* Describes a request that is about to be made. */
struct rig_request judge_request(struct rig *rig, enum op_kind kind, unsigned slot,
                                 size_t size, size_t alignment);

/* NULL is right for an impossible request or if the kernel refused; no block may
 * change. */
bool judge_refusal(struct rig *rig, const struct rig_request *request);

/* A block that was returned: possible, aligned, in the heap, disjoint, and large
 * enough. */
bool judge_block(struct rig *rig, const struct rig_request *request, char *block,
                 size_t *usable);

#endif
