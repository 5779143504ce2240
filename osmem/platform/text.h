/*
 * text: lines under construction, without allocation and without stdio.
 *
 * What does not fit is cut, never written past. Async-signal-safe.
 */
#ifndef OSMEM_PLATFORM_TEXT_H
#define OSMEM_PLATFORM_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct os_text {
    char bytes[4096];
    size_t length;
};

void text_put(struct os_text *text, const char *string);
void text_put_bytes(struct os_text *text, const char *bytes, size_t length);

/* Several strings, up to a NULL. */
void text_put_all(struct os_text *text, ...) __attribute__((sentinel));

/* In base 10, or in base 16 with 0x before it. */
void text_number(struct os_text *text, uintptr_t n, unsigned base);

/* The text as a string; at its longest the last byte gives way to the end. */
const char *text_string(struct os_text *text);

/* Writes all of it to a file descriptor; keeps errno. */
void text_write(const struct os_text *text, int fd);

#endif
