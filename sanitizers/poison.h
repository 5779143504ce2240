/*
 * poison: inaccessible memory, marked for the sanitizer of the build.
 *
 * Without one, nothing happens and POISON_ACTIVE is false.
 */
#ifndef SANITIZERS_POISON_H
#define SANITIZERS_POISON_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_BY_ASAN 1
#endif
#endif

#ifdef POISON_BY_ASAN

#include <sanitizer/asan_interface.h>

#define POISON_ACTIVE 1

/* Any access to the range is a report from now on. */
static inline void poison_mark(const void *address, size_t length) {
    __asan_poison_memory_region(address, length);
}

/* The range may be used again. */
static inline void poison_unmark(const void *address, size_t length) {
    __asan_unpoison_memory_region(address, length);
}

#else

#define POISON_ACTIVE 0

static inline void poison_mark(const void *address, size_t length) {
    (void)address, (void)length;
}

static inline void poison_unmark(const void *address, size_t length) {
    (void)address, (void)length;
}

#endif

#endif
