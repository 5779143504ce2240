#include "osmem/report/segv.h"

#include <errno.h>
#include <signal.h>

#include "osmem/platform/access.h"
#include "osmem/platform/lock.h"
#include "osmem/report/error_policy.h"

static struct sigaction segv_before;
static const struct os_options *segv_options;
static const struct os_history *segv_history;
static segv_explanation *segv_explain;

/* Where no other handler is set, the access is made again, or the signal sent again, and the system
 * ends the process. A signal that was sent to a program that ignores it is ignored. */
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
    struct os_finding finding = {.address = signal->si_addr};
    /* By the kernel, for an access, and not by kill. */
    if (signal->si_code > 0 && segv_explain(signal->si_addr, &finding)) {
        finding.access = access_kind(context);
        finding.instruction = access_instruction(context);
        unsigned held =
            lock_interrupt(); /* the interrupted call's are not the report's */
        error_policy(segv_options, segv_history, &finding);
        lock_resume(held);
    }
    segv_hand_on(number, signal, context);
    errno = saved;
}

void segv_watch(const struct os_options *options, const struct os_history *history,
                segv_explanation *explain) {
    struct sigaction action = {.sa_sigaction = segv_handle,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    segv_options = options;
    segv_history = history;
    segv_explain = explain;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &segv_before);
}
