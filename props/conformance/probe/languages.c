/* C++: most questions run a program in C++. */
#define _GNU_SOURCE /* RTLD_DEEPBIND */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "props/conformance/probe/probe.h"

static void cxx_in_c(void) {
    void *library = dlopen(path_of("probe_cxx.so"), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        answer("%s", dlerror());
        return;
    }
    const char *(*plugin_new)(size_t) =
        (const char *(*)(size_t))dlsym(library, "plugin_new");
    answer("%s, ", plugin_new(100));
    answer("%s", plugin_new(opaque(PTRDIFF_MAX)));
}

static void cxx_mismatch_in_light(void) {
    setenv("OSMEM_OPTIONS", "tier=light", 1);
    exec_program("cxx", "mismatch");
}

static void cxx_mismatch_in_full(void) {
    setenv("OSMEM_OPTIONS", "tier=full", 1);
    exec_program("cxx", "mismatch");
}

/* A program in C that calls operator new, which cannot throw there. */
static void cxx_without_library(void) {
    int ends[2];
    char line[20] = "";
    void *(*operator_new)(size_t) = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "_Znwm");
    if (!operator_new || pipe(ends)) {
        answer("absent");
        return;
    }
    if (fork() == 0) {
        dup2(ends[1], STDERR_FILENO);
        operator_new(opaque(PTRDIFF_MAX));
        _exit(0);
    }
    close(ends[1]);
    if (read(ends[0], line, sizeof line - 1) >= 0)
        answer("%s", line);
}

const struct question questions_of_languages[] = {
    {.text = "C++: new that is refused", .program = "cxx", .argument = "refused"},
    {.text = "C++: nothrow new that is refused",
     .program = "cxx",
     .argument = "refused_nothrow"},
    {.text = "C++: the new_handler", .program = "cxx", .argument = "handler"},
    {.text = "C++: a new_handler that throws",
     .program = "cxx",
     .argument = "throwing_handler"},
    {.text = "C++: a new_handler that gives memory",
     .program = "cxx",
     .argument = "helpful_handler"},
    {.text = "C++: sized deletes", .program = "cxx", .argument = "sized"},
    {.text = "C++: a delete with another size, in light", .ask = cxx_mismatch_in_light},
    {.text = "C++: a delete with another size, in full", .ask = cxx_mismatch_in_full},
    {.text = "C++: delete of NULL", .program = "cxx", .argument = "null"},
    {.text = "C++: new of 0", .program = "cxx", .argument = "zero"},
    {.text = "C++: constructors that throw",
     .program = "cxx",
     .argument = "constructor_throws"},
    {.text = "C++: alignments", .program = "cxx", .argument = "alignments"},
    {.text = "C++: threads", .program = "cxx", .argument = "threads"},
    {.text = "C++: a program's own new and delete", .program = "cxx_replaced"},
    {.text = "C++: a plugin of a program in C", .ask = cxx_in_c},
    {.text = "operator new in a program without a C++ library",
     .ask = cxx_without_library},
    {.text = NULL},
};
