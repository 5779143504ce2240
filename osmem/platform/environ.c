#include "osmem/platform/environ.h"

#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "osmem/base/num.h"

extern char **environ;

/* The value of a variable in `environ`, or NULL. */
static const char *environ_search(const char *name) {
    size_t length = strlen(name);
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

/* A value in the kernel's copy, as offsets. */
struct environ_value {
    off_t start;
    size_t length;
};

/* Byte by byte, so that an entry may be of any length; false where no entry is the variable's. */
static bool environ_locate(int fd, const char *name, struct environ_value *value) {
    char byte_block[1024];
    size_t prefix = strlen(name) + 1, at = 0;
    bool matches = true;
    ssize_t n;
    value->start = (off_t)prefix;
    while ((n = read(fd, byte_block, sizeof byte_block)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            char byte = byte_block[i];
            if (byte == '\0' && matches && at >= prefix) {
                value->length = at - prefix;
                return true;
            }
            if (byte == '\0') { /* the next entry */
                value->start += (off_t)at + 1;
                at = 0;
                matches = true;
                continue;
            }
            if (at < prefix && byte != (at + 1 == prefix ? '=' : name[at]))
                matches = false;
            at++;
        }
    return false;
}

/* Copies it into a mapping of its own, which stays; NULL where that is refused. */
static const char *environ_copy(struct os_kernel *kernel, int fd,
                                const struct environ_value *value) {
    char *copy = sys_map(kernel, num_ceil(value->length + 1, kernel->page));
    size_t done = 0;
    ssize_t n = 1;
    while (copy && done < value->length && n > 0) {
        n = pread(fd, copy + done, value->length - done, value->start + (off_t)done);
        done += n > 0 ? (size_t)n : 0;
    }
    return copy;
}

bool environ_is_foreign(void) {
    return getauxval(AT_SECURE);
}

const char *environ_get(struct os_kernel *kernel, const char *name) {
    struct environ_value value;
    if (environ_is_foreign())
        return "";
    if (environ) {
        const char *found = environ_search(name);
        return found ? found : "";
    }
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    const char *found =
        environ_locate(fd, name, &value) ? environ_copy(kernel, fd, &value) : "";
    close(fd);
    return found;
}
