/* An engine without a fuzzer: runs the target on each file of the command line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/engine/entry.h"

enum {
    REPLAY_MAX = 1 << 20,
};

static int replay(const char *file) {
    static uint8_t bytes[REPLAY_MAX + 1];
    FILE *from = fopen(file, "rb");
    size_t length = from ? fread(bytes, 1, sizeof bytes, from) : 0;
    if (!from || ferror(from)) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno));
        return 2;
    }
    fclose(from);
    if (length > REPLAY_MAX) {
        fprintf(stderr, "%s: is too large, expected at most 1 MiB\n", file);
        return 2;
    }
    uint8_t *exact =
        malloc(length + 1); /* exactly this size, so that ASan finds a read behind it */
    memcpy(exact, bytes, length);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    return 0;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (replay(argv[i]))
            return 2;
    printf("replayed %d programs\n", argc - 1);
    return argc > 1 ? 0 : 2;
}
