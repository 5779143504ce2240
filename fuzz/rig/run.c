#include "fuzz/rig/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "fuzz/ops/codec.h"
#include "fuzz/rig/pattern.h"
#include "osmem/base/num.h"

/* An errno that no call sets, to see whether one did. */
#define ERRNO_UNTOUCHED 7777

/* Requests from here on may be refused by a full box; below, only by schedule. */
#define RIG_REFUSABLE ((size_t)1 << 16)

void rig_init(struct rig *rig, const struct subject *subject, struct machine *machine) {
    *rig = (struct rig){.subject = subject, .machine = machine, .walks = true};
    machine->tells = true;
}

/* ---- what an oracle says ---- */

/* Notes the first failure; always false. */
static bool rig_fail(struct rig *rig, const char *oracle, const char *expected,
                     const char *format, ...) {
    struct rig_failure *failure = &rig->failure;
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

static bool rig_check(struct rig *rig, bool full) {
    const struct subject *subject = rig->subject;
    const char *broken = subject->check ? subject->check(rig->self, full) : NULL;
    if (broken)
        return rig_fail(rig, "invariant", "a sound heap", "%s", broken);
    broken = machine_check(rig->machine);
    if (broken)
        return rig_fail(rig, "ledger", "only what a correct allocator does", "%s",
                        broken);
    if (!subject->statistics)
        return true;
    struct subject_statistics seen = subject->statistics(rig->self);
    if (seen.blocks != rig->shadow.live)
        return rig_fail(rig, "statistics", "as many blocks as the program holds",
                        "%zu in use, %zu held", seen.blocks, rig->shadow.live);
    if (subject->usable_size && seen.bytes != rig->shadow.reserved)
        return rig_fail(rig, "statistics", "as many bytes as the program may use",
                        "%zu in use, %zu held", seen.bytes, rig->shadow.reserved);
    return true;
}

static bool rig_check_contents(struct rig *rig, unsigned slot, const char *address,
                               size_t length) {
    size_t at;
    if (shadow_holds(&rig->shadow.slot[slot], address, length, &at))
        return true;
    return rig_fail(rig, "contents", "the bytes that the program wrote",
                    "byte %zu of s%u's %zu has changed", at, slot,
                    rig->shadow.slot[slot].asked);
}

/* An operation reaches the allocator. */
static void rig_count(struct rig *rig) {
    rig->checked++;
    rig->live_sum += rig->shadow.live;
}

/* Tells of a call that is about to be made. */
static void rig_tell(struct rig *rig, struct rig_call call) {
    call.operation = rig->operation;
    if (rig->on_call)
        rig->on_call(rig->context, &call);
}

/* ---- one request ---- */

/* What the subject was asked for, and what it answered. */
struct rig_request {
    unsigned slot;
    size_t size;
    size_t alignment;
    bool impossible; /* must be refused: too large, or the alignment is none */
    int error;       /* the errno that a refusal must give */
    size_t refused;  /* the machine's count before the call */
    uint64_t digest; /* of the subject before the call */
};

static struct rig_request rig_request(struct rig *rig, unsigned slot, size_t size,
                                      size_t alignment) {
    struct rig_request request = {.slot = slot,
                                  .size = size,
                                  .alignment = alignment,
                                  .impossible = size > PTRDIFF_MAX,
                                  .error = ENOMEM,
                                  .refused = rig->machine->refused};
    if (!num_is_pow2(alignment)) {
        request.impossible = true;
        request.error = EINVAL;
    }
    bool may_be_refused = request.impossible || size >= RIG_REFUSABLE ||
                          machine_is_tight(rig->machine) || alignment >= RIG_REFUSABLE ||
                          machine_refusal_pending(rig->machine);
    if (may_be_refused && rig->subject->digest)
        request.digest = rig->subject->digest(rig->self);
    rig_count(rig);
    errno = ERRNO_UNTOUCHED;
    return request;
}

/* NULL is legitimate for what cannot be, and when
 * the kernel refused; the heap is as before. */
static bool rig_check_refusal(struct rig *rig, const struct rig_request *request) {
    int error = errno;
    if (!request->impossible && rig->machine->refused == request->refused &&
        request->size < MACHINE_MAP_USABLE)
        return rig_fail(rig, "null", "memory: the kernel refused nothing",
                        "NULL for %zu bytes", request->size);
    if (error != request->error)
        return rig_fail(rig, "errno", request->error == EINVAL ? "EINVAL" : "ENOMEM",
                        "errno %d", error == ERRNO_UNTOUCHED ? 0 : error);
    if (rig->subject->digest && rig->subject->digest(rig->self) != request->digest)
        return rig_fail(rig, "unchanged", "a refused call leaves every block as it was",
                        "the blocks in use differ");
    return true;
}

/* A block that was handed out: possible, aligned, ours, nobody else's, and large enough.
 */
static bool rig_check_block(struct rig *rig, const struct rig_request *request,
                            char *block, size_t *reserved) {
    size_t alignment = num_max(request->alignment, rig->subject->alignment);
    if (request->impossible)
        return rig_fail(rig, "impossible", "NULL", "a block for %zu bytes aligned to %zu",
                        request->size, request->alignment);
    if (num_address(block) % alignment)
        return rig_fail(rig, "alignment", "a multiple of the alignment",
                        "%zu bytes off %zu", num_address(block) % alignment, alignment);
    *reserved = request->size;
    if (rig->subject->usable_size)
        *reserved = rig->subject->usable_size(rig->self, block);
    if (*reserved < request->size)
        return rig_fail(rig, "usable size", "at least the size asked", "%zu of %zu",
                        *reserved, request->size);
    if (!machine_holds(rig->machine, block, *reserved))
        return rig_fail(rig, "outside", "memory of the heap",
                        "%zu bytes that the kernel did not give", *reserved);
    unsigned other = shadow_overlap(&rig->shadow, request->slot, block, *reserved);
    if (other < OP_SLOTS)
        return rig_fail(rig, "disjoint", "memory that nobody has",
                        "%zu bytes that overlap s%u's %zu", *reserved, other,
                        rig->shadow.slot[other].reserved);
    return true;
}

/* Adds an answer to the run's trace. */
static void rig_trace(struct rig *rig, const char *block, size_t reserved) {
    uint64_t offset = block ? (uint64_t)(block - rig->machine->memory) : UINT64_MAX;
    rig->trace = num_mix(rig->trace + num_mix(offset) + reserved + rig->operation);
}

struct rig_written {
    struct machine *machine;
    const char *block;
};

static void rig_tell_spot(void *context, size_t at, size_t size) {
    const struct rig_written *to = context;
    machine_written(to->machine, to->block + at, size);
}

/* Tells the machine where a block of so many bytes was filled. */
static void rig_tell_spots(struct rig *rig, const char *block, size_t size) {
    struct rig_written to = {rig->machine, block};
    if (machine_is_mapped(rig->machine, block))
        pattern_spots(size, rig_tell_spot, &to);
}

/* Fills a block for its slot. */
static void rig_enter(struct rig *rig, unsigned slot, char *block, size_t size,
                      size_t reserved) {
    shadow_enter(&rig->shadow, slot, block, size, reserved);
    rig_tell_spots(rig, block, size);
}

static bool rig_accept(struct rig *rig, const struct rig_request *request, char *block) {
    size_t reserved;
    if (!block) {
        rig_trace(rig, NULL, 0);
        return rig_check_refusal(rig, request);
    }
    if (!rig_check_block(rig, request, block, &reserved))
        return false;
    rig_trace(rig, block, reserved);
    rig_enter(rig, request->slot, block, request->size, reserved);
    return true;
}

/* ---- the operations ---- */

static bool rig_free(struct rig *rig, unsigned slot) {
    char *block = rig->shadow.slot[slot].address;
    if (!block)
        return true;
    if (!rig_check_contents(rig, slot, block, SIZE_MAX))
        return false;
    shadow_leave(&rig->shadow, slot);
    rig_count(rig);
    rig_tell(rig, (struct rig_call){.kind = OP_FREE, .slot = slot});
    errno = ERRNO_UNTOUCHED;
    rig->subject->free(rig->self, block);
    if (errno != ERRNO_UNTOUCHED)
        return rig_fail(rig, "errno", "free keeps errno", "errno %d", errno);
    return true;
}

static size_t rig_size(const struct rig *rig, unsigned slot, struct op_size size) {
    return size_bytes(size, rig->shadow.last_size, slot);
}

static bool rig_malloc(struct rig *rig, const struct op *op) {
    size_t size = rig_size(rig, op->slot, op->size);
    if (!rig_free(rig, op->slot))
        return false;
    rig_tell(rig, (struct rig_call){.kind = OP_MALLOC, .slot = op->slot, .size = size});
    struct rig_request request = rig_request(rig, op->slot, size, 1);
    return rig_accept(rig, &request, rig->subject->malloc(rig->self, size));
}

static bool rig_calloc(struct rig *rig, const struct op *op) {
    size_t count = rig_size(rig, op->slot, op->size2);
    size_t size = rig_size(rig, op->slot, op->size);
    size_t total = 0, wrong;
    bool wraps = !num_mul(count, size, &total);
    if (!rig_free(rig, op->slot))
        return false;
    rig_tell(rig, (struct rig_call){
                      .kind = OP_CALLOC, .slot = op->slot, .count = count, .size = size});
    struct rig_request request = rig_request(rig, op->slot, wraps ? SIZE_MAX : total, 1);
    char *block = rig->subject->calloc(rig->self, count, size);
    size_t reserved;
    if (block && !rig_check_block(rig, &request, block, &reserved))
        return false;
    if (block && !pattern_is_zero(block, total, &wrong))
        return rig_fail(rig, "zeroed", "all bytes zero", "byte %zu of %zu is not", wrong,
                        total);
    return rig_accept(rig, &request, block);
}

static bool rig_aligned_alloc(struct rig *rig, const struct op *op) {
    size_t size = rig_size(rig, op->slot, op->size);
    size_t alignment = op_alignment(op->alignment);
    if (!rig->subject->aligned_alloc)
        return true;
    if (!rig_free(rig, op->slot))
        return false;
    rig_tell(rig, (struct rig_call){.kind = OP_ALIGNED_ALLOC,
                                    .slot = op->slot,
                                    .size = size,
                                    .alignment = alignment});
    struct rig_request request = rig_request(rig, op->slot, size, alignment);
    return rig_accept(rig, &request,
                      rig->subject->aligned_alloc(rig->self, alignment, size));
}

static bool rig_realloc(struct rig *rig, const struct op *op) {
    struct shadow_block old = rig->shadow.slot[op->slot];
    size_t size = rig_size(rig, op->slot, op->size);
    if (old.address && !rig_check_contents(rig, op->slot, old.address, SIZE_MAX))
        return false;
    rig_tell(rig, (struct rig_call){.kind = OP_REALLOC, .slot = op->slot, .size = size});
    struct rig_request request = rig_request(rig, op->slot, size, 1);
    char *block = rig->subject->realloc(rig->self, old.address, size);
    if (old.address && size == 0) {
        if (block)
            return rig_fail(rig, "realloc to 0", "NULL, and the block is free",
                            "a block");
        shadow_leave(&rig->shadow, op->slot);
        return true;
    }
    if (!block)
        return rig_check_refusal(rig, &request) &&
               (!old.address || rig_check_contents(rig, op->slot, old.address, SIZE_MAX));
    size_t reserved;
    if (!rig_check_block(rig, &request, block, &reserved))
        return false;
    if (old.address && !rig_check_contents(rig, op->slot, block, size))
        return false;
    if (old.address && block != old.address) /* it may be a copy */
        machine_written(rig->machine, block, num_min(old.reserved, reserved));
    return rig_accept(rig, &request, block);
}

/* Writes a new pattern over the bytes asked for;
 * with `usable`, touches all that is usable. */
static bool rig_write(struct rig *rig, const struct op *op, bool usable) {
    struct shadow_block block = rig->shadow.slot[op->slot];
    if (!block.address || (usable && !rig->subject->usable_size))
        return true;
    rig_tell(rig, (struct rig_call){.kind = op->kind, .slot = op->slot});
    if (!rig_check_contents(rig, op->slot, block.address, SIZE_MAX))
        return false;
    if (usable) {
        size_t reserved = rig->subject->usable_size(rig->self, block.address);
        rig_count(rig);
        if (reserved != block.reserved)
            return rig_fail(rig, "usable size",
                            "the same as when the block was handed out", "%zu, not %zu",
                            reserved, block.reserved);
        pattern_fill(block.address, reserved, block.serial);
        rig_tell_spots(rig, block.address, reserved);
    }
    rig_enter(rig, op->slot, block.address, block.asked, block.reserved);
    return true;
}

static bool rig_trim(struct rig *rig) {
    if (!rig->subject->trim)
        return true;
    rig_count(rig);
    rig_tell(rig, (struct rig_call){.kind = OP_TRIM});
    rig->subject->trim(rig->self);
    return true;
}

static bool rig_sbrk(struct rig *rig, ptrdiff_t step) {
    size_t before = rig->machine->brk;
    if (machine_foreign_sbrk(rig->machine, step))
        rig_tell(rig, (struct rig_call){.kind = OP_SBRK,
                                        .step = (ptrdiff_t)(rig->machine->brk - before)});
    return true;
}

static bool rig_step(struct rig *rig, const struct op *op) {
    switch (op->kind) {
    case OP_MALLOC:
        return rig_malloc(rig, op);
    case OP_CALLOC:
        return rig_calloc(rig, op);
    case OP_REALLOC:
        return rig_realloc(rig, op);
    case OP_FREE:
        return rig_free(rig, op->slot);
    case OP_ALIGNED_ALLOC:
        return rig_aligned_alloc(rig, op);
    case OP_USABLE_SIZE:
        return rig_write(rig, op, true);
    case OP_WRITE:
        return rig_write(rig, op, false);
    case OP_TRIM:
        return rig_trim(rig);
    case OP_CHECK:
        return rig_check(rig, true);
    case OP_REFUSE:
        rig_tell(rig, (struct rig_call){.kind = OP_REFUSE,
                                        .refuse_first = op_refuse_first(op->count),
                                        .refuse_count = op_refuse_count(op->count)});
        machine_refuse(rig->machine, op_refuse_first(op->count),
                       op_refuse_count(op->count));
        return true;
    case OP_SBRK:
        return rig_sbrk(rig, op_break_step(op->count));
    default:
        return true; /* reserved, or for a target that knows misuse or threads */
    }
}

/* Frees everything; what is left must be what was there at the start. */
static bool rig_finish(struct rig *rig) {
    machine_refuse(rig->machine, 1, 0);
    for (unsigned slot = 0; slot < OP_SLOTS; slot++)
        if (!rig_free(rig, slot))
            return false;
    if (!rig_trim(rig) || !rig_check(rig, true))
        return false;
    const char *left = rig->subject->leftover ? rig->subject->leftover(rig->self) : NULL;
    return !left || rig_fail(rig, "leftover", "as at the start", "%s", left);
}

bool rig_run(struct rig *rig, const uint8_t *bytes, size_t length) {
    struct op op;
    size_t at = 0;
    machine_reset(rig->machine);
    shadow_init(&rig->shadow);
    rig->failure.oracle = NULL;
    rig->trace = 0;
    rig->self = rig->subject->open(rig->machine);
    for (rig->operation = 0; codec_decode(bytes, length, &at, &op); rig->operation++)
        if (!rig_step(rig, &op) || (rig->walks && !rig_check(rig, false)))
            return false;
    return rig_finish(rig);
}
