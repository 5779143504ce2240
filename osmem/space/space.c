#include "osmem/space/space.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/large.h"
#include "osmem/space/policy.h"
#include "osmem/space/registry.h"
#include "osmem/space/retire.h"
#include "osmem/space/state.h"

void space_init(struct os_space *space, struct os_kernel *kernel) {
    EXPECT(num_is_pow2(kernel->page));
    memset(space, 0, sizeof *space);
    space->lock = (struct os_lock)OS_LOCK_INIT;
    space->kernel = kernel;
    space->break_span = SPANS_MAX;
    space->large_from = POLICY_LARGE;
    space->registry.free = REGISTRY_END;
}

struct os_block space_block(const struct os_space *space, block_id id) {
    struct tags_extent extent = {0};
    bool starts = tags_read(block_tag(space, id), &extent);
    (void)starts;
    EXPECT(starts);
    return (struct os_block){.address = block_address(space, id),
                             .size = extent.granules * GRANULE,
                             .slack = extent.slack,
                             .id = id};
}

/* The address lies in what is reserved for spans, in a plane, or in one of the space's tables. */
static bool space_is_own(const struct os_space *space, const void *address) {
    for (unsigned i = 0; i < space_spans(space); i++) {
        const struct os_span *span = &space->span[i];
        if (guarded_holds(&span->plane, address) ||
            num_address(address) - num_address(span_base(span)) < span->reservation)
            return true;
    }
    return guarded_holds(&space->registry.table, address) ||
           guarded_holds(&space->pages.region, address);
}

enum os_status space_classify(const struct os_space *space, const void *address,
                              struct os_block *block) {
    const struct large_entry *entry = registry_find(space, address);
    *block = (struct os_block){.id = NO_BLOCK};
    if (!entry && space_is_own(space, address))
        return OS_FAULT_FORGED;
    if (!entry)
        return retire_was_freed(space, address) ? OS_FAULT_DOUBLE_FREE : OS_FAULT_FOREIGN;
    if (!large_is_live(entry))
        return OS_FAULT_DOUBLE_FREE;
    size_t offset = num_address(address) - num_address(large_address(entry));
    if (offset && offset >= large_size(entry))
        return OS_FAULT_FORGED;
    *block = large_block(entry);
    if (offset == 0)
        return large_state(entry) == LARGE_IN_USE ? OS_OK : OS_FAULT_DOUBLE_FREE;
    return offset % GRANULE ? OS_FAULT_MISALIGNED : OS_FAULT_INTERIOR;
}
