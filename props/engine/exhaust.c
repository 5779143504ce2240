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

/* One granule and a few, a list and the trie, nearly all of the break, and a mapping. */
static const size_t exhaust_sizes[] = {16, 40, 200, 2000, 100000, 140000};
#define EXHAUST_SIZES (sizeof exhaust_sizes / sizeof exhaust_sizes[0])
/* malloc, calloc and realloc of each size into each slot; free of each; trim. */
#define EXHAUST_CHOICES \
    (EXHAUST_SLOTS * EXHAUST_SIZES * EXHAUST_KINDS_OF_SIZE + EXHAUST_SLOTS + 1)

/* A state by the first program that led to it. */
struct exhaust_state {
    uint64_t hash;
    uint64_t programs; /* that lead to it */
    uint8_t path[EXHAUST_OPS_MAX];
};

/* The states of one length, and where each is, by its hash. */
struct exhaust_level {
    struct exhaust_state *state;
    size_t count, room;
    uint32_t *table; /* number of a state plus 1; 0: none */
    unsigned bits;
};

static struct op exhaust_op(unsigned choice) {
    static const uint8_t kinds[EXHAUST_KINDS_OF_SIZE] = {OP_MALLOC, OP_CALLOC,
                                                         OP_REALLOC};
    struct op op = {.kind = OP_TRIM, .size2 = {SIZE_BYTE, 1}};
    unsigned sized = EXHAUST_SLOTS * EXHAUST_SIZES * EXHAUST_KINDS_OF_SIZE;
    op.slot = (uint8_t)(choice % EXHAUST_SLOTS);
    if (choice < sized) {
        unsigned rest = choice / EXHAUST_SLOTS;
        op.kind = kinds[rest / EXHAUST_SIZES];
        size_any(exhaust_sizes[rest % EXHAUST_SIZES], &op.size);
    } else if (choice < sized + EXHAUST_SLOTS) {
        op.kind = OP_FREE;
    }
    return op;
}

/* Slots that a program has named; it names them in order. */
static unsigned exhaust_named(const uint8_t *path, size_t length) {
    unsigned named = 0;
    for (size_t i = 0; i < length; i++)
        if (exhaust_op(path[i]).kind != OP_TRIM && exhaust_op(path[i]).slot == named)
            named++;
    return named;
}

/* How many programs stand behind the one more that goes on with this choice: a slot not named yet
 * stands for all of those. 0: another one stands for it. */
static unsigned exhaust_alike(enum exhaust_merge merge, const uint8_t *path,
                              size_t length, unsigned choice) {
    struct op op = exhaust_op(choice);
    if (merge == EXHAUST_APART)
        return 1;
    unsigned named = exhaust_named(path, length);
    if (op.kind == OP_TRIM || op.slot < named)
        return 1;
    return op.slot == named ? EXHAUST_SLOTS - named : 0;
}

/* ---- one program ---- */

/* The path's operations but the last are known to be sound. */
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

/* The orders in which three slots can be emptied; the first is rig_finish's own. */
static const uint8_t exhaust_orders[][EXHAUST_SLOTS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
#define EXHAUST_ORDERS (sizeof exhaust_orders / sizeof exhaust_orders[0])

static size_t exhaust_order;    /* by which the next run ends */
static unsigned exhaust_filled; /* bit s: slot s held a block when the last one ended */

/* Everything can be given back. */
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

/* Whether an order says what no earlier one does: it has the empty slots first, as they come. */
static bool exhaust_order_counts(size_t order) {
    const uint8_t *slot = exhaust_orders[order];
    unsigned i = 0;
    for (unsigned s = 0; s < EXHAUST_SLOTS; s++)
        if (!(exhaust_filled >> s & 1) && slot[i++] != s)
            return false;
    return order > 0 && (exhaust_filled & (exhaust_filled - 1)) != 0;
}

static uint64_t exhaust_hash; /* of the state that the last run came to */

static bool exhaust_hashed(struct lockstep *lockstep, const uint8_t *path,
                           size_t length) {
    const struct rig *rig = &lockstep->rig[0];
    if (!exhaust_steps(lockstep, path, length))
        return false;
    uint64_t held = 0; /* whatever the slots are called: their names mean nothing */
    for (unsigned slot = 0; slot < EXHAUST_SLOTS; slot++) {
        const struct shadow_block *block = &rig->shadow.slot[slot];
        if (block->address)
            held += num_mix((uint64_t)(block->address - rig->machine->memory) +
                            num_mix(block->requested));
    }
    exhaust_hash = num_mix(rig->subject->state(rig->self) + held);
    return true;
}

/* ---- the states of a length ---- */

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
    if (level->count == level->room) {
        size_t room = level->room ? 2 * level->room : 1024;
        struct exhaust_state *grown = realloc(level->state, room * sizeof *grown);
        if (!grown)
            return false;
        level->state = grown;
        level->room = room;
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

/* ---- all of them ---- */

static struct trial exhaust_trial;

struct exhaust_search {
    const struct exhaust_options *options;
    struct exhaust_counts *counts;
    struct program *program;
    struct trial_verdict *verdict;
};

/* Runs a state's program; one that fails is counted, and the first kept. */
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

/* Its blocks can be given back. Where one naming of the slots stands for all, which would each end
 * in an order of its own: in every order. */
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

/* A program one operation longer. If it is sound and its state new, that is among the next ones
 * afterwards; a state that is known need not be given back once more. */
static bool exhaust_one(const struct exhaust_search *search,
                        const struct exhaust_state *from, size_t length, unsigned choice,
                        struct exhaust_level *next) {
    struct exhaust_state state = *from;
    state.programs *= exhaust_alike(search->options->merge, state.path, length, choice);
    if (state.programs == 0)
        return true;
    state.path[length++] = (uint8_t)choice;
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
    bool room = trial_open(&exhaust_trial, &options->subject, 1, exhaust_end) &&
                level_add(&level, &(struct exhaust_state){.programs = 1});
    *counts = (struct exhaust_counts){.programs = 0};
    exhaust_trial.machine[0].reports_writes =
        false; /* a state does not say what nobody told of */
    for (unsigned length = 0; room && length < options->ops; length++) {
        struct exhaust_level next = {.bits = 0};
        for (size_t i = 0; room && i < level.count; i++)
            for (unsigned choice = 0; room && choice < EXHAUST_CHOICES; choice++) {
                if (options->first && counts->failures)
                    break;
                room = exhaust_one(&search, &level.state[i], length, choice, &next);
            }
        level_free(&level);
        level = next;
        if (options->progress)
            options->progress(length + 1, counts->states, counts->programs);
    }
    level_free(&level);
    machine_close(&exhaust_trial.machine[0]);
    return room;
}
