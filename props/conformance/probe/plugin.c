/* A library that the probe opens: allocates, frees, opens another by its RUNPATH. */
#include <dlfcn.h>
#include <stdlib.h>

#include "osmem/osmem.h"

OS_API void plugin_free(void *block);
OS_API void *plugin_malloc(size_t size);
OS_API const char *plugin_open_another(void);

void plugin_free(void *block) {
    free(block);
}

void *plugin_malloc(size_t size) {
    return malloc(size);
}

const char *plugin_open_another(void) {
    return dlopen("probe_elsewhere.so", RTLD_NOW) ? "found" : dlerror();
}
