#include "props/rapidcheck/bridge.h"

#include <stdio.h>
#include <time.h>

#include "fuzz/ops/text.h"
#include "fuzz/subject/subjects.h"
#include "props/engine/trial.h"

static struct trial bridge_trial;
static struct trial_verdict bridge_verdict;

int bridge_open(const char *subject) {
    const struct subject *subjects[1];
    trial_steps_most = 5000000;
    return subjects_list(subject, subjects, 1) == 1 &&
           trial_open(&bridge_trial, subjects, 1, lockstep_run);
}

int bridge_passes(const uint8_t *bytes, size_t length) {
    trial_hush(true);
    bool passes = trial_run(&bridge_trial, bytes, length, &bridge_verdict);
    trial_hush(false);
    return passes;
}

const char *bridge_oracle(void) {
    return bridge_verdict.oracle;
}

void bridge_text(const uint8_t *bytes, size_t length, char *text, size_t most) {
    FILE *to = fmemopen(text, most, "w");
    if (to) {
        text_print(to, bytes, length, SIZE_MAX);
        fclose(to);
    }
}

double bridge_cpu_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}
