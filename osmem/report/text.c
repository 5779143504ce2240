#include "osmem/report/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "osmem/platform/site.h"

static void report_put_number(struct os_text *text, const char *before, size_t number,
                              const char *behind) {
    text_put(text, before);
    text_number(text, number, 10);
    text_put(text, behind);
}

static void report_put_hex(struct os_text *text, const char *before, uint64_t number) {
    text_put(text, before);
    text_number(text, number, 16);
}

static void report_put_address(struct os_text *text, const char *before,
                               const void *address) {
    report_put_hex(text, before, (uintptr_t)address);
}

static void report_put_offset(struct os_text *text, const struct os_finding *finding) {
    report_put_number(text, "  the address is ",
                      (uintptr_t)finding->address - (uintptr_t)finding->block,
                      " bytes into the ");
    report_put_number(text, "", finding->size, "-byte block at ");
    report_put_address(text, "", finding->block);
    text_put(text, "\n");
}

static void report_put_neighbour(struct os_text *text, const char *side,
                                 const struct finding_neighbour *neighbour) {
    if (!neighbour->state)
        return;
    text_put_all(text, "  ", side, ": ", NULL);
    report_put_number(text, "", neighbour->size, " bytes at ");
    report_put_address(text, "", neighbour->address);
    text_put_all(text, ", ", neighbour->state, "\n", NULL);
}

static bool report_is_damage(enum os_status kind) {
    return kind == OS_FAULT_OVERFLOW || kind == OS_FAULT_UNDERFLOW ||
           kind == OS_FAULT_WRITE_AFTER_FREE;
}

/* Between which two calls the write happened. */
static void report_put_interval(struct os_text *text, const struct os_finding *finding) {
    bool was_free = finding->kind == OS_FAULT_WRITE_AFTER_FREE;
    uint64_t since = was_free ? finding->freed.operation : finding->allocated.operation;
    text_put_all(text, "  the write happened after the block was ",
                 was_free ? "freed" : "allocated", NULL);
    if (since)
        report_put_number(text, " by operation ", since, "");
    text_put(text, " and before this call");
    if (finding->operation)
        report_put_number(text, ", operation ", finding->operation, "");
    text_put(text, "\n");
}

/* Of a write, or of its first byte. */
static const char *report_preposition(enum os_status kind) {
    return kind == OS_FAULT_OVERFLOW    ? " past the end of"
           : kind == OS_FAULT_UNDERFLOW ? " in front of"
                                        : " into";
}

static void report_put_damage(struct os_text *text, const struct os_finding *finding) {
    report_put_number(text, "  the first changed byte is ", finding->first,
                      finding->first == 1 ? " byte" : " bytes");
    text_put(text, report_preposition(finding->kind));
    report_put_address(text, " the block at ", finding->block);
    report_put_hex(text, ": expected ", finding->expected);
    report_put_hex(text, ", found ", finding->found);
    text_put(text, "\n");
    if (finding->other.kind != OS_OK) {
        text_put_all(text, "  or they were written",
                     report_preposition(finding->other.kind), NULL);
        report_put_address(text, " the block at ", finding->other.block);
        text_put(text, ": the bytes do not show which\n");
    }
    report_put_neighbour(text, "on its left", &finding->left);
    report_put_neighbour(text, "on its right", &finding->right);
    report_put_interval(text, finding);
}

static void report_put_links(struct os_text *text, const struct os_finding *finding) {
    uint64_t words[2];
    memcpy(words, finding->links, sizeof words);
    report_put_hex(text,
                   "  its first 16 bytes, where two links of the free list stood, are ",
                   words[0]);
    report_put_hex(text, " ", words[1]);
    text_put(text, "\n");
    if (finding->more)
        report_put_number(text, "  the same is true of ", finding->more,
                          finding->more == 1 ? " more free block\n"
                                             : " more free blocks\n");
}

/* An access that a guard page stopped. */
static void report_put_access(struct os_text *text, const struct os_finding *finding) {
    text_put(text, "  by the instruction at ");
    site_put_frame(text, finding->instruction);
    report_put_address(text, ", address ", finding->address);
    if (finding->block)
        report_put_address(text, "\n  the block is at ", finding->block);
    text_put(text, "\n");
}

static void report_put_given(struct os_text *text, const struct os_finding *finding) {
    report_put_number(text, "  the size given is ", finding->given, "");
    if (finding->given_alignment > 1)
        report_put_number(text, ", the alignment ", finding->given_alignment, "");
    text_put(text, "\n");
    if (finding->is_freed)
        text_put(text, "  the block was freed, whole, as by a free without a size\n");
}

/* What the kind is about, besides the call. */
static void report_put_block(struct os_text *text, const struct os_finding *finding) {
    if (report_is_damage(finding->kind)) {
        report_put_damage(text, finding);
        return;
    }
    if (finding->access) {
        report_put_access(text, finding);
        return;
    }
    if (finding->block)
        report_put_offset(text, finding);
    if (finding->has_links)
        report_put_links(text, finding);
    if (finding->kind == OS_FAULT_SIZE_MISMATCH)
        report_put_given(text, finding);
}

/* "a read 3 bytes past the end of a 40-byte block" */
static void report_put_touch(struct os_text *text, const struct os_finding *finding) {
    text_put(text, finding->access);
    if (!finding->block) {
        text_put(text, " at an address that was a freed block's");
        return;
    }
    report_put_number(text, " ", finding->first,
                      finding->first == 1 ? " byte" : " bytes");
    text_put(text, finding->kind == OS_FAULT_GUARD_BEHIND  ? " past the end of a "
                   : finding->kind == OS_FAULT_GUARD_FRONT ? " in front of a "
                                                           : " into a free ");
    report_put_number(text, "", finding->requested, "-byte block");
}

/* " past the end of a 40-byte block" */
static void report_put_target(struct os_text *text, enum os_status kind, size_t size) {
    text_put(text, report_preposition(kind));
    report_put_number(text, kind == OS_FAULT_WRITE_AFTER_FREE ? " a free " : " a ", size,
                      "-byte block");
}

static const char *report_fixed_sentence(const struct os_finding *finding) {
    if (finding->kind != OS_FAULT_DOUBLE_FREE)
        return status_row(finding->kind)->sentence;
    if (finding->past == PAST_FREED || finding->freed.operation)
        return "the address lies in memory that is free already";
    if (finding->past == PAST_NONE)
        return "the address lies in memory that was never allocated, or not since a trim";
    return status_row(finding->kind)->sentence;
}

/* The row's sentence, or one with the numbers. */
static void report_put_sentence(struct os_text *text, const struct os_finding *finding) {
    if (finding->access) {
        report_put_touch(text, finding);
        return;
    }
    if (!report_is_damage(finding->kind)) {
        text_put(text, report_fixed_sentence(finding));
        return;
    }
    bool is_free = finding->kind == OS_FAULT_WRITE_AFTER_FREE;
    report_put_number(text, finding->at_least ? "at least " : "", finding->changed,
                      finding->changed == 1 ? " byte written" : " bytes written");
    report_put_target(text, finding->kind, is_free ? finding->size : finding->requested);
    if (finding->other.kind == OS_OK)
        return;
    text_put(text, ", or");
    report_put_target(text, finding->other.kind, finding->other.size);
}

static const char *report_cause(enum os_status kind) {
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

static void report_put_call(struct os_text *text, const struct os_finding *finding) {
    if (!finding->function)
        return;
    text_put_all(text, "  in ", finding->function, NULL);
    if (finding->address)
        report_put_address(text, ", address ", finding->address);
    text_put(text, "\n");
}

static void report_put_detail(struct os_text *text, const struct os_finding *finding) {
    if (!finding->detail)
        return;
    text_put_all(text, "  ", finding->detail, NULL);
    if (finding->number)
        report_put_number(text,
                          finding->kind == OS_FAULT_SYSCALL ? ": errno " : ": line ",
                          (size_t)finding->number, "");
    text_put(text, "\n");
}

void report_put(struct os_text *text, const struct os_finding *finding) {
    const struct status_row *row = status_row(finding->kind);
    text_put_all(text, "osmem: ", row->slug, ": ", NULL);
    report_put_sentence(text, finding);
    text_put_all(text, " [", row->code, "]\n", NULL);
    report_put_call(text, finding);
    report_put_block(text, finding);
    report_put_detail(text, finding);
    site_put(text, "allocated", &finding->allocated);
    site_put(text, "freed", &finding->freed);
    text_put_all(text, report_cause(finding->kind), "  next: ",
                 finding->allocated.operation
                     ? "addr2line -fie MODULE 0xOFFSET names the code at each of these"
                     : row->next,
                 "\n", NULL);
}

_Noreturn void report_die(const struct os_finding *finding) {
    struct os_text text = {.length = 0};
    report_put(&text, finding);
    text_write(&text, STDERR_FILENO);
    abort();
}
