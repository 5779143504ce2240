/* Calls the C++ library's own operator new, which calls malloc, osmem's, once more. */
#include "osmem/interpose/cxx_refused.h"

#include <dlfcn.h>

#include "osmem/report/text.h"

/* The operator behind this library in the search order, or in a C++ library that a plugin
 * loaded into a program in C. */
static void *cxx_own(const char *operator_new) {
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1",
                                            "libc++.so.1"};
    void *own = dlsym(RTLD_NEXT, operator_new);
    for (size_t i = 0; !own && i < sizeof libraries / sizeof libraries[0]; i++) {
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        if (library) {
            own = dlsym(library, operator_new);
            dlclose(library);
        }
    }
    return own;
}

_Noreturn static void cxx_report(void) {
    report_die(&(struct os_finding){.kind = OS_FAULT_NEW_REFUSED});
}

void *cxx_refused(size_t size, size_t alignment) {
    if (alignment) {
        void *(*own)(size_t, size_t) =
            (void *(*)(size_t, size_t))cxx_own("_ZnwmSt11align_val_t");
        return own ? own(size, alignment) : (cxx_report(), NULL);
    }
    void *(*own)(size_t) = (void *(*)(size_t))cxx_own("_Znwm");
    return own ? own(size) : (cxx_report(), NULL);
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
