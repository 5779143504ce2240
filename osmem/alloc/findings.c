#include "osmem/alloc/findings.h"

#include <string.h>

#include "osmem/alloc/prepare.h"
#include "osmem/alloc/state.h"
#include "osmem/base/num.h"

static void finding_add(struct os_alloc *alloc, struct os_call *call,
                        const struct os_finding *finding) {
    struct os_finding full = *finding;
    full.function = call->function;
    full.operation = call->site.operation;
    record_explain(&alloc->record, &full);
    findings_add(&call->findings, &full);
}

static void finding_add_links(struct os_alloc *alloc, struct os_call *call,
                              const struct suspect *suspect, size_t more) {
    struct os_finding finding = {.kind = OS_FAULT_FREE_LINK,
                                 .address = suspect->address,
                                 .block = suspect->address,
                                 .size = suspect->size,
                                 .has_links = true,
                                 .more = more};
    memcpy(finding.links, suspect->found, sizeof finding.links);
    finding_add(alloc, call, &finding);
}

void finding_recorded(struct os_alloc *alloc, struct os_call *call) {
    struct suspects suspects;
    int error;
    if (heap_suspects(&alloc->heap, &suspects))
        for (size_t i = 0; i < suspects.count; i++)
            finding_add_links(alloc, call, &suspects.block[i],
                              i + 1 == suspects.count ? suspects.more : 0);
    const char *failed = sys_failed(alloc->heap.space.kernel, &error);
    if (failed)
        finding_add(alloc, call,
                    &(struct os_finding){
                        .kind = OS_FAULT_SYSCALL, .detail = failed, .number = error});
}

static void finding_add_after_recorded(struct os_alloc *alloc, struct os_call *call,
                                       const struct os_finding *finding) {
    finding_recorded(alloc, call);
    finding_add(alloc, call, finding);
}

/* Of a pointer that is no block in use. */
static enum finding_past finding_past(struct os_alloc *alloc, enum os_status kind,
                                      const struct os_block *block) {
    struct tags_extent extent;
    if (kind != OS_FAULT_DOUBLE_FREE)
        return PAST_UNKNOWN;
    if (block->id == NO_BLOCK)
        return PAST_FREED;
    heap_lock(&alloc->heap);
    bool starts = tags_read(block_tag(&alloc->heap.space, block->id), &extent);
    heap_unlock(&alloc->heap);
    if (!starts || extent.state != STATE_FREE)
        return PAST_FREED;
    return extent.zero ? PAST_NONE : PAST_UNKNOWN;
}

void finding_pointer(struct os_alloc *alloc, struct os_call *call, enum os_status kind,
                     const struct os_block *block) {
    finding_add_after_recorded(
        alloc, call,
        &(struct os_finding){.kind = kind,
                             .address = call->address,
                             .block = block->address,
                             .size = block->size,
                             .past = finding_past(alloc, kind, block)});
}

void finding_size(struct os_alloc *alloc, struct os_call *call,
                  const struct os_block *block, size_t alignment, size_t given) {
    finding_add_after_recorded(
        alloc, call,
        &(struct os_finding){
            .kind = OS_FAULT_SIZE_MISMATCH,
            .address = call->address,
            .block = block->address,
            .size = block->size,
            .given = given,
            .given_alignment = alignment,
            .is_freed = options_tolerates(alloc->options, OS_FAULT_SIZE_MISMATCH)});
}

void finding_invariant(struct os_alloc *alloc, struct os_call *call, const char *rule,
                       const void *where) {
    finding_add_after_recorded(alloc, call,
                               &(struct os_finding){.kind = OS_FAULT_EXPECTATION,
                                                    .address = where,
                                                    .detail = rule});
}

/* ---- damaged bytes ---- */

static struct finding_neighbour finding_neighbour(
    bool there, const struct heap_neighbour *neighbour) {
    static const char *const names[] = {
        [STATE_NOT_OURS] = "not the heap's",
        [STATE_IN_USE] = "in use",
        [STATE_BUSY] = "in use",
        [STATE_CACHED] = "free",
        [STATE_QUARANTINED] = "free, in quarantine",
        [STATE_FREE] = "free",
    };
    if (!there)
        return (struct finding_neighbour){.state = NULL};
    return (struct finding_neighbour){.address = neighbour->block.address,
                                      .size = neighbour->block.size,
                                      .state = names[neighbour->state]};
}

static bool finding_is_live(enum block_state state) {
    return state == STATE_IN_USE || state == STATE_BUSY;
}

/* `watched` bytes that end with a block are damaged: whether, most likely, from behind. */
static bool finding_is_underflow(const struct fill_damage *damage, size_t watched,
                                 const struct heap_neighbour *right) {
    return finding_is_live(right->state) && damage->first > 0 &&
           damage->last == watched - 1 && damage->first + GRANULE >= watched;
}

/* The damage reaches the end of what is watched, which behind a large block may be its page's. */
static bool finding_is_cut(const struct os_alloc *alloc, const struct os_block *block,
                           const struct fill_damage *damage, size_t watched) {
    uintptr_t end =
        num_address(block->address) + block->size - watched + damage->last + 1;
    return damage->last + 1 == watched ||
           (block->id == NO_BLOCK && end % alloc->heap.space.kernel->page == 0);
}

/* An overflow that begins right behind the last byte, and ends before the next block, is no underflow
 * of that one. */
static bool finding_fits_right(const struct os_finding *finding,
                               const struct heap_neighbour *right) {
    return finding->kind == OS_FAULT_OVERFLOW && finding_is_live(right->state) &&
           (finding->first > 0 || finding->at_least);
}

/* The finding is about the block on the right instead. */
static void finding_move_right(struct os_alloc *alloc, struct os_finding *finding,
                               const struct os_block *block,
                               const struct heap_neighbour *right, size_t first) {
    struct heap_neighbours beyond;
    enum block_state state =
        finding->kind == OS_FAULT_OVERFLOW ? STATE_IN_USE : STATE_FREE;
    finding->other =
        (struct finding_other){finding->kind, block->address,
                               state == STATE_FREE ? block->size : finding->requested};
    finding->kind = OS_FAULT_UNDERFLOW;
    finding->block = right->block.address;
    finding->size = right->block.size;
    finding->requested = prepare_usable(&right->block);
    finding->first = first;
    finding->left = finding_neighbour(true, &(struct heap_neighbour){*block, state});
    heap_neighbours(&alloc->heap, &right->block, &beyond);
    finding->right = finding_neighbour(beyond.has_right, &beyond.right);
}

/* The damage is in the last `watched` bytes of a block. */
static void finding_damage(struct os_alloc *alloc, struct os_call *call,
                           enum os_status kind, const struct os_block *block,
                           const struct fill_damage *damage, size_t watched) {
    struct heap_neighbours near;
    heap_neighbours(&alloc->heap, block, &near);
    const struct heap_neighbour *right = &near.right;
    struct os_finding finding = {.kind = kind,
                                 .address = call->address,
                                 .block = block->address,
                                 .size = block->size,
                                 .requested = prepare_usable(block),
                                 .changed = damage->changed,
                                 .at_least =
                                     finding_is_cut(alloc, block, damage, watched),
                                 .first = damage->first,
                                 .expected = damage->expected,
                                 .found = damage->found,
                                 .left = finding_neighbour(near.has_left, &near.left),
                                 .right = finding_neighbour(near.has_right, right)};
    if (kind == OS_FAULT_WRITE_AFTER_FREE)
        finding.first += block->size - watched;
    else if (near.has_right && finding_fits_right(&finding, right))
        finding.other = (struct finding_other){OS_FAULT_UNDERFLOW, right->block.address,
                                               prepare_usable(&right->block)};
    if (near.has_right && finding_is_underflow(damage, watched, right))
        finding_move_right(alloc, &finding, block, right, watched - damage->first);
    finding_add_after_recorded(alloc, call, &finding);
}

/* A free looks at the block on its left, which may then leave the quarantine: one call reports the
 * damage of a block once. */
static bool finding_is_known(const struct os_findings *findings,
                             const struct os_block *block) {
    for (size_t i = 0; i < findings->count; i++) {
        const struct os_finding *finding = &findings->finding[i];
        const void *damaged =
            finding->kind == OS_FAULT_UNDERFLOW ? finding->left.address : finding->block;
        if (damaged == block->address)
            return true;
    }
    return false;
}

void finding_canary(struct os_alloc *alloc, struct os_call *call,
                    const struct os_block *block, const struct fill_damage *damage) {
    if (damage->changed && !finding_is_known(&call->findings, block))
        finding_damage(alloc, call, OS_FAULT_OVERFLOW, block, damage, block->slack);
}

void finding_fill(struct os_alloc *alloc, struct os_call *call,
                  const struct os_block *block, const struct fill_damage *damage,
                  size_t watched) {
    if (damage->changed && !finding_is_known(&call->findings, block))
        finding_damage(alloc, call, OS_FAULT_WRITE_AFTER_FREE, block, damage, watched);
}

void finding_left_padding(struct os_alloc *alloc, struct os_call *call,
                          const struct os_block *block, const struct heap_filled *padding,
                          const struct fill_damage *damage) {
    if (damage->changed == 0)
        return;
    finding_add_after_recorded(
        alloc, call,
        &(struct os_finding){.kind = OS_FAULT_UNDERFLOW,
                             .address = call->address,
                             .block = block->address,
                             .size = block->size,
                             .requested = prepare_usable(block),
                             .changed = damage->changed,
                             .at_least = damage->first == 0,
                             .first = padding->length - damage->first,
                             .expected = damage->expected,
                             .found = damage->found,
                             .left = {padding->at, padding->length, "padding"}});
}

/* ---- guard pages ---- */

bool finding_guard(struct os_alloc *alloc, const void *address,
                   struct os_finding *finding) {
    static const enum os_status kinds[] = {[LOCATED_IN_FRONT] = OS_FAULT_GUARD_FRONT,
                                           [LOCATED_BEHIND] = OS_FAULT_GUARD_BEHIND,
                                           [LOCATED_FREED] = OS_FAULT_GUARD_FREED};
    struct os_block block;
    enum located side = heap_locate(&alloc->heap, address, &block);
    if (side == LOCATED_NONE)
        return false;
    uintptr_t offset = num_address(address) - num_address(block.address);
    finding->kind = kinds[side];
    finding->address = address;
    finding->size = block.size;
    finding->requested = prepare_usable(&block);
    if (side != LOCATED_FREED || offset < block.size)
        finding->block = block.address;
    finding->first = side == LOCATED_IN_FRONT ? 0 - offset : offset;
    if (side == LOCATED_BEHIND)
        finding->first -= finding->requested;
    record_explain_in_signal(&alloc->record, finding);
    return true;
}
