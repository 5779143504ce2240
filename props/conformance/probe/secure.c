/* A program linked with osmem, to be started set-uid: it must ignore the options. */
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "osmem/osmem.h"

int main(int argc, char **argv) {
    os_free(os_malloc(100));
    os_free(os_malloc(1000000));
    dprintf(STDOUT_FILENO, "%s, %s", getauxval(AT_SECURE) ? "secure" : "not secure",
            os_check(NULL) ? "sound" : "not sound");
    if (argc > 1)
        unlink(argv[1]);
    return 0;
}
