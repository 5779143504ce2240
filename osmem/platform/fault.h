/*
 * fault: what is wrong, said in one stable line and a few that explain it.
 *
 * Low floors answer with an enum os_status; the top decides what becomes of the process. A
 * report is made by write(2) alone: no allocation, no stdio, so that it works in a signal
 * handler and with a damaged heap.
 */
#ifndef OSMEM_PLATFORM_FAULT_H
#define OSMEM_PLATFORM_FAULT_H

#include <stddef.h>

#include "osmem/platform/site.h"
#include "osmem/platform/text.h"

/* What a floor answers: done, the system refused memory, or a row of fault.def. */
enum os_status {
    OS_OK,
    OS_NO_MEMORY,
#define FAULT(id, slug, code, sentence, next) OS_FAULT_##id,
#include "osmem/platform/fault.def"
#undef FAULT
    OS_FAULT_COUNT
};

/* A block beside the one that a fault is about. */
struct os_fault_neighbour {
    const void *address;
    size_t room;
    const char *state; /* "in use", ...; NULL: there is none */
};

/* One fault as it is reported. What is not known is zero. */
struct os_finding {
    enum os_status kind;
    const char *verb;    /* the public function that was called, "os_free" */
    const void *address; /* what it was called with, or where the damage is */
    const void *block;   /* the first byte of the block that the address lies in */
    size_t room;         /* that block's size in bytes */
    size_t given;        /* SIZE_MISMATCH: the size that was given */
    size_t asked;        /* OVERFLOW, UNDERFLOW: the bytes that the program asked for */
    /* OVERFLOW, UNDERFLOW, WRITE_AFTER_FREE: how many bytes are changed, the first of them (from
     * the block's end, in front of its start, from its start), what should stand there, and
     * does. FENCE_*: `first` likewise. */
    size_t changed;
    size_t first;
    unsigned char expected, found;
    const unsigned char *links; /* FREE_LINK: 16 bytes that stand in place of two links */
    size_t more;                /* ... and how many blocks more it is true of */
    const void *instead; /* OVERFLOW: it may as well be an underflow of this block */
    struct os_fault_neighbour left, right;
    const char *access;      /* FENCE_*: "a read", "a write", ... */
    const void *instruction; /* ... of which one */
    uint64_t operation;      /* the number of this call */
    const struct os_site *taken,
        *freed;         /* by whom the block was, where that is recorded */
    const char *detail; /* the system call, or the expectation and its file */
    int number;         /* errno of the call, or the line in the file */
};

const char *fault_slug(enum os_status kind);

/* The whole report. Async-signal-safe, as is what follows. */
void fault_put(struct os_text *text, const struct os_finding *info);

/* Writes the report to a file descriptor. Keeps errno. */
void fault_report(int fd, const struct os_finding *info);

/* Reports to standard error and ends the process by SIGABRT. */
_Noreturn void fault_die(const struct os_finding *info);

/* What EXPECT calls: our own mistake, told with its place. */
_Noreturn void fault_expectation(const char *file, int line, const char *condition);

#endif
