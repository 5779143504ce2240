#include "osmem/space/guarded.h"

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/policy.h"

size_t guarded_share(struct os_kernel *kernel, size_t most, size_t share) {
    EXPECT(share > 0 && most % kernel->page == 0);
    return num_min(most, num_floor(sys_limit(kernel) / share, kernel->page));
}

bool guarded_reserve(struct guarded_region *region, struct os_kernel *kernel, size_t most,
                     size_t least) {
    EXPECT(region->mapping == NULL && least > 0);
    for (size_t size = num_max(most, least); size >= least;
         size = num_floor(size / 2, kernel->page)) {
        size_t length = size + 2 * kernel->page;
        char *mapping = sys_reserve(kernel, length);
        if (mapping) {
            *region = (struct guarded_region){.mapping = mapping,
                                              .length = length,
                                              .base = mapping + kernel->page,
                                              .reserved = size};
            return true;
        }
    }
    return false;
}

bool guarded_commit(struct guarded_region *region, struct os_kernel *kernel,
                    size_t size) {
    EXPECT(region->committed <= region->reserved);
    if (size <= region->committed)
        return true;
    if (size > region->reserved)
        return false;
    size_t step = num_max(POLICY_COMMIT, kernel->page);
    size_t target = num_min(num_ceil(size, step), region->reserved);
    if (!sys_commit(kernel, region->base + region->committed, target - region->committed))
        return false;
    region->committed = target;
    return true;
}

bool guarded_holds(const struct guarded_region *region, const void *address) {
    return num_address(address) - num_address(region->mapping) < region->length;
}
