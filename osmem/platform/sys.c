#define _GNU_SOURCE /* mremap, sbrk */

#include "osmem/platform/sys.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a sandbox or an old kernel says to a call that it does not serve. */
static bool sys_is_denial(int error) {
    return error == EPERM || error == EACCES || error == ENOSYS;
}

/* ---- the real kernel ---- */

/* Where a sandbox answers the system call with an error, the C library takes the error for the new
 * break, and says that it grew. */
static void *real_sbrk(struct os_kernel *kernel, intptr_t increment) {
    const uintptr_t errors = (uintptr_t)-4095; /* no break is that high */
    void *old = sbrk(increment);
    (void)kernel;
    if (old != (void *)-1 && (uintptr_t)old < errors && (uintptr_t)sbrk(0) < errors)
        return old;
    errno = ENOMEM;
    return (void *)-1;
}

static void *real_mmap(struct os_kernel *kernel, size_t length, int protection) {
    (void)kernel;
    return mmap(NULL, length, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int real_munmap(struct os_kernel *kernel, void *address, size_t length) {
    (void)kernel;
    return munmap(address, length);
}

/*
 * Where a sandbox refuses mprotect, a new mapping in the place of the old one does the same: pages that
 * become usable or inaccessible have nothing in them that is needed.
 */
static int real_mprotect(struct os_kernel *kernel, void *address, size_t length,
                         int protection) {
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    (void)kernel;
    if (mprotect(address, length, protection) == 0)
        return 0;
    if (!sys_is_denial(errno) || protection == PROT_READ)
        return -1;
    return mmap(address, length, protection, flags, -1, 0) == address ? 0 : -1;
}

static void *real_mremap(struct os_kernel *kernel, void *from, size_t from_length,
                         size_t to_length, void *to) {
    (void)kernel;
    return mremap(from, from_length, to_length, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static int real_madvise(struct os_kernel *kernel, void *address, size_t length) {
    (void)kernel;
    return madvise(address, length, MADV_DONTNEED);
}

static int real_mincore(struct os_kernel *kernel, void *address, size_t length,
                        unsigned char *pages) {
    (void)kernel;
    return mincore(address, length, pages);
}

static ssize_t real_getrandom(struct os_kernel *kernel, void *buffer, size_t length) {
    (void)kernel;
    return getrandom(buffer, length, GRND_NONBLOCK);
}

static uint64_t real_faults(struct os_kernel *kernel) {
    struct rusage usage;
    (void)kernel;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

static size_t real_limit(struct os_kernel *kernel) {
    struct rlimit limit;
    (void)kernel;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return SIZE_MAX;
    return limit.rlim_cur;
}

void sys_real_kernel(struct os_kernel *kernel) {
    *kernel = (struct os_kernel){
        .sbrk = real_sbrk,
        .mmap = real_mmap,
        .munmap = real_munmap,
        .mprotect = real_mprotect,
        .mremap = real_mremap,
        .madvise = real_madvise,
        .mincore = real_mincore,
        .getrandom = real_getrandom,
        .faults = real_faults,
        .limit = real_limit,
        .page = (size_t)sysconf(_SC_PAGESIZE),
    };
}

/* ---- none ---- */

static void *none_sbrk(struct os_kernel *kernel, intptr_t increment) {
    (void)kernel, (void)increment;
    errno = ENOMEM;
    return (void *)-1;
}

static void *none_mmap(struct os_kernel *kernel, size_t length, int protection) {
    (void)kernel, (void)length, (void)protection;
    errno = ENOMEM;
    return MAP_FAILED;
}

static int none_munmap(struct os_kernel *kernel, void *address, size_t length) {
    (void)kernel, (void)address, (void)length;
    errno = ENOMEM;
    return -1;
}

static int none_mprotect(struct os_kernel *kernel, void *address, size_t length,
                         int protection) {
    (void)protection;
    return none_munmap(kernel, address, length);
}

static int none_mincore(struct os_kernel *kernel, void *address, size_t length,
                        unsigned char *pages) {
    (void)kernel, (void)address, (void)length, (void)pages;
    errno = ENOMEM;
    return -1;
}

static void *none_mremap(struct os_kernel *kernel, void *from, size_t from_length,
                         size_t to_length, void *to) {
    (void)from, (void)from_length, (void)to;
    return none_mmap(kernel, to_length, 0);
}

static uint64_t none_faults(struct os_kernel *kernel) {
    (void)kernel;
    return 0;
}

static size_t none_limit(struct os_kernel *kernel) {
    (void)kernel;
    return 0;
}

void sys_no_kernel(struct os_kernel *kernel) {
    *kernel = (struct os_kernel){
        .sbrk = none_sbrk,
        .mmap = none_mmap,
        .munmap = none_munmap,
        .mprotect = none_mprotect,
        .mremap = none_mremap,
        .madvise = none_munmap,
        .mincore = none_mincore,
        .getrandom = real_getrandom,
        .faults = none_faults,
        .limit = none_limit,
        .page = 4096, /* nothing is mapped: the size does not matter */
    };
}

void sys_without_break(struct os_kernel *kernel) {
    kernel->sbrk = none_sbrk;
}

/* ---- every call checked ---- */

/* A shortage or a denial the caller answers for; anything else is kept as a mistake. */
static bool sys_answer(struct os_kernel *kernel, bool done, const char *call) {
    if (!done && errno != ENOMEM && errno != EAGAIN && !sys_is_denial(errno)) {
        atomic_store_explicit(&kernel->failed_errno, errno, memory_order_relaxed);
        atomic_store_explicit(&kernel->failed_call, call, memory_order_release);
    }
    return done;
}

const char *sys_failed(struct os_kernel *kernel, int *error) {
    if (!atomic_load_explicit(&kernel->failed_call, memory_order_relaxed))
        return NULL;
    const char *call =
        atomic_exchange_explicit(&kernel->failed_call, NULL, memory_order_acquire);
    *error = atomic_load_explicit(&kernel->failed_errno, memory_order_relaxed);
    return call;
}

void *sys_sbrk(struct os_kernel *kernel, intptr_t increment) {
    void *old = kernel->sbrk(kernel, increment);
    return sys_answer(kernel, old != (void *)-1, "sbrk") ? old : NULL;
}

static void *sys_mmap(struct os_kernel *kernel, size_t length, int protection) {
    void *address = kernel->mmap(kernel, length, protection);
    return sys_answer(kernel, address != MAP_FAILED, "mmap") ? address : NULL;
}

void *sys_reserve(struct os_kernel *kernel, size_t length) {
    return sys_mmap(kernel, length, PROT_NONE);
}

void *sys_map(struct os_kernel *kernel, size_t length) {
    return sys_mmap(kernel, length, PROT_READ | PROT_WRITE);
}

bool sys_unmap(struct os_kernel *kernel, void *address, size_t length) {
    return sys_answer(kernel, kernel->munmap(kernel, address, length) == 0, "munmap");
}

bool sys_commit(struct os_kernel *kernel, void *address, size_t length) {
    int result = kernel->mprotect(kernel, address, length, PROT_READ | PROT_WRITE);
    return sys_answer(kernel, result == 0, "mprotect");
}

bool sys_guard(struct os_kernel *kernel, void *address, size_t length) {
    int result = kernel->mprotect(kernel, address, length, PROT_NONE);
    return sys_answer(kernel, result == 0, "mprotect");
}

bool sys_seal(struct os_kernel *kernel, void *address, size_t length) {
    int result = kernel->mprotect(kernel, address, length, PROT_READ);
    return sys_answer(kernel, result == 0, "mprotect");
}

bool sys_move(struct os_kernel *kernel, void *from, size_t from_length, size_t to_length,
              void *to) {
    return kernel->mremap(kernel, from, from_length, to_length, to) != MAP_FAILED;
}

bool sys_discard(struct os_kernel *kernel, void *address, size_t length) {
    if (kernel->madvise(kernel, address, length) == 0)
        return true;
    return errno != EINVAL && sys_answer(kernel, false, "madvise");
}

bool sys_resident(struct os_kernel *kernel, void *address, size_t length,
                  unsigned char *pages) {
    return sys_answer(kernel, kernel->mincore(kernel, address, length, pages) == 0,
                      "mincore");
}

uint64_t sys_faults(struct os_kernel *kernel) {
    return kernel->faults(kernel);
}

size_t sys_limit(struct os_kernel *kernel) {
    return kernel->limit(kernel);
}

bool sys_random(struct os_kernel *kernel, void *buffer, size_t length) {
    /* A kernel without the call, or one that has no entropy yet, is no reason to stop. */
    return kernel->getrandom(kernel, buffer, length) == (ssize_t)length;
}
