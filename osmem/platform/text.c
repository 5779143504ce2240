#include "osmem/platform/text.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

void text_put_bytes(struct os_text *text, const char *bytes, size_t length) {
    size_t left = sizeof text->bytes - text->length;
    if (length > left)
        length = left;
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

void text_put(struct os_text *text, const char *string) {
    text_put_bytes(text, string, strlen(string));
}

void text_put_all(struct os_text *text, ...) {
    va_list strings;
    va_start(strings, text);
    for (const char *next; (next = va_arg(strings, const char *)) != NULL;)
        text_put(text, next);
    va_end(strings);
}

void text_number(struct os_text *text, uintptr_t n, unsigned base) {
    char digits[24];
    char *at = digits + sizeof digits;
    *--at = '\0';
    do {
        *--at = "0123456789abcdef"[n % base];
        n /= base;
    } while (n);
    text_put(text, base == 16 ? "0x" : "");
    text_put(text, at);
}

const char *text_string(struct os_text *text) {
    if (text->length == sizeof text->bytes)
        text->length--;
    text->bytes[text->length] = '\0';
    return text->bytes;
}

void text_write(const struct os_text *text, int fd) {
    int saved = errno;
    for (size_t done = 0; done < text->length;) {
        ssize_t n = write(fd, text->bytes + done, text->length - done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    errno = saved;
}
