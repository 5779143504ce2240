#include "fuzz/explain/c_program.h"

#include <inttypes.h>

#include "fuzz/explain/classic_text.h"
#include "fuzz/explain/osmem_text.h"
#include "fuzz/explain/prelude_text.h"
#include "fuzz/explain/refusing_text.h"
#include "fuzz/explain/sbrk_text.h"

void c_program_note(void *calls, const struct rig_call *call) {
    struct c_program_calls *to = calls;
    if (call->operation == SIZE_MAX)
        to->count = 0;
    if (to->count < C_PROGRAM_CALLS)
        to->call[to->count++] = *call;
}

static bool c_program_has(const struct c_program_calls *calls, enum op_kind kind) {
    for (size_t i = 0; i < calls->count; i++)
        if (calls->call[i].kind == kind)
            return true;
    return false;
}

static void c_program_size(FILE *to, size_t size) {
    if (size > PTRDIFF_MAX)
        fprintf(to, "SIZE_MAX - %zu", SIZE_MAX - size);
    else
        fprintf(to, "%zu", size);
}

static void c_program_call(FILE *to, const struct rig_call *call) {
    switch (call->kind) {
    case OP_MALLOC:
    case OP_REALLOC:
        fprintf(to, "do_%s(%u, ", op_name(call->kind), call->slot);
        c_program_size(to, call->size);
        break;
    case OP_CALLOC:
        fprintf(to, "do_calloc(%u, ", call->slot);
        c_program_size(to, call->count);
        fputs(", ", to);
        c_program_size(to, call->size);
        break;
    case OP_ALIGNED_ALLOC:
        fprintf(to, "do_aligned_alloc(%u, %zu, ", call->slot, call->alignment);
        c_program_size(to, call->size);
        break;
    case OP_FREE:
    case OP_FREE_SIZED:
        fprintf(to, "do_%s(%u", op_name(call->kind), call->slot);
        break;
    case OP_USABLE_SIZE:
    case OP_WRITE:
        fprintf(to, "do_write(%u", call->slot);
        break;
    case OP_REFUSE:
        fprintf(to, "do_refuse(%u, %u", call->refuse_first, call->refuse_count);
        break;
    case OP_SBRK:
        fprintf(to, "do_sbrk(%td", call->step);
        break;
    default:
        fputs("do_trim(", to);
    }
    fputs(");\n", to);
}

void c_program_write(FILE *to, const char *title, const struct subject *subject,
                     const struct c_program_calls *calls) {
    fprintf(to, "/* %s */\n%s%s", title, prelude_text,
            subject->trim ? osmem_text : classic_text);
    if (c_program_has(calls, OP_REFUSE))
        fputs(refusing_text, to);
    else if (c_program_has(calls, OP_SBRK))
        fputs(sbrk_text, to);
    fputs("\nint main(void) {\n    start();\n", to);
    for (size_t i = 0; i < calls->count; i++) {
        fprintf(to, "    step = %zu, ", i + 1);
        c_program_call(to, &calls->call[i]);
    }
    fputs("    return 0;\n}\n", to);
}
