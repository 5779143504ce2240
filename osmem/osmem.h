/*
 * osmem: a general-purpose memory allocator whose block metadata no overflow can reach.
 *
 * The only header that a program includes. All sizes are in bytes. Every function may be called
 * from any thread at any time, in the child of a fork, and from a signal handler. In a handler that
 * interrupted one of them, blocks come from a heap of the handlers', a block of before is freed when
 * the interrupted call ends, and os_check, os_walk, os_dump, os_stats and os_trim know only the handlers'
 * heap; it may fork and exit, and must not leave by siglongjmp.
 *
 * A pointer that is no block of this heap, or a block that is free, ends the process: a report on
 * standard error, then SIGABRT (or what the option on_error says, or that of the report's kind; where
 * that is `report`, `once` or `ignore`, a bad call does nothing, but that a sized free of another size
 * frees). A report is made when the call is over and
 * holds no lock: a handler of SIGABRT, or one set by os_set_fault_handler, may use the heap, leave by
 * siglongjmp, or exit. No function but os_dump is a cancellation point: a pending pthread_cancel
 * waits.
 *
 * The environment variable OSMEM_OPTIONS chooses a tier and single options of the process's heap,
 * as README.md says; a set-uid program takes none.
 *
 * A library that contains osmem must never be unloaded: its blocks may be in use, and handlers of
 * SIGSEGV, fork and exit point to it. libosmem.so and libosmem_core.so stay loaded after dlclose; any
 * other, with libosmem.a or osmem.c in it, is to be linked with -z nodelete.
 *
 * The heap grows by libc's sbrk, which two threads must not call at once: a program that calls
 * sbrk itself, or lets libc's malloc do so from another thread, races with the growth unseen.
 */
#ifndef OSMEM_OSMEM_H
#define OSMEM_OSMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OS_API __attribute__((visibility("default")))

/*
 * Allocates `size` bytes, not initialised, aligned to 16. os_malloc(0) gives a unique
 * pointer. NULL and errno ENOMEM where the system refuses memory or the size is above
 * PTRDIFF_MAX. Contract: C17 7.22.3.4 malloc.
 */
OS_API void *os_malloc(size_t size) __attribute__((malloc, alloc_size(1)));

/*
 * Allocates an array of `count` elements of `size` bytes, all zero, aligned to 16. NULL
 * and errno ENOMEM also where the product does not fit. Contract: C17 7.22.3.2 calloc.
 */
OS_API void *os_calloc(size_t count, size_t size)
    __attribute__((malloc, alloc_size(1, 2)));

/*
 * Resizes a block, perhaps to another address; its bytes are kept up to the smaller size.
 * os_realloc(NULL, n) is os_malloc(n); os_realloc(p, 0) frees p and gives NULL. On
 * failure NULL and errno ENOMEM, and the block is as it was. Contract: C17 7.22.3.5
 * realloc.
 */
OS_API void *os_realloc(void *block, size_t size) __attribute__((alloc_size(2)));

/*
 * Frees a block; os_free(NULL) does nothing. Keeps errno. Contract: POSIX.1-2024 free.
 */
OS_API void os_free(void *block);

/*
 * Frees a block whose requested size, and alignment if it came from os_aligned_alloc, the caller
 * knows. A size or an alignment that cannot be the block's is a size-mismatch: any other
 * size where the block has a canary; else sizes are distinguished to 16 bytes, and a block with a
 * mapping of its own only from larger ones. The tiers light and standard report the first of them
 * and free the block; full and paranoid end the process; the option size-mismatch changes that.
 * NULL does nothing. Keeps errno. Contract: C23 7.24.3.4 free_sized, 7.24.3.5 free_aligned_sized.
 */
OS_API void os_free_sized(void *block, size_t size);
OS_API void os_free_aligned_sized(void *block, size_t alignment, size_t size);

/*
 * Allocates `size` bytes at a multiple of `alignment`, a power of two (else NULL and
 * errno EINVAL); below 16 it counts as 16. The size need be no multiple of it. Freed by
 * os_free. Contract: C17 7.22.3.1 aligned_alloc, as DR 460 widens it.
 */
OS_API void *os_aligned_alloc(size_t alignment, size_t size)
    __attribute__((malloc, alloc_size(2)));

/*
 * The bytes of a block that may be used: those requested where the block has a canary, else at
 * least those; 0 for NULL.
 * Contract: malloc_usable_size(3).
 */
OS_API size_t os_usable_size(const void *block);

/* Which rule a heap breaks, and where. */
struct os_breach {
    const char
        *name; /* "B1", ... as numbered in the source; "sound" if nothing is broken */
    const char *rule;  /* what should hold, in words */
    const void *where; /* the block concerned, or NULL */
};

/*
 * Checks every invariant of the heap, reading every tag and all memory known to be zero.
 * True if they hold; else the first breach in `*breach` (which may be NULL). Never
 * writes.
 */
OS_API bool os_check(struct os_breach *breach);

/* A block as os_walk shows it. */
struct os_block_info {
    const void *address;
    size_t size;       /* bytes */
    bool in_use;       /* else free, or not ours */
    bool large;        /* has a mapping of its own */
    const char *state; /* "in-use", "free", "not-ours", ... */
};

/*
 * Calls `visit` for every block in address order, those of signal handlers last, until it answers false; true if it never did. No
 * lock is held meanwhile: a visitor may allocate and free. A block that is in use throughout is
 * shown exactly once; what is allocated, freed, or resized during the walk may be shown as it was,
 * as it is, or not at all.
 */
OS_API bool os_walk(bool (*visit)(void *context, const struct os_block_info *block),
                    void *context);

/*
 * Writes every block, a line each, and a picture of each span to a file descriptor, as os_walk would
 * show them. No lock is held while it writes.
 */
OS_API void os_dump(int fd);

/* Gives free memory back to the system as far as it can be. Keeps errno. */
OS_API void os_trim(void);

/*
 * A program may define this: options for the process's heap in the form of the environment variable
 * OSMEM_OPTIONS, which is read after it. Called once, during the first call that can know the
 * environment.
 */
const char *os_default_options(void) __attribute__((weak));

/* A report, as a handler gets it. What is not known is NULL or 0; nothing outlives the call. */
struct os_fault_report {
    const char *kind; /* "double-free": what stands behind "osmem: " in the first line */
    const char *function; /* that was called, "os_free"; "exit" for the check at exit */
    const void *address;  /* what it was given */
    const void *block;    /* the first byte of the block that the report is about */
    size_t size;          /* of that block, in bytes */
    const char *text;     /* the whole report, lines that end with \n */
};

typedef void os_fault_handler(const struct os_fault_report *report, void *context);

/*
 * The function to call after a report is written and before on_error is carried out; NULL: none. It
 * may allocate and free, leave by longjmp, fork or exit. Threads with another report wait while it
 * runs, a second at most; a mistake of its own is not reported and ends the process as on_error
 * says.
 */
OS_API void os_set_fault_handler(os_fault_handler *handler, void *context);

/* What the heap holds now, in bytes and counts, or did ever where it says so. */
struct os_stats {
    size_t blocks_in_use;     /* large ones included */
    size_t bytes_in_use;      /* their sizes */
    size_t bytes_free;        /* in free blocks of the spans */
    size_t bytes_quarantined; /* in freed blocks of the spans */
    size_t bytes_not_ours;    /* of the break, taken by another user of sbrk */
    size_t span_bytes; /* in use, free, quarantined and not ours, without large blocks */
    size_t spans;
    size_t large_blocks;
    size_t large_bytes;
    size_t idle_mappings; /* munmap was refused; to be tried again */
    size_t unguarded;     /* large blocks that are without guard pages, ever */
    size_t given_back;    /* bytes of spans that the system got back, ever */
    uint64_t allocations; /* blocks handed out, ever */
    uint64_t frees;       /* blocks taken back, ever */
};

OS_API void os_stats(struct os_stats *stats);

/*
 * A heap over memory of the caller's, from which nothing is ever taken or given back to the
 * system; for a pool, an arena, or a machine without one. Blocks come from a block heap
 * like the process's, whatever their size; its tags, one byte for every 16, stand in front of
 * them. Such a heap is one thread's at a time, its signal handlers not included; it ends when the caller takes its memory back.
 */
struct os_heap;

/*
 * Makes a heap in `size` bytes at `memory`, of which about 6 KiB and a seventeenth of the rest
 * are its own. NULL and errno EINVAL where that is too small, or more than 17 GiB: a heap's tags reach
 * no further.
 */
OS_API struct os_heap *os_heap_create(void *memory, size_t size);

/* As the functions without `heap`; refused where the memory is used up. */
OS_API void *os_heap_malloc(struct os_heap *heap, size_t size);
OS_API void *os_heap_calloc(struct os_heap *heap, size_t count, size_t size);
OS_API void *os_heap_realloc(struct os_heap *heap, void *block, size_t size);
OS_API void *os_heap_aligned_alloc(struct os_heap *heap, size_t alignment, size_t size);
OS_API void os_heap_free(struct os_heap *heap, void *block);
OS_API size_t os_heap_usable_size(struct os_heap *heap, const void *block);
OS_API bool os_heap_check(const struct os_heap *heap, struct os_breach *breach);

#ifdef __cplusplus
}
#endif

#endif
