/* Before constructors, after exit handlers, and the loader in between. */
#define _GNU_SOURCE /* RTLD_DEEPBIND */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "props/conformance/probe/probe.h"

static void under_audit(void) {
    setenv("LD_AUDIT", path_of("probe_audit.so"), 1);
    exec_program("started", "preinit");
}

/* Prints the answer of `started` under these options. */
static void answer_with(const char *options, const char *argument) {
    char command[5000], line[200] = "";
    setenv("OSMEM_OPTIONS", options, 1);
    snprintf(command, sizeof command, "'%s' %s", path_of("started"), argument);
    FILE *answers = popen(command, "r");
    answer("%s", fgets(line, sizeof line, answers) ? line : "nothing");
    pclose(answers);
}

static void options_at_first_call(void) {
    answer_with("tier=light", "usable");
    answer(", ");
    answer_with("tier=standard", "usable");
}

/* The last one counts. */
static void long_options_at_first_call(void) {
    static char options[100000];
    memset(options, ':', sizeof options - 1);
    memcpy(options, "tier=light", 10);
    memcpy(options + sizeof options - 14, "tier=standard", 13);
    answer_with(options, "usable");
}

static bool copy(const char *from, const char *to) {
    char bytes[65536];
    size_t n;
    FILE *source = fopen(from, "r"), *target = fopen(to, "w");
    while (source && target && (n = fread(bytes, 1, sizeof bytes, source)) > 0)
        fwrite(bytes, 1, n, target);
    bool done = source && target && fclose(source) == 0;
    return target && fclose(target) == 0 && done;
}

/* A set-uid program gets no preload, so `secure` has osmem linked in. */
static void set_uid(void) {
    enum {
        UID_NOT_ROOT = 65534
    };
    char path[] = "/tmp/probe.set-uid.0123456789";
    snprintf(path, sizeof path, "/tmp/probe.set-uid.%d", (int)getpid());
    if (geteuid() != 0 || !copy(path_of("secure"), path) ||
        chown(path, UID_NOT_ROOT, UID_NOT_ROOT) || chmod(path, 04755)) {
        answer("needs root");
        unlink(path);
        return;
    }
    setenv("OSMEM_OPTIONS", "no-such-option", 1);
    dup2(STDOUT_FILENO, STDERR_FILENO); /* a message would be part of the answer */
    execl(path, "secure", path, (char *)NULL);
    answer("does not start: %s", strerror(errno));
    unlink(path);
}

static void *open_library(const char *name, int mode) {
    void *library = dlopen(path_of(name), mode);
    if (!library)
        answer("%s", dlerror());
    return library;
}

/* The program allocates; a library opened with RTLD_DEEPBIND frees. */
static void deepbind(void) {
    void *library = open_library("probe_plugin.so", RTLD_NOW | RTLD_DEEPBIND);
    if (!library)
        return;
    void (*plugin_free)(void *) = (void (*)(void *))dlsym(library, "plugin_free");
    void *(*plugin_malloc)(size_t) = (void *(*)(size_t))dlsym(library, "plugin_malloc");
    plugin_free(malloc(100));
    plugin_free(malloc(1000000));
    free(plugin_malloc(100));
    free(realloc(plugin_malloc(1000000), 10));
    answer("one malloc");
}

/* The option keeps the flag: two mallocs. */
static void deepbind_left(void) {
    char command[5000], line[200] = "";
    setenv("OSMEM_OPTIONS", "deepbind=1", 1);
    snprintf(command, sizeof command, "'%s' 'RTLD_DEEPBIND has' 2>/dev/null",
             path_of("probe"));
    FILE *answers = popen(command, "r");
    bool lives = fgets(line, sizeof line, answers) && strstr(line, "one malloc");
    answer("%s", lives ? "one malloc" : "two mallocs, and the program dies");
}

/* The library is found only by the RUNPATH of the library that opens it. */
static void runpath(void) {
    void *library = open_library("probe_plugin.so", RTLD_NOW);
    if (!library)
        return;
    const char *(*open_another)(void) =
        (const char *(*)(void))dlsym(library, "plugin_open_another");
    answer("%s", open_another());
}

static void failing_dlopen(void) {
    void *library = dlopen("/nowhere/at-all.so", RTLD_NOW);
    const char *error = dlerror();
    answer("%s, %s", library ? "opened" : "NULL", error ? error : "no error");
    library = dlopen(NULL, RTLD_NOW);
    answer(", %s", library ? "itself" : "not itself");
}

static void open_and_close(void) {
    for (int i = 0; i < 100; i++) {
        void *library = open_library("probe_tls_a.so", RTLD_NOW | RTLD_LOCAL);
        if (!library)
            return;
        dlclose(library);
    }
    answer("100 times");
}

const struct question questions_of_start[] = {
    {.text = "allocation before constructors, in preinit_array",
     .program = "started",
     .argument = "preinit"},
    {.text = "usable bytes of 10 from preinit_array, in light and standard",
     .ask = options_at_first_call},
    {.text = "usable bytes of 10 from preinit_array, with 100 KB of options",
     .ask = long_options_at_first_call},
    {.text = "allocation in an audit library", .ask = under_audit},
    {.text = "allocation in and after exit handlers",
     .program = "started",
     .argument = "exit"},
    {.text = "set-uid", .ask = set_uid},
    {.text = "a library opened with RTLD_DEEPBIND has", .ask = deepbind},
    {.text = "with deepbind=1,", .ask = deepbind_left},
    {.text = "a library found by the RUNPATH of the one that opens it", .ask = runpath},
    {.text = "dlopen of nothing and of NULL", .ask = failing_dlopen},
    {.text = "dlopen and dlclose", .ask = open_and_close},
    {.text = NULL},
};
