#include "fuzz/rig/run.h"

#include <errno.h>

#include "fuzz/ops/codec.h"
#include "fuzz/rig/judge.h"
#include "fuzz/rig/misuse.h"
#include "fuzz/rig/pattern.h"
#include "osmem/base/num.h"

void rig_init(struct rig *rig, const struct subject *subject, struct machine *machine) {
    *rig = (struct rig){.subject = subject, .machine = machine, .walks = true};
    machine->reports_writes = true;
}

/* Counts a call of the allocator. */
static void rig_count(struct rig *rig) {
    rig->checked++;
    rig->live_sum += rig->shadow.live;
}

/* Reports a call that is about to be made to on_call. */
static void rig_report_call(struct rig *rig, struct rig_call call) {
    call.operation = rig->operation;
    if (rig->on_call)
        rig->on_call(rig->context, &call);
}

/* Adds an answer to the run's trace. */
static void rig_trace(struct rig *rig, const char *block, size_t usable) {
    uint64_t offset = block ? (uint64_t)(block - rig->machine->memory) : UINT64_MAX;
    rig->trace = num_mix(rig->trace + num_mix(offset) + usable + rig->operation);
}

struct rig_written {
    struct machine *machine;
    const char *block;
};

static void rig_report_piece(void *context, size_t at, size_t size) {
    const struct rig_written *to = context;
    machine_report_write(to->machine, to->block + at, size);
}

/* Reports to the machine which bytes of a block shadow_enter fills. */
static void rig_report_fill(struct rig *rig, const char *block, size_t size) {
    struct rig_written to = {rig->machine, block};
    if (machine_is_mapped(rig->machine, block))
        pattern_spots(size, rig_report_piece, &to);
}

/* Reports the canary that the subject writes behind a block. A page that is not mapped is
 * left out: the subject may map a table there, whose writes are not reported. */
static void rig_report_canary(struct rig *rig, const char *block, size_t usable) {
    size_t length = rig->subject->canary_max;
    const char *behind = block + usable;
    if (length == 0 || !machine_is_mapped(rig->machine, block))
        return;
    if (!machine_holds(rig->machine, behind, length))
        length = (size_t)-num_address(behind) % MACHINE_PAGE;
    machine_report_write(rig->machine, behind, length);
}

/* Gives a block to its slot and fills it. */
static void rig_enter(struct rig *rig, unsigned slot, char *block, size_t size,
                      size_t usable) {
    shadow_enter(&rig->shadow, slot, block, size, usable);
    rig_report_fill(rig, block, size);
    rig_report_canary(rig, block, usable);
}

/* Reports the fill of a block that may be freed, if the subject quarantines. */
static void rig_report_freed(struct rig *rig, const struct shadow_block *block) {
    if (!rig->subject->quarantines || !block->address)
        return;
    machine_report_write(rig->machine, block->address, block->usable);
    rig_report_canary(rig, block->address, block->usable);
}

/* Before a call that requests a block. */
static struct rig_request rig_begin_request(struct rig *rig, enum op_kind kind,
                                            unsigned slot, size_t size,
                                            size_t alignment) {
    struct rig_request request = judge_request(rig, kind, slot, size, alignment);
    rig_count(rig);
    errno = ERRNO_UNTOUCHED;
    return request;
}

/* Right after the call, before anything else can change errno. */
static void rig_note_answer(struct rig *rig, const struct rig_request *request,
                            const char *block) {
    rig->answer = (struct rig_answer){
        .requested = true, .given = block, .error = errno, .size = request->size};
    if (!rig->subject->real_kernel)
        rig_trace(rig, block, 0);
}

static bool rig_accept(struct rig *rig, const struct rig_request *request, char *block) {
    size_t usable;
    rig_note_answer(rig, request, block);
    if (!block)
        return judge_refusal(rig, request);
    if (!judge_block(rig, request, block, &usable))
        return false;
    rig->trace = num_mix(rig->trace + usable);
    rig_enter(rig, request->slot, block, request->size, usable);
    return true;
}

/* ---- the operations ---- */

/* By free, or by free_sized. */
static bool rig_free_as(struct rig *rig, unsigned slot, bool sized) {
    struct shadow_block block = rig->shadow.slot[slot];
    if (!block.address)
        return true;
    if (!judge_contents(rig, slot, block.address, SIZE_MAX))
        return false;
    rig_report_freed(rig, &block);
    shadow_leave(&rig->shadow, slot);
    rig_count(rig);
    rig_report_call(
        rig, (struct rig_call){.kind = sized ? OP_FREE_SIZED : OP_FREE, .slot = slot});
    errno = ERRNO_UNTOUCHED;
    misuse_begin_call(rig, block.address);
    do
        if (sized)
            rig->subject->free_sized(rig->self, block.address, 1, block.requested);
        else
            rig->subject->free(rig->self, block.address);
    while (misuse_must_retry(rig));
    if (errno != ERRNO_UNTOUCHED)
        return judge_fail(rig, "errno", "free keeps errno", "errno %d", errno);
    return true;
}

bool rig_free(struct rig *rig, unsigned slot) {
    return rig_free_as(rig, slot, false);
}

static size_t rig_size(const struct rig *rig, unsigned slot, struct op_size size) {
    return size_bytes(size, rig->shadow.last_size, slot);
}

static bool rig_malloc(struct rig *rig, const struct op *op) {
    size_t size = rig_size(rig, op->slot, op->size);
    if (!rig_free(rig, op->slot))
        return false;
    rig_report_call(rig,
                    (struct rig_call){.kind = OP_MALLOC, .slot = op->slot, .size = size});
    struct rig_request request = rig_begin_request(rig, OP_MALLOC, op->slot, size, 1);
    return rig_accept(rig, &request, rig->subject->malloc(rig->self, size));
}

static bool rig_calloc(struct rig *rig, const struct op *op) {
    size_t count = rig_size(rig, op->slot, op->size2);
    size_t size = rig_size(rig, op->slot, op->size);
    size_t total = 0, wrong;
    bool wraps = !num_mul(count, size, &total);
    if (!rig_free(rig, op->slot))
        return false;
    rig_report_call(
        rig, (struct rig_call){
                 .kind = OP_CALLOC, .slot = op->slot, .count = count, .size = size});
    struct rig_request request =
        rig_begin_request(rig, OP_CALLOC, op->slot, wraps ? SIZE_MAX : total, 1);
    char *block = rig->subject->calloc(rig->self, count, size);
    size_t usable;
    if (block && !judge_block(rig, &request, block, &usable))
        return false;
    if (block && !pattern_is_zero(block, total, &wrong))
        return judge_fail(rig, "zeroed", "all bytes zero", "byte %zu of %zu is not",
                          wrong, total);
    return rig_accept(rig, &request, block);
}

static bool rig_aligned_alloc(struct rig *rig, const struct op *op) {
    size_t size = rig_size(rig, op->slot, op->size);
    size_t alignment = op_alignment(op->alignment);
    if (!rig->subject->aligned_alloc) /* then by malloc */
        return num_is_pow2(alignment) ? rig_malloc(rig, op) : rig_free(rig, op->slot);
    if (!rig_free(rig, op->slot))
        return false;
    rig_report_call(rig, (struct rig_call){.kind = OP_ALIGNED_ALLOC,
                                           .slot = op->slot,
                                           .size = size,
                                           .alignment = alignment});
    struct rig_request request =
        rig_begin_request(rig, OP_ALIGNED_ALLOC, op->slot, size, alignment);
    return rig_accept(rig, &request,
                      rig->subject->aligned_alloc(rig->self, alignment, size));
}

static bool rig_realloc(struct rig *rig, const struct op *op) {
    struct shadow_block old = rig->shadow.slot[op->slot];
    size_t size = rig_size(rig, op->slot, op->size);
    if (old.address && !judge_contents(rig, op->slot, old.address, SIZE_MAX))
        return false;
    rig_report_call(
        rig, (struct rig_call){.kind = OP_REALLOC, .slot = op->slot, .size = size});
    struct rig_request request = rig_begin_request(rig, OP_REALLOC, op->slot, size, 1);
    rig_report_freed(rig, &old);
    char *block;
    misuse_begin_call(rig, old.address);
    do
        block = rig->subject->realloc(rig->self, old.address, size);
    while (misuse_must_retry(rig));
    if (old.address && size == 0) {
        if (block)
            return judge_fail(rig, "realloc to 0", "NULL, and the block is free",
                              "a block");
        shadow_leave(&rig->shadow, op->slot);
        return true;
    }
    rig_note_answer(rig, &request, block);
    if (!block)
        return judge_refusal(rig, &request) &&
               (!old.address || judge_contents(rig, op->slot, old.address, SIZE_MAX));
    size_t usable;
    if (!judge_block(rig, &request, block, &usable))
        return false;
    if (old.address && !judge_contents(rig, op->slot, block, size))
        return false;
    if (old.address && block != old.address) /* the subject may have copied it */
        machine_report_write(rig->machine, block, num_min(old.usable, usable));
    return rig_accept(rig, &request, block);
}

/* Writes a new pattern over the requested bytes; with `all`, touches all usable ones. */
static bool rig_write(struct rig *rig, const struct op *op, bool all) {
    struct shadow_block block = rig->shadow.slot[op->slot];
    if (!block.address || (all && !rig->subject->usable_size))
        return true;
    rig_report_call(rig, (struct rig_call){.kind = op->kind, .slot = op->slot});
    if (!judge_contents(rig, op->slot, block.address, SIZE_MAX))
        return false;
    if (all) {
        size_t usable;
        misuse_begin_call(rig, block.address);
        do
            usable = rig->subject->usable_size(rig->self, block.address);
        while (misuse_must_retry(rig));
        rig_count(rig);
        if (usable != block.usable)
            return judge_fail(rig, "usable size",
                              "the same as when the block was handed out", "%zu, not %zu",
                              usable, block.usable);
        pattern_fill(block.address, usable, block.serial);
        rig_report_fill(rig, block.address, usable);
    }
    rig_enter(rig, op->slot, block.address, block.requested, block.usable);
    return true;
}

static bool rig_trim(struct rig *rig) {
    if (!rig->subject->trim)
        return true;
    rig_count(rig);
    rig_report_call(rig, (struct rig_call){.kind = OP_TRIM});
    rig->subject->trim(rig->self);
    return true;
}

static bool rig_sbrk(struct rig *rig, ptrdiff_t step) {
    size_t before = rig->machine->brk;
    if (machine_foreign_sbrk(rig->machine, step))
        rig_report_call(
            rig, (struct rig_call){.kind = OP_SBRK,
                                   .step = (ptrdiff_t)(rig->machine->brk - before)});
    return true;
}

static bool rig_do(struct rig *rig, const struct op *op) {
    switch (op->kind) {
    case OP_MALLOC:
        return rig_malloc(rig, op);
    case OP_CALLOC:
        return rig_calloc(rig, op);
    case OP_REALLOC:
        return rig_realloc(rig, op);
    case OP_FREE:
        return rig_free(rig, op->slot);
    case OP_FREE_SIZED:
        return rig_free_as(rig, op->slot, rig->subject->free_sized);
    case OP_ALIGNED_ALLOC:
        return rig_aligned_alloc(rig, op);
    case OP_USABLE_SIZE:
        return rig_write(rig, op, true);
    case OP_WRITE:
        return rig_write(rig, op, false);
    case OP_TRIM:
        return rig_trim(rig);
    case OP_CHECK:
        return judge_heap(rig, true);
    case OP_REFUSE:
        rig_refuse(rig, op_refuse_first(op->count), op_refuse_count(op->count));
        return true;
    case OP_SBRK:
        return rig_sbrk(rig, op_break_step(op->count));
    default:
        /* Else a reserved code, or an operation for targets with threads. */
        return !rig->subject->misused || misuse_do(rig, op);
    }
}

/* ---- a run ---- */

void rig_refuse(struct rig *rig, unsigned first, unsigned count) {
    rig_report_call(rig, (struct rig_call){.kind = OP_REFUSE,
                                           .refuse_first = first,
                                           .refuse_count = count});
    machine_refuse(rig->machine, first, count);
}

void rig_start(struct rig *rig) {
    rig->begun++;
    machine_reset(rig->machine);
    shadow_init(&rig->shadow);
    rig->failure.oracle = NULL;
    rig->trace = 0;
    rig->operation = SIZE_MAX; /* none yet */
    rig->self = rig->subject->open(rig->machine);
    if (rig->subject->misused)
        misuse_start(rig);
}

bool rig_step(struct rig *rig, const struct op *op) {
    rig->begun++;
    rig->operation++;
    rig->answer.requested = false;
    struct shadow_block before = rig->shadow.slot[op->slot];
    if (!rig_do(rig, op))
        return false;
    if (rig->shadow.slot[op->slot].address == before.address)
        before.address = NULL;
    return (!rig->subject->misused || misuse_after(rig, &before)) &&
           (!rig->walks || judge_heap(rig, false));
}

bool rig_finish(struct rig *rig) {
    rig->begun++;
    rig->operation++;
    machine_refuse(rig->machine, 1, 0);
    if (rig->subject->misused && !misuse_finish(rig))
        return false;
    for (unsigned slot = 0; slot < OP_SLOTS; slot++)
        if (!rig_free(rig, slot))
            return false;
    if (!judge_heap(rig, false) || !rig_trim(rig) || !judge_heap(rig, true))
        return false;
    const char *left = rig->subject->leftover ? rig->subject->leftover(rig->self) : NULL;
    return !left || judge_fail(rig, "leftover", "as at the start", "%s", left);
}

bool rig_run(struct rig *rig, const uint8_t *bytes, size_t length) {
    struct op op;
    size_t at = 0;
    rig_start(rig);
    while (codec_decode(bytes, length, &at, &op))
        if (!rig_step(rig, &op))
            return false;
    return rig_finish(rig);
}
