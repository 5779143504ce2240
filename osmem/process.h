/*
 * process: what the drop-in asks of the process-wide heap beyond osmem.h.
 */
#ifndef OSMEM_PROCESS_H
#define OSMEM_PROCESS_H

#include "osmem/front/options.h"

/* As OSMEM_OPTIONS and os_default_options set them; on a page that cannot be written to. */
const struct os_options *process_options(void);

#endif
