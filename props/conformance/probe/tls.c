/* A library with much thread-local data. */
#include "osmem/osmem.h"

static _Thread_local int data[30000] = {4711};

OS_API int *probe_tls(void);

int *probe_tls(void) {
    return data;
}
