#include "props/engine/exhaust.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/rig/judge.h"
#include "osmem/base/num.h"

enum {
    EXHAUST_SLOTS = 3,
    EXHAUST_KINDS_OF_SIZE = 3,
    TABLE_BITS_FIRST = 16,
};

/* One granule, a few, a bin, the trie, nearly all of the break, and a mapping. */
static const size_t exhaust_sizes[] = {16, 40, 200, 2000, 100000, 140000};
#define EXHAUST_SIZES (sizeof exhaust_sizes / sizeof exhaust_sizes[0])
/* malloc, calloc and realloc of each size into each slot; free of each; trim. */
#define EXHAUST_OPERATIONS \
    (EXHAUST_SLOTS * EXHAUST_SIZES * EXHAUST_KINDS_OF_SIZE + EXHAUST_SLOTS + 1)

/* A state, as the first program that led to it. */
struct exhaust_state {
    uint64_t hash;
    uint64_t programs; /* that lead to it */
    uint8_t path[EXHAUST_OPS_MAX];
};

/* The states of one length, with a table by hash. */
struct exhaust_level {
    struct exhaust_state *state;
    size_t count, capacity;
    uint32_t *table; /* number of a state plus 1; 0: none */
    unsigned bits;
};

static struct op exhaust_op(unsigned number) {
    static const uint8_t kinds[EXHAUST_KINDS_OF_SIZE] = {OP_MALLOC, OP_CALLOC,
                                                         OP_REALLOC};
    struct op op = {.kind = OP_TRIM, .size2 = {SIZE_BYTE, 1}};
    unsigned sized = EXHAUST_SLOTS * EXHAUST_SIZES * EXHAUST_KINDS_OF_SIZE;
    op.slot = (uint8_t)(number % EXHAUST_SLOTS);
    if (number < sized) {
        unsigned rest = number / EXHAUST_SLOTS;
        op.kind = kinds[rest / EXHAUST_SIZES];
        size_any(exhaust_sizes[rest % EXHAUST_SIZES], &op.size);
    } else if (number < sized + EXHAUST_SLOTS) {
        op.kind = OP_FREE;
    }
    return op;
}

/* Number of slots that a program uses; it uses them in order. */
static unsigned exhaust_slots_used(const uint8_t *path, size_t length) {
    unsigned used = 0;
    for (size_t i = 0; i < length; i++)
        if (exhaust_op(path[i]).kind != OP_TRIM && exhaust_op(path[i]).slot == used)
            used++;
    return used;
}

/* How many programs this operation represents: the first unused slot represents every
 * unused one. 0: another operation represents it. */
static unsigned exhaust_represents(enum exhaust_merge merge, const uint8_t *path,
                                   size_t length, unsigned number) {
    struct op op = exhaust_op(number);
    if (merge == EXHAUST_APART)
        return 1;
    unsigned used = exhaust_slots_used(path, length);
    if (op.kind == OP_TRIM || op.slot < used)
        return 1;
    return op.slot == used ? EXHAUST_SLOTS - used : 0;
}

/* ---- one program ---- */

/* Runs a path; all its operations but the last have been judged before. */
static bool exhaust_steps(struct lockstep *lockstep, const uint8_t *path, size_t length) {
    struct rig *rig = &lockstep->rig[0];
    lockstep->failed = rig;
    rig_start(rig);
    for (size_t i = 0; i < length; i++) {
        struct op op = exhaust_op(path[i]);
        rig->walks = i + 1 == length;
        if (!rig_step(rig, &op))
            return false;
    }
    return judge_heap(rig, true);
}

/* The orders in which three slots can be freed; the first is that of rig_finish. */
static const uint8_t exhaust_orders[][EXHAUST_SLOTS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
#define EXHAUST_ORDERS (sizeof exhaust_orders / sizeof exhaust_orders[0])

static size_t exhaust_order; /* the order of frees at the end of the next run */
static unsigned
    exhaust_filled; /* bit s: slot s held a block at the end of the last run */

/* Frees every block at the end. */
static bool exhaust_end(struct lockstep *lockstep, const uint8_t *path, size_t length) {
    struct rig *rig = &lockstep->rig[0];
    if (!exhaust_steps(lockstep, path, length))
        return false;
    exhaust_filled = 0;
    for (unsigned slot = 0; slot < EXHAUST_SLOTS; slot++)
        exhaust_filled |= (rig->shadow.slot[slot].address != NULL) << slot;
    for (unsigned i = 0; exhaust_order > 0 && i < EXHAUST_SLOTS; i++) {
        struct op op = {.kind = OP_FREE, .slot = exhaust_orders[exhaust_order][i]};
        if (!rig_step(rig, &op))
            return false;
    }
    return rig_finish(rig);
}

/* Whether an order differs from the earlier ones: its empty slots come first, sorted. */
static bool exhaust_order_counts(size_t order) {
    const uint8_t *slot = exhaust_orders[order];
    unsigned i = 0;
    for (unsigned s = 0; s < EXHAUST_SLOTS; s++)
        if (!(exhaust_filled >> s & 1) && slot[i++] != s)
            return false;
    return order > 0 && (exhaust_filled & (exhaust_filled - 1)) != 0;
}

static uint64_t exhaust_hash; /* of the state after the last run */

static bool exhaust_hashed(struct lockstep *lockstep, const uint8_t *path,
                           size_t length) {
    const struct rig *rig = &lockstep->rig[0];
    if (!exhaust_steps(lockstep, path, length))
        return false;
    uint64_t held = 0; /* independent of the names of slots */
    for (unsigned slot = 0; slot < EXHAUST_SLOTS; slot++) {
        const struct shadow_block *block = &rig->shadow.slot[slot];
        if (block->address)
            held += num_mix((uint64_t)(block->address - rig->machine->memory) +
                            num_mix(block->requested));
    }
    exhaust_hash = num_mix(rig->subject->state(rig->self) + held);
    return true;
}

/* ---- the states after programs of one length ---- */

static void level_free(struct exhaust_level *level) {
    free(level->state);
    free(level->table);
    *level = (struct exhaust_level){.bits = 0};
}

static bool level_grow_table(struct exhaust_level *level) {
    unsigned bits = level->bits ? level->bits + 1 : TABLE_BITS_FIRST;
    uint32_t *table = calloc((size_t)1 << bits, sizeof *table);
    if (!table)
        return false;
    for (size_t i = 0; i < level->count; i++) {
        size_t at = level->state[i].hash >> (64 - bits);
        while (table[at])
            at = (at + 1) & (((size_t)1 << bits) - 1);
        table[at] = (uint32_t)i + 1;
    }
    free(level->table);
    level->table = table;
    level->bits = bits;
    return true;
}

/* The state of a hash, or NULL. */
static struct exhaust_state *level_find(struct exhaust_level *level, uint64_t hash) {
    if (!level->bits)
        return NULL;
    size_t at = hash >> (64 - level->bits);
    for (; level->table[at]; at = (at + 1) & (((size_t)1 << level->bits) - 1))
        if (level->state[level->table[at] - 1].hash == hash)
            return &level->state[level->table[at] - 1];
    return NULL;
}

static bool level_add(struct exhaust_level *level, const struct exhaust_state *state) {
    if (level->count == level->capacity) {
        size_t capacity = level->capacity ? 2 * level->capacity : 1024;
        struct exhaust_state *grown = realloc(level->state, capacity * sizeof *grown);
        if (!grown)
            return false;
        level->state = grown;
        level->capacity = capacity;
    }
    level->state[level->count++] = *state;
    if (level->bits && 2 * level->count < (size_t)1 << level->bits) {
        size_t at = state->hash >> (64 - level->bits);
        while (level->table[at])
            at = (at + 1) & (((size_t)1 << level->bits) - 1);
        level->table[at] = (uint32_t)level->count;
        return true;
    }
    return level_grow_table(level);
}

/* ---- the search ---- */

static struct trial exhaust_trial;

struct exhaust_search {
    const struct exhaust_options *options;
    struct exhaust_counts *counts;
    struct program *program;
    struct trial_verdict *verdict;
};

/* Runs the program of a state; counts a failure, and keeps the first. */
static bool exhaust_sound(const struct exhaust_search *search, trial_run_function *run,
                          const struct exhaust_state *state, size_t length) {
    struct trial_verdict verdict;
    exhaust_trial.run = run;
    if (trial_passes(&exhaust_trial, state->path, length, &verdict))
        return true;
    if (search->counts->failures == 0) {
        search->program->count = length;
        for (size_t i = 0; i < length; i++)
            search->program->op[i] = exhaust_op(state->path[i]);
        for (unsigned i = 0; exhaust_order > 0 && i < EXHAUST_SLOTS; i++)
            search->program->op[search->program->count++] =
                (struct op){.kind = OP_FREE, .slot = exhaust_orders[exhaust_order][i]};
        *search->verdict = verdict;
    }
    search->counts->failures += state->programs;
    return false;
}

/* Frees the blocks of a state. Where one naming of slots represents all, whose last frees
 * come in different orders: in every order. */
static bool exhaust_ends(const struct exhaust_search *search,
                         const struct exhaust_state *state, size_t length) {
    exhaust_order = 0;
    bool sound = exhaust_sound(search, exhaust_end, state, length);
    if (search->options->merge == EXHAUST_APART)
        return sound;
    for (size_t order = 1; sound && order < EXHAUST_ORDERS; order++)
        if (exhaust_order_counts(order)) {
            exhaust_order = order;
            sound = exhaust_sound(search, exhaust_end, state, length);
        }
    exhaust_order = 0;
    return sound;
}

/* Runs a program that is one operation longer; adds its state to `next` if it is sound
 * and the state is new. A known state is not ended again. */
static bool exhaust_one(const struct exhaust_search *search,
                        const struct exhaust_state *from, size_t length, unsigned number,
                        struct exhaust_level *next) {
    struct exhaust_state state = *from;
    state.programs *=
        exhaust_represents(search->options->merge, state.path, length, number);
    if (state.programs == 0)
        return true;
    state.path[length++] = (uint8_t)number;
    search->counts->programs += state.programs;
    bool merges = search->options->merge == EXHAUST_STATES;
    if (merges) {
        if (!exhaust_sound(search, exhaust_hashed, &state, length))
            return true;
        state.hash = exhaust_hash;
        struct exhaust_state *known = level_find(next, state.hash);
        if (known) {
            known->programs += state.programs;
            return true;
        }
    }
    if (!exhaust_ends(search, &state, length))
        return true;
    search->counts->states++;
    return (!merges && length == search->options->ops) || level_add(next, &state);
}

bool exhaust(const struct exhaust_options *options, struct exhaust_counts *counts,
             struct program *program, struct trial_verdict *verdict) {
    struct exhaust_search search = {options, counts, program, verdict};
    struct exhaust_level level = {.bits = 0};
    bool fits = trial_open(&exhaust_trial, &options->subject, 1, exhaust_end) &&
                level_add(&level, &(struct exhaust_state){.programs = 1});
    *counts = (struct exhaust_counts){.programs = 0};
    /* A state has no record of writes that were not reported. */
    exhaust_trial.machine[0].reports_writes = false;
    for (unsigned length = 0; fits && length < options->ops; length++) {
        struct exhaust_level next = {.bits = 0};
        for (size_t i = 0; fits && i < level.count; i++)
            for (unsigned number = 0; fits && number < EXHAUST_OPERATIONS; number++) {
                if (options->first && counts->failures)
                    break;
                fits = exhaust_one(&search, &level.state[i], length, number, &next);
            }
        level_free(&level);
        level = next;
        if (options->progress)
            options->progress(length + 1, counts->states, counts->programs);
    }
    level_free(&level);
    machine_close(&exhaust_trial.machine[0]);
    return fits;
}
