#include "osmem/segv.h"

#include <errno.h>
#include <signal.h>

#include "osmem/outcome.h"
#include "osmem/platform/access.h"

static struct sigaction segv_before;
static const struct os_options *segv_options;
static const struct os_trail *segv_trail;
static segv_explanation *segv_explain;

/* Where nobody else wants it, the access is made again, or the signal sent again, and the system ends
 * the process. What was sent to who ignores it is ignored. */
static void segv_hand_on(int number, siginfo_t *signal, void *context) {
    const struct sigaction *before = &segv_before;
    bool sent = signal->si_code <= 0;
    if (before->sa_flags & SA_SIGINFO)
        before->sa_sigaction(number, signal, context);
    else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
        before->sa_handler(number);
    else if (!sent || before->sa_handler != SIG_IGN) {
        sigaction(number, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
        if (sent)
            raise(number);
    }
}

static void segv_handle(int number, siginfo_t *signal, void *context) {
    int saved = errno;
    struct os_finding info = {.address = signal->si_addr};
    struct os_site sites[2];
    /* By the kernel, for an access, and not by kill. */
    if (signal->si_code > 0 && segv_explain(signal->si_addr, &info, sites)) {
        info.access = access_kind(context);
        info.instruction = access_instruction(context);
        outcome(segv_options, segv_trail, &info);
    }
    segv_hand_on(number, signal, context);
    errno = saved;
}

void segv_watch(const struct os_options *options, const struct os_trail *trail,
                segv_explanation *explain) {
    struct sigaction action = {.sa_sigaction = segv_handle,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    segv_options = options;
    segv_trail = trail;
    segv_explain = explain;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &segv_before);
}
