#include "osmem/platform/expect.h"

#include <stdlib.h>
#include <unistd.h>

#include "osmem/base/status.h"
#include "osmem/platform/text.h"

_Noreturn void expect_failed(const char *file, int line, const char *condition) {
    const struct status_row *row = status_row(OS_FAULT_EXPECTATION);
    struct os_text text = {.length = 0};
    text_put_all(&text, "osmem: ", row->slug, ": ", row->sentence, " [", row->code,
                 "]\n  ", condition, " in ", file, ": line ", NULL);
    text_number(&text, (uintptr_t)line, 10);
    text_put_all(&text,
                 "\n  the mistake is osmem's, or something wrote over its metadata\n"
                 "  next: ",
                 row->next, "\n", NULL);
    text_write(&text, STDERR_FILENO);
    abort();
}
