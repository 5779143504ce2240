/*
 * prop: a claim about every program, and the search for one that refutes it.
 *
 * Cases are drawn from a printed seed. A failing one is run again (if it then passes it
 * is flaky), shrunk, and shown as text and as a program in C. A case is the bytes of its
 * program: a failing input of a fuzzer is a failing case, and the reverse.
 */
#ifndef PROPS_ENGINE_PROP_H
#define PROPS_ENGINE_PROP_H

#include "props/engine/gen.h"
#include "props/engine/trial.h"

struct prop {
    const char *name;  /* as on the command line */
    const char *claim; /* in words */
    struct gen_profile profile;
    unsigned copies;         /* of the subject, on a machine each */
    trial_run_function *run; /* whether the claim holds for a program */
};

struct prop_options {
    const struct subject *subject;
    uint64_t seed;
    unsigned cases;
    size_t shrinks; /* operations that shrinking may run */
};

/* Searches for a program that refutes the claim; true if none was found. */
bool prop_holds(const struct prop *prop, const struct prop_options *options);

#endif
