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

static void segv_handle(int number, siginfo_t *signal, void *context);

static bool segv_is_handler(const struct sigaction *action) {
    return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* As the kernel does with SA_RESETHAND: of several threads, one gets the handler. Where the program
 * has set another since, which calls this one, there is nothing to reset. */
static bool segv_use_up(int number) {
    struct sigaction now;
    sigaction(number, NULL, &now);
    if (now.sa_sigaction != segv_handle)
        return segv_is_handler(&now);
    sigaction(number, &(struct sigaction){.sa_handler = SIG_DFL}, &now);
    return now.sa_sigaction == segv_handle;
}

/* Where no other handler is set, the access is made again, or the signal sent again, and the system
 * ends the process. A signal that was sent to a program that ignores it is ignored. */
static void segv_hand_on(int number, siginfo_t *signal, void *context) {
    const struct sigaction *before = &segv_before;
    bool sent = signal->si_code <= 0;
    if (segv_is_handler(before) &&
        (!(before->sa_flags & (int)SA_RESETHAND) || segv_use_up(number))) {
        if (before->sa_flags & SA_SIGINFO)
            before->sa_sigaction(number, signal, context);
        else
            before->sa_handler(number);
    } else if (!sent || before->sa_handler != SIG_IGN) {
        sigaction(number, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
        if (sent)
            raise(number);
    }
}

/*
 * While the heap's locks may be held, no other handler runs, since it might allocate. During a report
 * SIGSEGV stays blocked, also where the earlier handler has SA_NODEFER: another fault ends the
 * process, and is no report within the report without end.
 */
static void segv_handle(int number, siginfo_t *signal, void *context) {
    int saved = errno;
    struct os_finding finding = {.address = signal->si_addr};
    sigset_t blocked, handlers;
    sigfillset(&blocked);
    sigprocmask(SIG_SETMASK, &blocked, &handlers);
    /* By the kernel, for an access, and not by kill. */
    if (signal->si_code > 0 && segv_explain(signal->si_addr, &finding)) {
        finding.access = access_kind(context);
        finding.instruction = access_instruction(context);
        blocked = handlers;
        sigaddset(&blocked, number);
        sigprocmask(SIG_SETMASK, &blocked, NULL);
        unsigned held =
            lock_interrupt(); /* the interrupted call's are not the report's */
        error_policy(segv_options, segv_history, &finding);
        lock_resume(held);
    }
    sigprocmask(SIG_SETMASK, &handlers, NULL);
    segv_hand_on(number, signal, context);
    errno = saved;
}

/* With the flags and the mask of the handler that was there, so that the kernel sets up mask and stack
 * as that handler is to have them. */
void segv_watch(const struct os_options *options, const struct os_history *history,
                segv_explanation *explain) {
    struct sigaction action = {.sa_flags = SA_ONSTACK};
    segv_options = options;
    segv_history = history;
    segv_explain = explain;
    sigaction(SIGSEGV, NULL, &segv_before);
    if (segv_is_handler(&segv_before))
        action = segv_before;
    action.sa_flags = (action.sa_flags & ~(int)SA_RESETHAND) | SA_SIGINFO;
    action.sa_sigaction = segv_handle;
    sigaction(SIGSEGV, &action, &segv_before);
}
