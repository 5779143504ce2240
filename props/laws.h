/*
 * laws: claims about an allocator that must hold for every program, by name.
 */
#ifndef PROPS_LAWS_H
#define PROPS_LAWS_H

#include "props/engine/prop.h"

extern const struct prop laws[];
extern const unsigned laws_count;

#endif
