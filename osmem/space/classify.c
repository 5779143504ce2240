#include "osmem/space/classify.h"

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/large.h"
#include "osmem/space/registry.h"
#include "osmem/space/retire.h"
#include "osmem/space/state.h"

/* The address lies in what is reserved for spans, in a plane, or in one of the space's tables. */
static bool classify_is_own(const struct os_space *space, const void *address) {
    for (unsigned i = 0; i < space_spans(space); i++) {
        const struct os_span *span = &space->span[i];
        if (guarded_holds(&span->plane, address) ||
            num_address(address) - num_address(span_base(span)) < span->reservation)
            return true;
    }
    return guarded_holds(&space->registry.table, address) ||
           page_map_holds(&space->pages, address);
}

enum os_status classify_pointer(const struct os_space *space, const void *address,
                                struct os_block *block) {
    const struct large_entry *entry = registry_find(space, address);
    *block = (struct os_block){.id = NO_BLOCK};
    EXPECT(!entry || entry->length > 0);
    if (!entry && classify_is_own(space, address))
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
