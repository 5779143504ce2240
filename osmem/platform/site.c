#include "osmem/platform/site.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "osmem/platform/module.h"
#include "osmem/platform/unwind.h"

enum {
    SITE_DEPTH = 24, /* frames that are searched, our own included */
};

static atomic_bool site_ready;
/* Where osmem's own code is, if it is a library of its own; in a program that it is linked into,
 * that cannot be known. */
static struct module site_own;

static bool site_is_own(const void *frame) {
    return (uintptr_t)frame - site_own.from < site_own.to - site_own.from;
}

void site_prepare(void) {
    struct module own;
    unwind_prepare();
    if (module_find((const void *)(uintptr_t)site_prepare, &own) && own.name[0])
        site_own = own;
    atomic_store_explicit(&site_ready, true, memory_order_release);
}

void site_take(struct os_site *site, const void *caller) {
    const void *frames[SITE_DEPTH];
    size_t count = 0, first = 0;
    if (atomic_load_explicit(&site_ready, memory_order_acquire))
        count = unwind_take(frames, SITE_DEPTH);
    while (first < count && frames[first] != caller)
        first++;
    while (first < count && site_is_own(frames[first]))
        first++;
    if (first >= count) {
        frames[0] = caller;
        first = 0;
        count = 1;
    }
    for (size_t i = 0; i < SITE_FRAMES; i++)
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
    struct module module;
    if (!module_find(frame, &module)) {
        text_number(text, (uintptr_t)frame, 16);
        return;
    }
    site_put_module(text, module.name);
    text_put(text, "+");
    text_number(text, (uintptr_t)frame - module.base, 16);
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
