/* An engine without a fuzzer: runs the target on each file of the command line, text or
 * bytes; after --bytes, on bytes. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/engine/entry.h"
#include "fuzz/ops/reader.h"

static bool replay(const char *file, bool as_bytes) {
    static uint8_t bytes[READER_MAX];
    size_t length;
    if (!reader_read(file, as_bytes, bytes, &length))
        return false;
    uint8_t *exact =
        malloc(length + 1); /* exactly this size, so that ASan finds a read behind it */
    memcpy(exact, bytes, length);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    return true;
}

int main(int argc, char **argv) {
    bool as_bytes = argc > 1 && strcmp(argv[1], READER_BYTES) == 0;
    for (int i = 1 + as_bytes; i < argc; i++)
        if (!replay(argv[i], as_bytes))
            return 2;
    printf("replayed %d programs\n", argc - 1 - as_bytes);
    return argc > 1 + as_bytes ? 0 : 2;
}
