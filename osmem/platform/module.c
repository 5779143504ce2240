#define _GNU_SOURCE /* _dl_find_object, dl_iterate_phdr */

#include "osmem/platform/module.h"

#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

/* The C library's, where it has it and it is linked; in a shared library, libc_shared.c's. */
__attribute__((weak)) int _dl_find_object(void *address, struct dl_find_object *found);

struct module_search {
    uintptr_t address;
    struct module *module;
};

static int module_visit(struct dl_phdr_info *info, size_t size, void *context) {
    const struct module_search *search = context;
    struct module module = {info->dlpi_name, info->dlpi_addr, UINTPTR_MAX, 0, NULL};
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_GNU_EH_FRAME)
            module.eh_frame = (const void *)from;
        if (segment->p_type != PT_LOAD)
            continue;
        if (from < module.from)
            module.from = from;
        if (from + segment->p_memsz > module.to)
            module.to = from + segment->p_memsz;
    }
    if (search->address < module.from || search->address >= module.to)
        return 0;
    if (getauxval(AT_PHDR) - module.from < module.to - module.from)
        module.name = ""; /* the program, which musl lists by its name */
    *search->module = module;
    return 1;
}

bool module_find_in_list(const void *address, struct module *module) {
    struct module_search search = {(uintptr_t)address, module};
    return dl_iterate_phdr(module_visit, &search) == 1;
}

bool module_find(const void *address, struct module *module) {
    struct dl_find_object found;
    int result = MODULE_NO_FINDER;
    memset(&found, 0, sizeof found); /* MSan does not see what the C library writes */
    if (_dl_find_object)
        result = _dl_find_object((void *)(uintptr_t)address, &found);
    if (result == MODULE_NO_FINDER)
        return module_find_in_list(address, module);
    if (result != 0)
        return false;
    *module = (struct module){found.dlfo_link_map->l_name, found.dlfo_link_map->l_addr,
                              (uintptr_t)found.dlfo_map_start,
                              (uintptr_t)found.dlfo_map_end, found.dlfo_eh_frame};
    return true;
}
