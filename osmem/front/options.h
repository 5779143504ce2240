/*
 * options: what a tier switches on. Constants for now; each is tested with a plain if.
 */
#ifndef OSMEM_FRONT_OPTIONS_H
#define OSMEM_FRONT_OPTIONS_H

#include <stdbool.h>

struct os_options {
    bool canary; /* every block has at least one byte behind the size asked, kept in its
                    slack */
};

#define OPTIONS_LIGHT ((struct os_options){.canary = false})

#endif
