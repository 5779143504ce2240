#include "osmem/front/options.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/text.h"

const struct os_options options_of_tier[TIERS] = {
#define OPTION(name, light, standard, full, paranoid, least, most, help) .name = (light),
    [TIER_LIGHT] =
        {
            .tier = TIER_LIGHT,
#include "osmem/front/options.def"
        },
#undef OPTION
#define OPTION(name, light, standard, full, paranoid, least, most, help) \
    .name = (standard),
    [TIER_STANDARD] =
        {
            .tier = TIER_STANDARD,
#include "osmem/front/options.def"
        },
#undef OPTION
#define OPTION(name, light, standard, full, paranoid, least, most, help) .name = (full),
    [TIER_FULL] =
        {
            .tier = TIER_FULL,
#include "osmem/front/options.def"
        },
#undef OPTION
#define OPTION(name, light, standard, full, paranoid, least, most, help) \
    .name = (paranoid),
    [TIER_PARANOID] =
        {
            .tier = TIER_PARANOID,
#include "osmem/front/options.def"
        },
#undef OPTION
};

#define OPTIONS_TIER_NAMES "light, standard, full or paranoid"
static const char *const options_tiers[TIERS] = {"light", "standard", "full", "paranoid"};

struct options_row {
    const char *name, *help;
    size_t offset, least, most;
};

static const struct options_row options_rows[] = {
#define OPTION(name, light, standard, full, paranoid, least, most, help) \
    {#name, help, offsetof(struct os_options, name), least, most},
#include "osmem/front/options.def"
#undef OPTION
};

enum {
    OPTIONS_ROWS = sizeof options_rows / sizeof options_rows[0],
};

static size_t options_get(const struct os_options *options,
                          const struct options_row *row) {
    size_t value;
    memcpy(&value, (const char *)options + row->offset, sizeof value);
    return value;
}

static void options_help_row(const struct options_row *row, int fd) {
    struct os_text text = {.length = 0};
    text_put(&text, "osmem: ");
    text_put(&text, row->name);
    text_put(&text, "=");
    text_number(&text, row->least, 10);
    text_put(&text, " to ");
    text_number(&text, row->most, 10);
    text_put(&text, "  ");
    text_put(&text, row->help);
    text_put(&text, " (");
    for (int tier = 0; tier < TIERS; tier++) {
        text_put(&text, tier ? ", " : "");
        text_put(&text, options_tiers[tier]);
        text_put(&text, " ");
        text_number(&text, options_get(&options_of_tier[tier], row), 10);
    }
    text_put(&text, ")\n");
    text_write(&text, fd);
}

static void options_help(int fd) {
    struct os_text text = {.length = 0};
    text_put(&text, "osmem: OSMEM_OPTIONS=NAME=VALUE:NAME=VALUE\n"
                    "osmem: tier=" OPTIONS_TIER_NAMES "  presets the others\n");
    text_write(&text, fd);
    for (size_t i = 0; i < OPTIONS_ROWS; i++)
        options_help_row(&options_rows[i], fd);
}

/* osmem: OSMEM_OPTIONS: ITEM: WHY */
static void options_complain(int fd, const char *item, size_t length, const char *why) {
    struct os_text text = {.length = 0};
    text_put(&text, "osmem: OSMEM_OPTIONS: ");
    text_put_bytes(&text, item, length);
    text_put(&text, why);
    text_put(&text, "\n");
    text_write(&text, fd);
}

static void options_complain_range(int fd, const char *item, size_t length,
                                   const struct options_row *row) {
    struct os_text why = {.length = 0};
    text_put(&why, ": expected ");
    text_number(&why, row->least, 10);
    text_put(&why, " to ");
    text_number(&why, row->most, 10);
    options_complain(fd, item, length, text_string(&why));
}

static unsigned options_unit(char suffix) {
    switch (suffix) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    default:
        return 0;
    }
}

/* A number and nothing else. */
static bool options_number(const char *at, const char *end, size_t *number) {
    unsigned unit = at < end ? options_unit(end[-1]) : 0;
    end -= unit != 0;
    if (at == end)
        return false;
    for (*number = 0; at < end; at++) {
        if (*at < '0' || *at > '9' || !num_mul(*number, 10, number) ||
            !num_add(*number, (size_t)(*at - '0'), number))
            return false;
    }
    return num_mul(*number, (size_t)1 << unit, number);
}

static const struct options_row *options_find(const char *name, size_t length) {
    for (size_t i = 0; i < OPTIONS_ROWS; i++)
        if (strlen(options_rows[i].name) == length &&
            memcmp(options_rows[i].name, name, length) == 0)
            return &options_rows[i];
    return NULL;
}

static bool options_is_tier(const char *item, size_t length) {
    return length >= 5 && memcmp(item, "tier=", 5) == 0;
}

/* Presets everything; nothing where the item is no tier. */
static void options_read_tier(struct os_options *options, const char *item, size_t length,
                              int fd) {
    if (!options_is_tier(item, length))
        return;
    for (int tier = 0; tier < TIERS; tier++)
        if (strlen(options_tiers[tier]) == length - 5 &&
            memcmp(options_tiers[tier], item + 5, length - 5) == 0) {
            *options = options_of_tier[tier];
            return;
        }
    options_complain(fd, item, length, ": expected " OPTIONS_TIER_NAMES);
}

static void options_read_item(struct os_options *options, const char *item, size_t length,
                              int fd) {
    const char *equals = memchr(item, '=', length);
    const struct options_row *row =
        options_find(item, equals ? (size_t)(equals - item) : length);
    size_t number;
    if (length == 0 || options_is_tier(item, length))
        return;
    if (!row)
        options_complain(fd, item, length, ": no such option; help=1 lists them");
    else if (!equals || !options_number(equals + 1, item + length, &number) ||
             number < row->least || number > row->most)
        options_complain_range(fd, item, length, row);
    else
        memcpy((char *)options + row->offset, &number, sizeof number);
}

static void options_each(struct os_options *options, const char *text, int fd,
                         void (*read)(struct os_options *options, const char *item,
                                      size_t length, int fd)) {
    while (*text) {
        size_t length = strcspn(text, ":");
        read(options, text, length, fd);
        text += length + (text[length] == ':');
    }
}

void options_read(struct os_options *options, const char *text, int fd) {
    options_each(options, text, fd, options_read_tier);
    options_each(options, text, fd, options_read_item);
    if (options->help)
        options_help(fd);
}
