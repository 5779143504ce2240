#include "fuzz/rig/lockstep.h"

#include "fuzz/ops/codec.h"
#include "fuzz/rig/judge.h"

void lockstep_init(struct lockstep *lockstep, const struct subject *const *subjects,
                   struct machine *machines, unsigned count) {
    lockstep->rigs = count;
    for (unsigned i = 0; i < count; i++)
        rig_init(&lockstep->rig[i], subjects[i], &machines[i]);
}

/* The answer need not be that of others: memory was refused, or no bytes requested. */
static bool lockstep_may_differ(const struct rig *rig, size_t refused) {
    return rig->machine->refused != refused ||
           (rig->subject->zero_is_null && rig->answer.size == 0);
}

static bool lockstep_disagree(struct rig *rig, const struct rig *other) {
    return judge_fail(rig, "agreement",
                      other->answer.given ? "a block, as others give"
                                          : "NULL, as others give",
                      "%s, errno %d, for %zu bytes; %s: %s, errno %d",
                      rig->answer.given ? "a block" : "NULL", rig->answer.error,
                      rig->answer.size, other->subject->name,
                      other->answer.given ? "a block" : "NULL", other->answer.error);
}

/* Frees the block of a slot in all subjects. */
static bool lockstep_empty(struct lockstep *lockstep, unsigned slot) {
    for (unsigned i = 0; i < lockstep->rigs; i++) {
        struct rig *rig = &lockstep->rig[i];
        if (!rig_free(rig, slot)) {
            lockstep->failed = rig;
            return false;
        }
        rig->shadow.last_size[slot] = lockstep->rig[0].shadow.last_size[slot];
    }
    return true;
}

/* Compares the answers to one operation; a slot with different answers is emptied. */
static bool lockstep_compare(struct lockstep *lockstep, unsigned slot,
                             const size_t *refused) {
    const struct rig *first = NULL, *steady = NULL;
    bool alike = true;
    for (unsigned i = 0; i < lockstep->rigs; i++) {
        struct rig *rig = &lockstep->rig[i];
        if (!rig->answer.requested)
            continue;
        first = first ? first : rig;
        alike = alike && rig->answer.given == first->answer.given;
        if (lockstep_may_differ(rig, refused[i]))
            continue;
        steady = steady ? steady : rig;
        if (rig->answer.given != steady->answer.given ||
            (!rig->answer.given && rig->answer.error != steady->answer.error)) {
            lockstep->failed = rig;
            return lockstep_disagree(rig, steady);
        }
    }
    return alike || lockstep_empty(lockstep, slot);
}

static bool lockstep_step(struct lockstep *lockstep, const struct op *op) {
    size_t refused[LOCKSTEP_MAX];
    for (unsigned i = 0; i < lockstep->rigs; i++) {
        struct rig *rig = &lockstep->rig[i];
        refused[i] = rig->machine->refused;
        if (!rig_step(rig, op)) {
            lockstep->failed = rig;
            return false;
        }
    }
    return lockstep_compare(lockstep, op->slot, refused);
}

bool lockstep_run(struct lockstep *lockstep, const uint8_t *bytes, size_t length) {
    struct op op;
    size_t at = 0;
    lockstep->failed = NULL;
    for (unsigned i = 0; i < lockstep->rigs; i++)
        rig_start(&lockstep->rig[i]);
    while (codec_decode(bytes, length, &at, &op))
        if (!lockstep_step(lockstep, &op))
            return false;
    for (unsigned i = 0; i < lockstep->rigs; i++)
        if (!rig_finish(&lockstep->rig[i])) {
            lockstep->failed = &lockstep->rig[i];
            return false;
        }
    return true;
}

struct rig *lockstep_interrupted(struct lockstep *lockstep) {
    struct rig *found = &lockstep->rig[0];
    for (unsigned i = 1; i < lockstep->rigs; i++)
        if (lockstep->rig[i].operation + 1 >= found->operation + 1)
            found = &lockstep->rig[i];
    return found;
}

size_t lockstep_checked(const struct lockstep *lockstep) {
    size_t checked = 0;
    for (unsigned i = 0; i < lockstep->rigs; i++)
        checked += lockstep->rig[i].checked;
    return checked;
}
