#define _GNU_SOURCE /* _dl_find_object */

#include "osmem/platform/site.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* The C library's, where it is linked: a static program has neither. */
__attribute__((weak)) int backtrace(void **frames, int most);
__attribute__((weak)) int _dl_find_object(void *address, struct dl_find_object *found);

enum {
    SITE_DEPTH = 24, /* frames that are searched, our own included */
};

static atomic_bool site_ready;
/* This thread unwinds: the unwinder may allocate, for code that was made at run time. */
static _Thread_local __attribute__((tls_model("initial-exec"))) bool site_within;

struct site_range {
    uintptr_t from, to;
};

/* Where osmem's own code is, if it is a library of its own; in a program that it is linked into,
 * that cannot be known. */
static struct site_range site_own;
/* Where the unwinder is, which may allocate while it has locks that backtrace needs. */
static struct site_range site_unwinder;

static bool site_is_in(const struct site_range *range, const void *frame) {
    return (uintptr_t)frame - range->from < range->to - range->from;
}

static int site_visit(struct dl_phdr_info *module, size_t size, void *context) {
    struct site_range code = {0, 0};
    (void)size, (void)context;
    for (int i = 0; i < module->dlpi_phnum; i++)
        if (module->dlpi_phdr[i].p_type == PT_LOAD &&
            module->dlpi_phdr[i].p_flags & PF_X) {
            code.from = module->dlpi_addr + module->dlpi_phdr[i].p_vaddr;
            code.to = code.from + module->dlpi_phdr[i].p_memsz;
        }
    if (strstr(module->dlpi_name, "libgcc_s.so"))
        site_unwinder = code;
    if (module->dlpi_name[0] && site_is_in(&code, (const void *)(uintptr_t)site_visit))
        site_own = code;
    return 0;
}

void site_prepare(void) {
    void *frames[2] = {0};
    if (!backtrace)
        return;
    backtrace(frames, 2); /* the first call loads the unwinder */
    dl_iterate_phdr(site_visit, NULL);
    atomic_store_explicit(&site_ready, true, memory_order_release);
}

void site_take(struct os_site *site, const void *caller) {
    void *frames[SITE_DEPTH] = {0};
    int count = 0, first = 0;
    bool ready = atomic_load_explicit(&site_ready, memory_order_acquire);
    if (ready && !site_within && !site_is_in(&site_unwinder, caller)) {
        site_within = true;
        count = backtrace(frames, SITE_DEPTH);
        site_within = false;
    }
    while (first < count && frames[first] != caller)
        first++;
    while (first < count && site_is_in(&site_own, frames[first]))
        first++;
    if (first >= count) {
        frames[0] = (void *)(uintptr_t)caller;
        first = 0;
        count = 1;
    }
    for (int i = 0; i < SITE_FRAMES; i++)
        site->frame[i] = first + i < count ? frames[first + i] : NULL;
}

static void site_put_module(struct os_text *text, const char *name) {
    char path[256];
    ssize_t length = name[0] ? 0 : readlink("/proc/self/exe", path, sizeof path);
    if (length > 0)
        text_put_bytes(text, path, (size_t)length);
    else
        text_put(text, name[0] ? name : "the program");
}

void site_put_frame(struct os_text *text, const void *frame) {
    struct dl_find_object found;
    memset(&found, 0, sizeof found);
    if (!_dl_find_object || _dl_find_object((void *)(uintptr_t)frame, &found) != 0) {
        text_number(text, (uintptr_t)frame, 16);
        return;
    }
    site_put_module(text, found.dlfo_link_map->l_name);
    text_put(text, "+");
    text_number(text, (uintptr_t)frame - found.dlfo_link_map->l_addr, 16);
}

void site_put(struct os_text *text, const char *what, const struct os_site *site) {
    if (!site->operation)
        return;
    text_put_all(text, "  ", what, " by operation ", NULL);
    text_number(text, site->operation, 10);
    text_put(text, site->frame[0] ? " at\n" : ", before sites were recorded\n");
    for (int i = 0; i < SITE_FRAMES && site->frame[i]; i++) {
        text_put(text, "    ");
        site_put_frame(text, site->frame[i]);
        text_put(text, "\n");
    }
}
