/* Calls the C++ library's own operator new, which calls malloc, osmem's, once more. */
#include "osmem/interpose/cxx_refused.h"

#include <dlfcn.h>

#include "osmem/osmem.h"
#include "osmem/platform/optional.h"
#include "osmem/report/text.h"

/* Up to 2.33 glibc has these in a library of their own, which not every program needs. */
__attribute__((weak)) void *cxx_symbol(void *library, const char *name);
__attribute__((weak)) int cxx_close(void *library);
OPTIONAL(cxx_symbol, dlsym);
OPTIONAL(cxx_close, dlclose);

/* std::get_new_handler and libstdc++'s own std::__throw_bad_alloc, if the program needs that library. */
typedef void cxx_handler(void);
__attribute__((weak)) cxx_handler *_ZSt15get_new_handlerv(void);
__attribute__((weak)) void _ZSt17__throw_bad_allocv(void);

/* The operator behind this library in the search order, or in a C++ library that a plugin
 * loaded into a program in C. */
static void *cxx_own(const char *operator_new) {
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1",
                                            "libc++.so.1"};
    void *own;
    if (!cxx_symbol || !cxx_close)
        return NULL;
    own = cxx_symbol(RTLD_NEXT, operator_new);
    for (size_t i = 0; !own && i < sizeof libraries / sizeof libraries[0]; i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        if (library) {
            own = cxx_symbol(library, operator_new);
            cxx_close(library);
        }
    }
    return own;
}

/* Where the operator cannot be found: what it does. */
static void *cxx_without_own(size_t size, size_t alignment) {
    cxx_handler *handler;
    while (_ZSt15get_new_handlerv && (handler = _ZSt15get_new_handlerv()) != NULL) {
        handler();
        void *block = alignment ? os_aligned_alloc(alignment, size) : os_malloc(size);
        if (block)
            return block;
    }
    if (_ZSt17__throw_bad_allocv)
        _ZSt17__throw_bad_allocv();
    report_die(&(struct os_finding){.kind = OS_FAULT_NEW_REFUSED});
}

void *cxx_refused(size_t size, size_t alignment) {
    if (alignment) {
        void *(*own)(size_t, size_t) =
            (void *(*)(size_t, size_t))cxx_own("_ZnwmSt11align_val_t");
        return own ? own(size, alignment) : cxx_without_own(size, alignment);
    }
    void *(*own)(size_t) = (void *(*)(size_t))cxx_own("_Znwm");
    return own ? own(size) : cxx_without_own(size, alignment);
}

void *cxx_refused_nothrow(size_t size, size_t alignment, bool array) {
    static const char nothrow; /* std::nothrow: only the type of the object matters */
    if (alignment) {
        void *(*own)(size_t, size_t, const char *) =
            (void *(*)(size_t, size_t, const char *))cxx_own(
                array ? "_ZnamSt11align_val_tRKSt9nothrow_t"
                      : "_ZnwmSt11align_val_tRKSt9nothrow_t");
        return own ? own(size, alignment, &nothrow) : NULL;
    }
    void *(*own)(size_t, const char *) = (void *(*)(size_t, const char *))cxx_own(
        array ? "_ZnamRKSt9nothrow_t" : "_ZnwmRKSt9nothrow_t");
    return own ? own(size, &nothrow) : NULL;
}
