#include "osmem/space/locate.h"

#include "osmem/base/num.h"
#include "osmem/platform/expect.h"
#include "osmem/space/large.h"
#include "osmem/space/policy.h"
#include "osmem/space/registry.h"
#include "osmem/space/retire.h"
#include "osmem/space/state.h"

/* The last block of a span. */
static enum located locate_last(const struct os_space *space, unsigned number,
                                struct os_block *block) {
    const struct os_span *span = &space->span[number];
    EXPECT(span_granules(span) > 0);
    size_t last = span_granules(span) - 1;
    block_id id =
        block_id_of(number, last - tags_distance_to_first(span->tags + last, last));
    enum block_state state = tag_state(tags_load_first(block_tag(space, id)));
    *block = space_block(space, id);
    return state == STATE_IN_USE || state == STATE_BUSY ? LOCATED_BEHIND : LOCATED_FREED;
}

/* Behind a span's last block. */
static enum located locate_span(const struct os_space *space, const void *address,
                                struct os_block *block) {
    for (unsigned i = 0; i < space_spans(space); i++) {
        const struct os_span *span = &space->span[i];
        uintptr_t end = num_address(span_base(span)) + span_granules(span) * GRANULE;
        size_t behind = POLICY_LOCATE;
        if (span->reservation)
            behind = num_address(span_base(span)) + span->reservation - end;
        if (span_granules(span) && num_address(address) - end < behind)
            return locate_last(space, i, block);
    }
    return LOCATED_NONE;
}

enum located locate(const struct os_space *space, const void *address,
                    struct os_block *block) {
    const struct large_entry *entry = registry_find(space, address);
    *block = (struct os_block){.id = NO_BLOCK};
    if (!entry)
        return retire_was_freed(space, address) ? LOCATED_FREED
                                                : locate_span(space, address, block);
    EXPECT(num_address(address) - num_address(entry->base) < entry->length);
    *block = large_block(entry);
    if (!large_is_live(entry))
        return LOCATED_FREED;
    size_t offset = num_address(address) - num_address(block->address);
    if (num_address(address) < num_address(block->address))
        return LOCATED_IN_FRONT;
    return offset >= block->size - block->slack ? LOCATED_BEHIND : LOCATED_NONE;
}
