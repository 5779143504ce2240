/*
 * sys: the kernel as a table of functions, and the only calls of it.
 *
 * A heap stands on a struct os_kernel, so that the rig can put a kernel in a box beneath
 * it and refuse any call. Callers use the sys_ functions: each checks its result and answers false
 * or NULL where the call was refused: for a shortage (ENOMEM, EAGAIN), or by a sandbox or a kernel that
 * does not serve it (EPERM, EACCES, ENOSYS). Any other failure is kept in the table besides, because it
 * is a mistake: sys_failed hands it out, to be reported after the locks.
 */
#ifndef OSMEM_PLATFORM_SYS_H
#define OSMEM_PLATFORM_SYS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Each function behaves as its POSIX or Linux namesake, errno included: -1 or (void *)-1
 * on failure. Mappings are private and anonymous.
 */
struct os_kernel {
    void *(*sbrk)(struct os_kernel *kernel, intptr_t increment);
    void *(*mmap)(struct os_kernel *kernel, size_t length, int protection);
    int (*munmap)(struct os_kernel *kernel, void *address, size_t length);
    int (*mprotect)(struct os_kernel *kernel, void *address, size_t length,
                    int protection);
    /* mremap with MREMAP_MAYMOVE | MREMAP_FIXED: what was mapped at `to` is replaced. */
    void *(*mremap)(struct os_kernel *kernel, void *from, size_t from_length,
                    size_t to_length, void *to);
    /* madvise with MADV_DONTNEED: the pages read as zero afterwards. */
    int (*madvise)(struct os_kernel *kernel, void *address, size_t length);
    int (*mincore)(struct os_kernel *kernel, void *address, size_t length,
                   unsigned char *pages);
    ssize_t (*getrandom)(struct os_kernel *kernel, void *buffer, size_t length);
    /* getrusage with RUSAGE_SELF: page faults so far, 0: not known. */
    uint64_t (*faults)(struct os_kernel *kernel);
    /* getrlimit with RLIMIT_AS: bytes of address space, SIZE_MAX: no limit. */
    size_t (*limit)(struct os_kernel *kernel);
    /* The last call that failed for a reason other than memory, and its errno; NULL: none. */
    _Atomic(const char *) failed_call;
    atomic_int failed_errno;
    size_t page; /* bytes in a page, a power of two */
};

/* The real one: libc's functions. */
void sys_real_kernel(struct os_kernel *kernel);

/* From now on the break cannot grow. */
void sys_without_break(struct os_kernel *kernel);

/* None: every call is refused, but for random bytes. */
void sys_no_kernel(struct os_kernel *kernel);

/* The call that failed for a reason other than memory since the last call of this, and its
 * errno, or NULL. */
const char *sys_failed(struct os_kernel *kernel, int *error);

/* The old break, or NULL where the system refused: sbrk(0) too, once a sandbox has denied brk. */
void *sys_sbrk(struct os_kernel *kernel, intptr_t increment);

/* Address space that cannot be touched yet, page aligned, or NULL. */
void *sys_reserve(struct os_kernel *kernel, size_t length);

/* Memory that reads as zero, page aligned, or NULL. */
void *sys_map(struct os_kernel *kernel, size_t length);

/* These answer whether the kernel did it; if not, nothing has changed. */
bool sys_seal(struct os_kernel *kernel, void *address, size_t length); /* to read only */
bool sys_unmap(struct os_kernel *kernel, void *address, size_t length);
bool sys_commit(struct os_kernel *kernel, void *address, size_t length);
bool sys_guard(struct os_kernel *kernel, void *address, size_t length);
/* Also refused where the program has split the mapping by mlock, madvise and the like (EFAULT). */
bool sys_move(struct os_kernel *kernel, void *from, size_t from_length, size_t to_length,
              void *to);

/* Gives pages back; false (also for locked pages,
 * which stay) means that they kept their bytes. */
bool sys_discard(struct os_kernel *kernel, void *address, size_t length);

/* Of each page, whether it is in memory: bit 0 of a byte. */
bool sys_resident(struct os_kernel *kernel, void *address, size_t length,
                  unsigned char *pages);

/* Page faults of the process so far, or 0: no memory became resident while this stays the same, but by
 * another process that writes into this one. */
uint64_t sys_faults(struct os_kernel *kernel);

/* How many bytes of address space the process may have, as things are now. */
size_t sys_limit(struct os_kernel *kernel);

/* Fills the buffer with unpredictable bytes, or answers false and leaves it. */
bool sys_random(struct os_kernel *kernel, void *buffer, size_t length);

#endif
