#include "osmem/platform/fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "osmem/platform/text.h"

struct fault_row {
    const char *slug;
    const char *code;
    const char *sentence;
    const char *next;
};

static const struct fault_row fault_rows[OS_FAULT_COUNT] = {
    [OS_OK] = {"ok", "OSM-OK", "nothing is wrong", ""},
    [OS_NO_MEMORY] = {"no-memory", "OSM-NO-MEMORY", "the system refused memory", ""},
#define FAULT(id, slug, code, sentence, next) \
    [OS_FAULT_##id] = {slug, code, sentence, next},
#include "osmem/platform/fault.def"
#undef FAULT
};

static void fault_put_place(struct os_text *text, const struct os_finding *info) {
    text_put(text, "  the address is ");
    text_number(text, (uintptr_t)info->address - (uintptr_t)info->block, 10);
    text_put(text, " bytes into the ");
    text_number(text, info->room, 10);
    text_put(text, "-byte block at ");
    text_number(text, (uintptr_t)info->block, 16);
    text_put(text, "\n");
}

static void fault_put_neighbour(struct os_text *text, const char *where,
                                const struct os_fault_neighbour *neighbour) {
    if (!neighbour->state)
        return;
    text_put(text, "  ");
    text_put(text, where);
    text_put(text, ": ");
    text_number(text, neighbour->room, 10);
    text_put(text, " bytes at ");
    text_number(text, (uintptr_t)neighbour->address, 16);
    text_put(text, ", ");
    text_put(text, neighbour->state);
    text_put(text, "\n");
}

static bool fault_is_damage(enum os_status kind) {
    return kind == OS_FAULT_OVERFLOW || kind == OS_FAULT_UNDERFLOW ||
           kind == OS_FAULT_WRITE_AFTER_FREE;
}

/* Between which two moments it happened. */
static void fault_put_interval(struct os_text *text, const struct os_finding *info) {
    bool was_free = info->kind == OS_FAULT_WRITE_AFTER_FREE;
    const struct os_site *since = was_free ? info->freed : info->taken;
    text_put(text, was_free ? "  the write came after the block was freed"
                            : "  the write came after the block was handed out");
    if (since && since->operation) {
        text_put(text, " by operation ");
        text_number(text, since->operation, 10);
    }
    text_put(text, " and before this call");
    if (info->operation) {
        text_put(text, ", operation ");
        text_number(text, info->operation, 10);
    }
    text_put(text, "\n");
}

static void fault_put_damage(struct os_text *text, const struct os_finding *info) {
    text_put(text, "  the first changed byte is ");
    text_number(text, info->first, 10);
    text_put(text, info->first == 1 ? " byte" : " bytes");
    text_put(text, info->kind == OS_FAULT_OVERFLOW    ? " past the end of"
                   : info->kind == OS_FAULT_UNDERFLOW ? " in front of"
                                                      : " into");
    text_put(text, " the block at ");
    text_number(text, (uintptr_t)info->block, 16);
    text_put(text, ": expected ");
    text_number(text, info->expected, 16);
    text_put(text, ", found ");
    text_number(text, info->found, 16);
    text_put(text, "\n");
    if (info->instead) {
        text_put(text, "  or as many in front of the block at ");
        text_number(text, (uintptr_t)info->instead, 16);
        text_put(text, ", which nobody can tell apart\n");
    }
    fault_put_neighbour(text, "on its left", &info->left);
    fault_put_neighbour(text, "on its right", &info->right);
    fault_put_interval(text, info);
}

static void fault_put_links(struct os_text *text, const struct os_finding *info) {
    uint64_t words[2];
    memcpy(words, info->links, sizeof words);
    text_put(text, "  its first 16 bytes, where two links of the free list stood, are ");
    text_number(text, words[0], 16);
    text_put(text, " ");
    text_number(text, words[1], 16);
    text_put(text, "\n");
    if (info->more) {
        text_put(text, "  and so it is with ");
        text_number(text, info->more, 10);
        text_put(text, info->more == 1 ? " free block more\n" : " free blocks more\n");
    }
}

/* Somebody was stopped at a fence. */
static void fault_put_access(struct os_text *text, const struct os_finding *info) {
    text_put(text, "  by the instruction at ");
    site_put_frame(text, info->instruction);
    text_put(text, ", address ");
    text_number(text, (uintptr_t)info->address, 16);
    if (info->block) {
        text_put(text, "\n  the block is at ");
        text_number(text, (uintptr_t)info->block, 16);
    }
    text_put(text, "\n");
}

/* What the kind is about, besides the call. */
static void fault_put_block(struct os_text *text, const struct os_finding *info) {
    if (fault_is_damage(info->kind)) {
        fault_put_damage(text, info);
        return;
    }
    if (info->access) {
        fault_put_access(text, info);
        return;
    }
    if (info->block)
        fault_put_place(text, info);
    if (info->links)
        fault_put_links(text, info);
    if (info->kind == OS_FAULT_SIZE_MISMATCH) {
        text_put(text, "  the size given is ");
        text_number(text, info->given, 10);
        text_put(text, "\n");
    }
}

/* "a read 3 bytes past the end of a 40-byte block" */
static void fault_put_touch(struct os_text *text, const struct os_finding *info) {
    text_put(text, info->access);
    if (!info->block) {
        text_put(text, " at an address that was a freed block's");
        return;
    }
    text_put(text, " ");
    text_number(text, info->first, 10);
    text_put(text, info->first == 1 ? " byte" : " bytes");
    text_put(text, info->kind == OS_FAULT_FENCE_BEHIND  ? " past the end of a "
                   : info->kind == OS_FAULT_FENCE_FRONT ? " in front of a "
                                                        : " into a free ");
    text_number(text, info->asked, 10);
    text_put(text, "-byte block");
}

/* The row's sentence, or one with the numbers. */
static void fault_put_sentence(struct os_text *text, const struct os_finding *info) {
    if (info->access) {
        fault_put_touch(text, info);
        return;
    }
    if (!fault_is_damage(info->kind)) {
        text_put(text, fault_rows[info->kind].sentence);
        return;
    }
    bool is_free = info->kind == OS_FAULT_WRITE_AFTER_FREE;
    text_number(text, info->changed, 10);
    text_put(text, info->changed == 1 ? " byte written " : " bytes written ");
    text_put(text, info->kind == OS_FAULT_OVERFLOW    ? "past the end of a "
                   : info->kind == OS_FAULT_UNDERFLOW ? "in front of a "
                                                      : "into a free ");
    text_number(text, is_free ? info->room : info->asked, 10);
    text_put(text, "-byte block");
}

static const char *fault_blame(enum os_status kind) {
    switch (kind) {
    case OS_FAULT_EXPECTATION:
        return "  the mistake is osmem's, or something wrote over its metadata\n";
    case OS_FAULT_SYSCALL:
    case OS_FAULT_NEW_REFUSED:
        return "  the system, or a limit or filter set on this process, is the cause\n";
    default:
        return "  the mistake is the program's, not osmem's\n";
    }
}

const char *fault_slug(enum os_status kind) {
    return fault_rows[kind].slug;
}

void fault_put(struct os_text *text, const struct os_finding *info) {
    const struct fault_row *row = &fault_rows[info->kind];
    text_put(text, "osmem: ");
    text_put(text, row->slug);
    text_put(text, ": ");
    fault_put_sentence(text, info);
    text_put(text, " [");
    text_put(text, row->code);
    text_put(text, "]\n");
    if (info->verb) {
        text_put(text, "  in ");
        text_put(text, info->verb);
        if (info->address) {
            text_put(text, ", address ");
            text_number(text, (uintptr_t)info->address, 16);
        }
        text_put(text, "\n");
    }
    fault_put_block(text, info);
    if (info->detail) {
        text_put(text, "  ");
        text_put(text, info->detail);
        if (info->number) {
            text_put(text, info->kind == OS_FAULT_SYSCALL ? ": errno " : ": line ");
            text_number(text, (uintptr_t)info->number, 10);
        }
        text_put(text, "\n");
    }
    site_put(text, "allocated", info->taken);
    site_put(text, "freed", info->freed);
    text_put(text, fault_blame(info->kind));
    text_put(text, "  next: ");
    text_put(text, info->taken && info->taken->operation
                       ? "addr2line -fie MODULE 0xOFFSET names the code at each of these"
                       : row->next);
    text_put(text, "\n");
}

void fault_report(int fd, const struct os_finding *info) {
    struct os_text text = {.length = 0};
    fault_put(&text, info);
    text_write(&text, fd);
}

_Noreturn void fault_die(const struct os_finding *info) {
    fault_report(STDERR_FILENO, info);
    abort();
}

_Noreturn void fault_expectation(const char *file, int line, const char *condition) {
    struct os_text detail = {.length = 0};
    text_put(&detail, condition);
    text_put(&detail, " in ");
    text_put(&detail, file);
    fault_die(&(struct os_finding){
        .kind = OS_FAULT_EXPECTATION, .detail = text_string(&detail), .number = line});
}
