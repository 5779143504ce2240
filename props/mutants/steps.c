/*
 * steps: counts each edge of the code under test as a step. Linked in front of
 * libFuzzer's functions of these names, which do nothing.
 */
#include <stdint.h>

#include "props/engine/trial.h"

void __sanitizer_cov_trace_pc_guard(uint32_t *guard);
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);

void __sanitizer_cov_trace_pc_guard(uint32_t *guard) {
    (void)guard;
    trial_step();
}

void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop) {
    (void)start, (void)stop;
}
