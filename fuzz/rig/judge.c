#include "fuzz/rig/judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "osmem/base/num.h"

/* From this size on a full machine may refuse; below, only the schedule of refusals. */
#define RIG_REFUSABLE ((size_t)1 << 16)

bool judge_fail(struct rig *rig, const char *oracle, const char *expected,
                const char *format, ...) {
    struct rig_failure *failure = &rig->failure;
    if (rig->without && strstr(rig->without, oracle))
        return true;
    if (failure->oracle)
        return false;
    failure->oracle = oracle;
    failure->operation = rig->operation;
    snprintf(failure->expected, sizeof failure->expected, "%s", expected);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->found, sizeof failure->found, format, arguments);
    va_end(arguments);
    return false;
}

bool judge_misuse(struct rig *rig, const char *expected, enum op_kind kind,
                  const char *found) {
    return judge_fail(rig, "misuse", expected, "%s: %s", op_name(kind), found);
}

bool judge_is_listed(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at++)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

bool judge_heap(struct rig *rig, bool full) {
    const struct subject *subject = rig->subject;
    bool sound = rig->misuse.pendings == 0; /* else damage is expected */
    const char *broken = subject->check && sound ? subject->check(rig->self, full) : NULL;
    if (broken && !judge_fail(rig, "invariant", "a sound heap", "%s", broken))
        return false;
    broken = machine_check(rig->machine, full);
    if (broken &&
        !judge_fail(rig, "kernel", "only calls and writes of a correct allocator", "%s",
                    broken))
        return false;
    if (!subject->statistics)
        return true;
    struct subject_statistics seen = subject->statistics(rig->self);
    if (seen.blocks != rig->shadow.live &&
        !judge_fail(rig, "statistics", "as many blocks as the program holds",
                    "%zu in use, %zu held", seen.blocks, rig->shadow.live))
        return false;
    if (subject->usable_size && seen.bytes != rig->shadow.usable)
        return judge_fail(rig, "statistics", "as many bytes as the program may use",
                          "%zu in use, %zu held", seen.bytes, rig->shadow.usable);
    return true;
}

bool judge_contents(struct rig *rig, unsigned slot, const char *address, size_t length) {
    size_t at;
    if (shadow_holds(&rig->shadow.slot[slot], address, length, &at))
        return true;
    return judge_fail(rig, "contents", "the bytes that the program wrote",
                      "byte %zu of s%u's %zu has changed", at, slot,
                      rig->shadow.slot[slot].requested);
}

/* The rules of placement hold for this request. */
static bool judge_is_placed(const struct rig *rig, const struct rig_request *request) {
    return rig->checks_fit && rig->subject->free_blocks &&
           request->kind != OP_ALIGNED_ALLOC;
}

struct rig_request judge_request(struct rig *rig, enum op_kind kind, unsigned slot,
                                 size_t size, size_t alignment) {
    struct rig_request request = {.kind = kind,
                                  .slot = slot,
                                  .size = size,
                                  .alignment = alignment,
                                  .impossible = size > PTRDIFF_MAX,
                                  .error = ENOMEM,
                                  .refused = rig->machine->refused,
                                  .brk = rig->machine->brk};
    if (!num_is_pow2(alignment)) {
        request.impossible = true;
        request.error = EINVAL;
    }
    bool may_be_refused = request.impossible || size >= RIG_REFUSABLE ||
                          machine_is_tight(rig->machine) || alignment >= RIG_REFUSABLE ||
                          machine_refusal_pending(rig->machine);
    if (may_be_refused && rig->subject->digest)
        request.digest = rig->subject->digest(rig->self);
    if (judge_is_placed(rig, &request))
        fit_note(&rig->fit, rig->subject, rig->self);
    return request;
}

bool judge_refusal(struct rig *rig, const struct rig_request *request) {
    int error = errno;
    if (request->size == 0 && rig->subject->zero_is_null)
        return true;
    if (!request->impossible && rig->machine->refused == request->refused &&
        request->size < MACHINE_MAP_USABLE &&
        !judge_fail(rig, "null", "memory: the kernel refused nothing",
                    "NULL for %zu bytes", request->size))
        return false;
    if (error != request->error &&
        !judge_fail(rig, "errno", request->error == EINVAL ? "EINVAL" : "ENOMEM",
                    "errno %d", error == ERRNO_UNTOUCHED ? 0 : error))
        return false;
    if (rig->subject->digest && rig->subject->digest(rig->self) != request->digest)
        return judge_fail(rig, "unchanged", "a refused call leaves every block as it was",
                          "the blocks in use differ");
    return true;
}

/* Best fit, growth in place and no needless growth, as in fit.h. */
static bool judge_fit(struct rig *rig, const struct rig_request *request,
                      const char *block) {
    struct fit_block better;
    const struct shadow_block *old = &rig->shadow.slot[request->slot];
    const struct subject *subject = rig->subject;
    size_t need =
        num_ceil(num_max(request->size + subject->canary_min, 1), subject->alignment);
    bool mapped = machine_is_mapped(rig->machine, block);
    if (!judge_is_placed(rig, request))
        return true;
    if (block != old->address && rig->machine->brk > request->brk &&
        fit_any(&rig->fit, need) &&
        !judge_fail(rig, "growth", "what is free already",
                    "the break raised by %zu, to serve %zu bytes",
                    rig->machine->brk - request->brk, need))
        return false;
    if (request->kind == OP_REALLOC && old->address) {
        if (block == old->address || mapped ||
            machine_is_mapped(rig->machine, old->address) ||
            !fit_in_place(&rig->fit, old->address, old->usable, subject->header, need))
            return true;
        return judge_fail(rig, "in place", "growth into what is free right behind",
                          "a move, to grow %zu bytes to %zu", old->usable, need);
    }
    if (fit_holds(&rig->fit, block, need, subject->address_ordered, &better))
        return true;
    return judge_fail(rig, "best fit", "the smallest free block that is large enough",
                      "one of %zu bytes passed over for %zu", better.size, need);
}

/* The usable size is the requested one, rounded up; a mapping ends with a page. */
static bool judge_waste(struct rig *rig, const struct rig_request *request,
                        const char *block, size_t usable) {
    size_t need = rig->subject->canary_min
                      ? request->size
                      : num_ceil(num_max(request->size, 1), rig->subject->alignment);
    size_t most = rig->subject->waste;
    if (machine_is_mapped(rig->machine, block) && most < SIZE_MAX)
        most += MACHINE_PAGE;
    return usable <= need || usable - need <= most ||
           rig->machine->refused != request->refused ||
           judge_fail(rig, "waste", "no more than the requested size, rounded up",
                      "%zu usable bytes for %zu", usable, request->size);
}

bool judge_block(struct rig *rig, const struct rig_request *request, char *block,
                 size_t *usable) {
    size_t alignment = num_max(request->alignment, rig->subject->alignment);
    *usable = 0;
    if (request->impossible &&
        !judge_fail(rig, "impossible", "NULL", "a block for %zu bytes aligned to %zu",
                    request->size, request->alignment))
        return false;
    if (request->size == 0 && rig->subject->zero_is_null &&
        !judge_fail(rig, "size 0", "NULL", "a block"))
        return false;
    if (num_address(block) % alignment &&
        !judge_fail(rig, "alignment", "a multiple of the alignment", "%zu bytes off %zu",
                    num_address(block) % alignment, alignment))
        return false;
    *usable = request->size;
    if (rig->subject->usable_size)
        *usable = rig->subject->usable_size(rig->self, block);
    if (*usable < request->size &&
        !judge_fail(rig, "usable size", "at least the requested size", "%zu of %zu",
                    *usable, request->size))
        return false;
    if (!rig->subject->real_kernel && *usable &&
        !machine_holds(rig->machine, block, *usable) &&
        !judge_fail(rig, "outside", "memory of the heap",
                    "%zu bytes that the kernel did not give", *usable))
        return false;
    if (!judge_waste(rig, request, block, *usable))
        return false;
    unsigned other = shadow_overlap(&rig->shadow, request->slot, block, *usable);
    if (other < OP_SLOTS && !judge_fail(rig, "disjoint", "memory of no other block",
                                        "%zu bytes that overlap s%u's %zu", *usable,
                                        other, rig->shadow.slot[other].usable))
        return false;
    return judge_fit(rig, request, block);
}
