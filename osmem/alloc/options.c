#include "osmem/alloc/options.h"

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
#include "osmem/alloc/options.def"
        },
#undef OPTION
#define OPTION(name, light, standard, full, paranoid, least, most, help) \
    .name = (standard),
    [TIER_STANDARD] =
        {
            .tier = TIER_STANDARD,
#include "osmem/alloc/options.def"
        },
#undef OPTION
#define OPTION(name, light, standard, full, paranoid, least, most, help) .name = (full),
    [TIER_FULL] =
        {
            .tier = TIER_FULL,
#include "osmem/alloc/options.def"
        },
#undef OPTION
#define OPTION(name, light, standard, full, paranoid, least, most, help) \
    .name = (paranoid),
    [TIER_PARANOID] =
        {
            .tier = TIER_PARANOID,
#include "osmem/alloc/options.def"
        },
#undef OPTION
};

#define OPTIONS_TIER_NAMES "light, standard, full or paranoid"
#define OPTIONS_ON_ERROR   "abort, exit=0 to exit=255, report or trap"
static const char *const options_tiers[TIERS] = {"light", "standard", "full", "paranoid"};

struct options_row {
    const char *name, *help;
    size_t offset, least, most;
};

static const struct options_row options_rows[] = {
#define OPTION(name, light, standard, full, paranoid, least, most, help) \
    {#name, help, offsetof(struct os_options, name), least, most},
#include "osmem/alloc/options.def"
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
                    "osmem: tier=" OPTIONS_TIER_NAMES "  presets the others\n"
                    "osmem: on_error=" OPTIONS_ON_ERROR "  after a report (abort)\n"
                    "osmem: log=PATH  where reports are added (standard error)\n");
    text_write(&text, fd);
    for (size_t i = 0; i < OPTIONS_ROWS; i++)
        options_help_row(&options_rows[i], fd);
}

/* osmem: OSMEM_OPTIONS: ITEM: WHY */
static void options_reject(int fd, const char *item, size_t length, const char *why) {
    struct os_text text = {.length = 0};
    text_put(&text, "osmem: OSMEM_OPTIONS: ");
    text_put_bytes(&text, item, length);
    text_put(&text, why);
    text_put(&text, "\n");
    text_write(&text, fd);
}

static void options_reject_range(int fd, const char *item, size_t length,
                                 const struct options_row *row) {
    struct os_text why = {.length = 0};
    text_put(&why, ": expected ");
    text_number(&why, row->least, 10);
    text_put(&why, " to ");
    text_number(&why, row->most, 10);
    options_reject(fd, item, length, text_string(&why));
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

/* The value of an item that begins with `name` and =, or NULL. */
static const char *options_value(const char *item, size_t length, const char *name) {
    size_t n = strlen(name);
    return length > n && memcmp(item, name, n) == 0 && item[n] == '=' ? item + n + 1
                                                                      : NULL;
}

static bool options_is(const char *value, const char *end, const char *word) {
    return (size_t)(end - value) == strlen(word) &&
           memcmp(value, word, strlen(word)) == 0;
}

/* Presets everything; nothing where the item is no tier. */
static void options_read_tier(struct os_options *options, const char *item, size_t length,
                              int fd) {
    const char *value = options_value(item, length, "tier");
    if (!value)
        return;
    for (int tier = 0; tier < TIERS; tier++)
        if (options_is(value, item + length, options_tiers[tier])) {
            *options = options_of_tier[tier];
            return;
        }
    options_reject(fd, item, length, ": expected " OPTIONS_TIER_NAMES);
}

static bool options_on_error(struct os_options *options, const char *value,
                             const char *end) {
    const char *code = options_value(value, (size_t)(end - value), "exit");
    size_t number;
    if (options_is(value, end, "abort"))
        options->on_error = ON_ERROR_ABORT;
    else if (options_is(value, end, "report"))
        options->on_error = ON_ERROR_REPORT;
    else if (options_is(value, end, "trap"))
        options->on_error = ON_ERROR_TRAP;
    else if (code && options_number(code, end, &number) && number <= 255) {
        options->on_error = ON_ERROR_EXIT;
        options->exit_code = (int)number;
    } else
        return false;
    return true;
}

static bool options_log(struct os_options *options, const char *value, const char *end) {
    size_t length = (size_t)(end - value);
    if (length >= OPTIONS_PATH)
        return false;
    memcpy(options->log, value, length);
    options->log[length] = '\0';
    return true;
}

/* Options whose values are words; false where the item is none of them. */
static bool options_read_word(struct os_options *options, const char *item, size_t length,
                              int fd) {
    const char *end = item + length;
    const char *on_error = options_value(item, length, "on_error");
    const char *log = options_value(item, length, "log");
    if (on_error && !options_on_error(options, on_error, end))
        options_reject(fd, item, length, ": expected " OPTIONS_ON_ERROR);
    if (log && !options_log(options, log, end))
        options_reject(fd, item, length, ": expected a path of at most 255 bytes");
    return on_error || log || options_value(item, length, "tier");
}

static void options_read_item(struct os_options *options, const char *item, size_t length,
                              int fd) {
    const char *equals = memchr(item, '=', length);
    const struct options_row *row =
        options_find(item, equals ? (size_t)(equals - item) : length);
    size_t number;
    if (length == 0 || options_read_word(options, item, length, fd))
        return;
    if (!row)
        options_reject(fd, item, length, ": no such option; help=1 lists them");
    else if (!equals || !options_number(equals + 1, item + length, &number) ||
             number < row->least || number > row->most)
        options_reject_range(fd, item, length, row);
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
