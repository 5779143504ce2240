/*
 * judge: what must be true of an answer, and of the subject after it.
 *
 * The oracles, each with its short name: what the interpreter asks for every operation.
 * Each notes the first failure in the rig and answers false. Called by the rooms that run
 * programs, and by laws.
 */
#ifndef FUZZ_RIG_JUDGE_H
#define FUZZ_RIG_JUDGE_H

#include "fuzz/rig/rig.h"

/* An errno that no call sets, to see whether one did. */
#define ERRNO_UNTOUCHED 7777

/* What the subject is asked for. */
struct rig_request {
    enum op_kind kind;
    unsigned slot;
    size_t size;
    size_t alignment;
    bool impossible; /* must be refused: too large, or the alignment is none */
    int error;       /* the errno that a refusal must give */
    size_t refused;  /* the machine's count before the call */
    size_t brk;      /* and its break */
    uint64_t digest; /* of the subject before the call */
};

/* Notes the first failure: false; or true, and nothing, where the rig goes without that oracle. */
bool judge_fail(struct rig *rig, const char *oracle, const char *expected,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Notes a failure of the oracle "misuse", about a mistake of this kind. */
bool judge_misuse(struct rig *rig, const char *expected, enum op_kind kind,
                  const char *found);

/* A word stands in a list with commas, as a kind in those that a mistake may be reported as. */
bool judge_is_listed(const char *list, const char *word);

/* The subject is sound, does only what it may, and counts as the shadow does. */
bool judge_heap(struct rig *rig, bool full);

/* The first `length` bytes of the slot's block, now at `address`, are the program's. */
bool judge_contents(struct rig *rig, unsigned slot, const char *address, size_t length);

/* A request that is about to be made. */
struct rig_request judge_request(struct rig *rig, enum op_kind kind, unsigned slot,
                                 size_t size, size_t alignment);

/* NULL is legitimate for what cannot be, and when
 * the kernel refused; the heap is as before. */
bool judge_refusal(struct rig *rig, const struct rig_request *request);

/* A block that was handed out: possible, aligned, ours, nobody else's, and large enough.
 */
bool judge_block(struct rig *rig, const struct rig_request *request, char *block,
                 size_t *usable);

#endif
