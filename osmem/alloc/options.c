#include "osmem/alloc/options.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "osmem/base/num.h"
#include "osmem/platform/text.h"

/* Programs in use free by another size, most of them through a base class; other allocators ignore
 * the size. */
#define OPTIONS_TOLERANT {[OS_FAULT_SIZE_MISMATCH] = {true, ON_ERROR_ONCE, 0}}

const struct os_options options_of_tier[TIERS] = {
#define OPTION(name, light, standard, full, paranoid, least, most, help) .name = (light),
    [TIER_LIGHT] =
        {
            .tier = TIER_LIGHT,
            .of_kind = OPTIONS_TOLERANT,
#include "osmem/alloc/options.def"
        },
#undef OPTION
#define OPTION(name, light, standard, full, paranoid, least, most, help) \
    .name = (standard),
    [TIER_STANDARD] =
        {
            .tier = TIER_STANDARD,
            .of_kind = OPTIONS_TOLERANT,
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
#define OPTIONS_ON_ERROR   "abort, exit=0 to exit=255, report, once, ignore or trap"
static const char *const options_tiers[TIERS] = {"light", "standard", "full", "paranoid"};
static const char *const options_words[] = {
    [ON_ERROR_ABORT] = "abort",   [ON_ERROR_EXIT] = "exit",
    [ON_ERROR_REPORT] = "report", [ON_ERROR_ONCE] = "once",
    [ON_ERROR_IGNORE] = "ignore", [ON_ERROR_TRAP] = "trap"};

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
    OPTIONS_SHOWN = 100, /* bytes of what cannot be read */
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

/* Several kinds may have one slug: they are listed, and set, together. */
static bool options_is_first_of_slug(enum os_status kind) {
    enum os_status first = OS_NO_MEMORY + 1;
    while (strcmp(status_row(first)->slug, status_row(kind)->slug) != 0)
        first++;
    return first == kind;
}

static void options_help_kind(enum os_status kind, int fd) {
    const struct status_row *row = status_row(kind);
    struct os_text text = {.length = 0};
    text_put_all(&text, "osmem: ", row->slug,
                 "=WORD  on_error for this kind: ", row->sentence, NULL);
    for (int tier = 0; tier < TIERS; tier++) {
        struct os_policy policy = options_policy(&options_of_tier[tier], kind);
        text_put_all(&text, tier ? ", " : " (", options_tiers[tier], " ",
                     options_words[policy.on_error], NULL);
    }
    text_put(&text, ")\n");
    text_write(&text, fd);
}

static void options_help(int fd) {
    struct os_text text = {.length = 0};
    text_put(&text,
             "osmem: OSMEM_OPTIONS=NAME=VALUE:NAME=VALUE\n"
             "osmem: tier=" OPTIONS_TIER_NAMES "  presets the others\n"
             "osmem: on_error=" OPTIONS_ON_ERROR "  after a report (abort)\n"
             "osmem:   report: the bad call does nothing, and the program goes on; "
             "once: the same, and only the first of a kind is reported; "
             "ignore: the same without a report\n"
             "osmem: log=PATH  where reports are added (standard error)\n");
    text_write(&text, fd);
    for (size_t i = 0; i < OPTIONS_ROWS; i++)
        options_help_row(&options_rows[i], fd);
    for (enum os_status kind = OS_NO_MEMORY + 1; kind < OS_STATUS_COUNT; kind++)
        if (options_is_first_of_slug(kind))
            options_help_kind(kind, fd);
}

/* osmem: OSMEM_OPTIONS: ITEM: WHY, of a long item its beginning. */
static void options_reject(int fd, const char *item, size_t length, const char *why) {
    struct os_text text = {.length = 0};
    text_put(&text, "osmem: OSMEM_OPTIONS: ");
    text_put_bytes(&text, item, num_min(length, OPTIONS_SHOWN));
    text_put_all(&text, length > OPTIONS_SHOWN ? "..." : "", ": ", why, "\n", NULL);
    text_write(&text, fd);
}

/* Shows the form that is right. */
static void options_reject_value(int fd, const char *item, size_t length,
                                 const char *name, const char *values) {
    struct os_text why = {.length = 0};
    text_put_all(&why, "expected ", name, "=", values, NULL);
    options_reject(fd, item, length, text_string(&why));
}

static void options_reject_number(int fd, const char *item, size_t length,
                                  const struct options_row *row) {
    struct os_text values = {.length = 0};
    text_number(&values, row->least, 10);
    text_put(&values, " to ");
    text_number(&values, row->most, 10);
    text_put(&values, row->most >= 1024 ? ", or in k, m or g, as 4k" : "");
    options_reject_value(fd, item, length, row->name, text_string(&values));
}

static unsigned options_unit(char suffix) {
    switch (suffix) {
    case 'k':
    case 'K':
        return 10;
    case 'm':
    case 'M':
        return 20;
    case 'g':
    case 'G':
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

/* Without a value, too. */
static bool options_has_name(const char *item, size_t length, const char *name) {
    size_t n = strlen(name);
    return length >= n && memcmp(item, name, n) == 0 && (length == n || item[n] == '=');
}

/* The value of an item that begins with `name` and =; empty, at `end`, where it has none. */
static const char *options_value(const char *item, const char *end, const char *name) {
    size_t n = strlen(name);
    return item + n < end ? item + n + 1 : end;
}

static bool options_is(const char *value, const char *end, const char *word) {
    return (size_t)(end - value) == strlen(word) &&
           memcmp(value, word, strlen(word)) == 0;
}

/* Presets everything; nothing where the item is no tier. */
static void options_read_tier(struct os_options *options, const char *item, size_t length,
                              int fd) {
    const char *end = item + length;
    if (!options_has_name(item, length, "tier"))
        return;
    for (int tier = 0; tier < TIERS; tier++)
        if (options_is(options_value(item, end, "tier"), end, options_tiers[tier])) {
            *options = options_of_tier[tier];
            return;
        }
    options_reject_value(fd, item, length, "tier", OPTIONS_TIER_NAMES);
}

/* ---- the error policy ---- */

static bool options_exit_code(const char *value, const char *end, size_t *code) {
    return options_has_name(value, (size_t)(end - value), "exit") &&
           options_number(options_value(value, end, "exit"), end, code) && *code <= 255;
}

static bool options_word(const char *value, const char *end, struct os_policy *policy) {
    size_t code;
    if (options_exit_code(value, end, &code)) {
        *policy = (struct os_policy){true, ON_ERROR_EXIT, (int)code};
        return true;
    }
    for (enum os_on_error word = ON_ERROR_ABORT; word <= ON_ERROR_TRAP; word++)
        if (word != ON_ERROR_EXIT && options_is(value, end, options_words[word])) {
            *policy = (struct os_policy){true, word, 0};
            return true;
        }
    return false;
}

/* The policy that an item gives this name; false, and a message, where it is none. */
static bool options_read_policy(const char *item, size_t length, const char *name, int fd,
                                struct os_policy *policy) {
    const char *end = item + length;
    if (options_word(options_value(item, end, name), end, policy))
        return true;
    options_reject_value(fd, item, length, name, OPTIONS_ON_ERROR);
    return false;
}

/* For all kinds; nothing where the item is another one. */
static void options_read_on_error(struct os_options *options, const char *item,
                                  size_t length, int fd) {
    struct os_policy policy;
    if (!options_has_name(item, length, "on_error") ||
        !options_read_policy(item, length, "on_error", fd, &policy))
        return;
    options->on_error = policy.on_error;
    options->exit_code = policy.exit_code;
    memset(options->of_kind, 0, sizeof options->of_kind);
}

/* For the kinds of one slug; false where the item is another one. */
static bool options_read_kind(struct os_options *options, const char *item, size_t length,
                              int fd) {
    enum os_status first = OS_NO_MEMORY + 1;
    while (first < OS_STATUS_COUNT &&
           !options_has_name(item, length, status_row(first)->slug))
        first++;
    if (first == OS_STATUS_COUNT)
        return false;
    const char *slug = status_row(first)->slug;
    struct os_policy policy;
    if (options_read_policy(item, length, slug, fd, &policy))
        for (enum os_status kind = first; kind < OS_STATUS_COUNT; kind++)
            if (strcmp(status_row(kind)->slug, slug) == 0)
                options->of_kind[kind] = policy;
    return true;
}

struct os_policy options_policy(const struct os_options *options, enum os_status kind) {
    if (options->of_kind[kind].is_set)
        return options->of_kind[kind];
    return (struct os_policy){true, options->on_error, options->exit_code};
}

bool options_tolerates(const struct os_options *options, enum os_status kind) {
    enum os_on_error on_error = options_policy(options, kind).on_error;
    return on_error == ON_ERROR_REPORT || on_error == ON_ERROR_ONCE ||
           on_error == ON_ERROR_IGNORE;
}

/* ---- the text ---- */

static void options_read_log(struct os_options *options, const char *item, size_t length,
                             int fd) {
    const char *end = item + length, *value = options_value(item, end, "log");
    size_t path = (size_t)(end - value);
    if (length == strlen("log") || path >= OPTIONS_PATH) {
        options_reject_value(fd, item, length, "log", "a path of at most 255 bytes");
        return;
    }
    memcpy(options->log, value, path);
    options->log[path] = '\0';
}

static void options_read_number(struct os_options *options, const char *item,
                                size_t length, int fd) {
    const char *equals = memchr(item, '=', length);
    const struct options_row *row =
        options_find(item, equals ? (size_t)(equals - item) : length);
    size_t number;
    if (!row)
        options_reject(fd, item, length, "no such option; help=1 lists them");
    else if (!equals || !options_number(equals + 1, item + length, &number) ||
             number < row->least || number > row->most)
        options_reject_number(fd, item, length, row);
    else
        memcpy((char *)options + row->offset, &number, sizeof number);
}

/* What the passes before have not read. */
static void options_read_item(struct os_options *options, const char *item, size_t length,
                              int fd) {
    if (length == 0 || options_has_name(item, length, "tier") ||
        options_has_name(item, length, "on_error") ||
        options_read_kind(options, item, length, fd))
        return;
    if (options_has_name(item, length, "log"))
        options_read_log(options, item, length, fd);
    else
        options_read_number(options, item, length, fd);
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
    options_each(options, text, fd, options_read_on_error);
    options_each(options, text, fd, options_read_item);
    if (options->help)
        options_help(fd);
}
