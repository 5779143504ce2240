#include "osmem/platform/fault.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fault_row {
    const char *slug;
    const char *code;
    const char *sentence;
};

static const struct fault_row fault_rows[OS_FAULT_COUNT] = {
    [OS_OK] = {"ok", "OSM-OK", "nothing is wrong"},
    [OS_NO_MEMORY] = {"no-memory", "OSM-NO-MEMORY", "the system refused memory"},
#define FAULT(id, slug, code, sentence) [OS_FAULT_##id] = {slug, code, sentence},
#include "osmem/platform/fault.def"
#undef FAULT
};

/* A report under construction; what does not fit is cut, never written past. */
struct fault_text {
    char bytes[1024];
    size_t length;
};

static void fault_put(struct fault_text *text, const char *string) {
    size_t length = strlen(string);
    size_t left = sizeof text->bytes - text->length;
    if (length > left)
        length = left;
    memcpy(text->bytes + text->length, string, length);
    text->length += length;
}

static void fault_put_number(struct fault_text *text, uintptr_t n, unsigned base) {
    char digits[24];
    char *at = digits + sizeof digits;
    *--at = '\0';
    do {
        *--at = "0123456789abcdef"[n % base];
        n /= base;
    } while (n);
    fault_put(text, base == 16 ? "0x" : "");
    fault_put(text, at);
}

static void fault_put_block(struct fault_text *text, const struct os_fault_info *info) {
    fault_put(text, "  the address is ");
    fault_put_number(text, (uintptr_t)info->address - (uintptr_t)info->block, 10);
    fault_put(text, " bytes into the ");
    fault_put_number(text, info->room, 10);
    fault_put(text, "-byte block at ");
    fault_put_number(text, (uintptr_t)info->block, 16);
    fault_put(text, "\n");
}

static const char *fault_blame(enum os_fault kind) {
    switch (kind) {
    case OS_FAULT_EXPECTATION:
        return "  the mistake is osmem's, or something wrote over its metadata\n";
    case OS_FAULT_SYSCALL:
        return "  the system, or a limit or filter set on this process, is the cause\n";
    default:
        return "  the mistake is the program's, not osmem's\n";
    }
}

const char *fault_slug(enum os_fault kind) {
    return fault_rows[kind].slug;
}

void fault_report(int fd, const struct os_fault_info *info) {
    const struct fault_row *row = &fault_rows[info->kind];
    struct fault_text text = {.length = 0};
    fault_put(&text, "osmem: ");
    fault_put(&text, row->slug);
    fault_put(&text, ": ");
    fault_put(&text, row->sentence);
    fault_put(&text, " [");
    fault_put(&text, row->code);
    fault_put(&text, "]\n");
    if (info->verb) {
        fault_put(&text, "  in ");
        fault_put(&text, info->verb);
        fault_put(&text, ", address ");
        fault_put_number(&text, (uintptr_t)info->address, 16);
        fault_put(&text, "\n");
    }
    if (info->block)
        fault_put_block(&text, info);
    if (info->detail) {
        fault_put(&text, "  ");
        fault_put(&text, info->detail);
        fault_put(&text, info->kind == OS_FAULT_SYSCALL ? ": errno " : ": line ");
        fault_put_number(&text, (uintptr_t)info->number, 10);
        fault_put(&text, "\n");
    }
    fault_put(&text, fault_blame(info->kind));
    int saved = errno;
    for (size_t done = 0; done < text.length;) {
        ssize_t n = write(fd, text.bytes + done, text.length - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    errno = saved;
}

_Noreturn void fault_die(const struct os_fault_info *info) {
    fault_report(STDERR_FILENO, info);
    abort();
}

_Noreturn void fault_expectation(const char *file, int line, const char *condition) {
    struct fault_text detail = {.length = 0};
    fault_put(&detail, condition);
    fault_put(&detail, " in ");
    fault_put(&detail, file);
    detail
        .bytes[detail.length < sizeof detail.bytes ? detail.length : detail.length - 1] =
        '\0';
    fault_die(&(struct os_fault_info){
        .kind = OS_FAULT_EXPECTATION, .detail = detail.bytes, .number = line});
}
