/*
 * leaks: the blocks in use at the exit, by the site of their allocation, but for those that the C and
 * C++ libraries keep.
 */
#ifndef OSMEM_REPORT_LEAKS_H
#define OSMEM_REPORT_LEAKS_H

struct os_alloc;

/* A line for each site, where sites are recorded, and one for all; the records of blocks in use are
 * gone afterwards. */
void leaks_list(struct os_alloc *alloc);

#endif
