#include "osmem/platform/environ.h"

#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;

/* The value behind NAME=, or NULL where the entry is another variable's. */
static const char *environ_value(const char *entry, const char *name) {
    size_t length = strlen(name);
    return strncmp(entry, name, length) == 0 && entry[length] == '=' ? entry + length + 1
                                                                     : NULL;
}

static void environ_copy(char *value, size_t size, const char *from) {
    size_t length = strlen(from);
    if (length > size - 1)
        length = size - 1;
    memcpy(value, from, length);
    value[length] = '\0';
}

static void environ_search(const char *name, char *value, size_t size) {
    for (char **entry = environ; *entry; entry++) {
        const char *found = environ_value(*entry, name);
        if (found) {
            environ_copy(value, size, found);
            return;
        }
    }
}

/* Entries end with a 0; of one that is longer than the buffer the beginning counts. */
static void environ_read(int fd, const char *name, char *value, size_t size) {
    char entry[1024], byte_block[1024];
    size_t length = 0;
    ssize_t n;
    while ((n = read(fd, byte_block, sizeof byte_block)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            if (length < sizeof entry - 1)
                entry[length++] = byte_block[i];
            if (byte_block[i])
                continue;
            entry[length] = '\0';
            const char *found = environ_value(entry, name);
            if (found) {
                environ_copy(value, size, found);
                return;
            }
            length = 0;
        }
}

bool environ_is_foreign(void) {
    return getauxval(AT_SECURE);
}

bool environ_get(const char *name, char *value, size_t size) {
    value[0] = '\0';
    if (environ_is_foreign())
        return true;
    if (environ) {
        environ_search(name, value, size);
        return true;
    }
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    environ_read(fd, name, value, size);
    close(fd);
    return true;
}
