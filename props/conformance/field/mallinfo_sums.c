/*
 * mallinfo2: a large block is counted once, and the sums agree.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
int main(void) {
    struct mallinfo2 a = mallinfo2();
    void *large = malloc(64 << 20);
    struct mallinfo2 b = mallinfo2();
    size_t grown = (b.uordblks + b.hblkhd) - (a.uordblks + a.hblkhd);
    printf("uordblks %zu hblkhd %zu fordblks %zu arena %zu grown %zu\n", b.uordblks,
           b.hblkhd, b.fordblks, b.arena, grown);
    if (grown < (64u << 20) || grown > (66u << 20))
        return 1;
    if (b.hblks != a.hblks + 1)
        return 2;
    if (b.uordblks + b.fordblks > b.arena + 4096)
        return 3;
    free(large);
    b = mallinfo2();
    return b.hblkhd > a.hblkhd + (64u << 20) / 2 ? 4 : 0;
}
