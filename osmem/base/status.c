#include "osmem/base/status.h"

const struct status_row *status_row(enum os_status status) {
    static const struct status_row rows[OS_STATUS_COUNT] = {
        [OS_OK] = {"ok", "OSM-OK", "nothing is wrong", ""},
        [OS_NO_MEMORY] = {"no-memory", "OSM-NO-MEMORY", "the system refused memory", ""},
#define FAULT(id, slug, code, sentence, next) \
    [OS_FAULT_##id] = {slug, code, sentence, next},
#include "osmem/base/fault.def"
#undef FAULT
    };
    return &rows[status];
}
