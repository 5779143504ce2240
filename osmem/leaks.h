/*
 * leaks: the blocks that are in use when the program exits, by who allocated them.
 *
 * Nobody looks for pointers to them: what a program still holds on purpose is listed too.
 */
#ifndef OSMEM_LEAKS_H
#define OSMEM_LEAKS_H

#include "osmem/front/front.h"

/* Adds a list to where reports go; the caller has the heap's lock. */
void leaks_list(struct os_front *front);

#endif
