#include "fuzz/engine/target.h"

#include <stdio.h>
#include <stdlib.h>

#include "fuzz/ops/text.h"
#include "fuzz/rig/run.h"

static void target_tell(const struct rig *rig, const uint8_t *bytes, size_t length) {
    const struct rig_failure *failure = &rig->failure;
    fprintf(stderr,
            "\n%s: %s: operation %zu\n  expected: %s\n  found:    %s\n"
            "the program, as corpus/ keeps it:\n\n",
            rig->subject->name, failure->oracle, failure->operation, failure->expected,
            failure->found);
    text_print(stderr, bytes, length, failure->operation);
    fputc('\n', stderr);
}

void target_run(const struct subject *subject, const uint8_t *bytes, size_t length) {
    static struct machine machine;
    static struct rig rig;
    if (!rig.subject) {
        if (!machine_open(&machine)) {
            fputs("the machine's memory cannot be reserved (1 GiB of address space)\n",
                  stderr);
            exit(2);
        }
        rig_init(&rig, subject, &machine);
    }
    if (!rig_run(&rig, bytes, length)) {
        target_tell(&rig, bytes, length);
        abort();
    }
}
