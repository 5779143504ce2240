#include "osmem/space/space.h"

#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"
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
