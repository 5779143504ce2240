#include "osmem/heap/guarded.h"

#include "osmem/base/num.h"
#include "osmem/heap/policy.h"

bool guarded_reserve(struct guarded_region *fenced, struct os_kernel *kernel, size_t most,
                    size_t least) {
    for (size_t size = most; size >= least; size /= 2) {
        size_t length = size + 2 * kernel->page;
        char *mapping = sys_reserve(kernel, length);
        if (mapping) {
            *fenced = (struct guarded_region){.mapping = mapping,
                                      .length = length,
                                      .base = mapping + kernel->page,
                                      .reserved = size};
            return true;
        }
    }
    return false;
}

bool guarded_commit(struct guarded_region *fenced, struct os_kernel *kernel, size_t size) {
    if (size <= fenced->committed)
        return true;
    if (size > fenced->reserved)
        return false;
    size_t step = num_max(POLICY_COMMIT, kernel->page);
    size_t target = num_min(num_ceil(size, step), fenced->reserved);
    if (!sys_commit(kernel, fenced->base + fenced->committed, target - fenced->committed))
        return false;
    fenced->committed = target;
    return true;
}

bool guarded_holds(const struct guarded_region *fenced, const void *address) {
    return num_address(address) - num_address(fenced->mapping) < fenced->length;
}
