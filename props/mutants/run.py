"""Runs programs that may have a bug: with limits, and with all their processes ended at the limit.

A bug can make a program wait for ever, and its children too, in process groups of their own (the
unit tests make them). So each program gets a session, and at the limit every process group of
that session is killed. HANG is the status of what had to be ended.
"""
import glob
import os
import re
import resource
import signal
import subprocess
import tempfile
import threading

HANG = "hang"
# Of wall-clock time: for what hangs, not for what is slow. A single unit test has 120.
TEST_SECONDS, ENGINE_SECONDS = 300, 3600
# After these a program runs beside others: most that take so long wait for what never comes.
OWN_SECONDS = 5


class Result:
    """How a program ended: its exit status, negative for a signal, or HANG; and what it printed."""

    def __init__(self, status, out):
        self.status, self.out = status, out


def session_groups(session):
    """The process groups of a session, as /proc has them."""
    groups = set()
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[3]) == session:
            groups.add(int(fields[2]))
    return groups


def end_session(session):
    """Kills every process of a session; a second look, for what was being forked at the first."""
    for _ in range(2):
        for group in session_groups(session):
            try:
                os.killpg(group, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass  # it has ended, or has another user's rights


class Turn:
    """A processor, for a build and for the first seconds of a program."""

    processors = threading.BoundedSemaphore(os.cpu_count())

    def __enter__(self):
        self.processors.acquire()
        self.held = True
        return self

    def end(self):
        if self.held:
            self.processors.release()
        self.held = False

    def __exit__(self, *_):
        self.end()


def wait_for(process, seconds, turn):
    """The exit status of a process, or HANG; its turn ends before it does if it takes long."""
    try:
        if turn and seconds > OWN_SECONDS:
            try:
                return process.wait(OWN_SECONDS)
            except subprocess.TimeoutExpired:
                turn.end()
            seconds -= OWN_SECONDS
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return HANG


def run_limited(command, seconds, cpu_seconds=None, turn=None, **options):
    """Runs a command to its end or to the limit; none of its processes is left running after it."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL,
                                   start_new_session=True, **options)
        try:
            if cpu_seconds:
                limit_cpu(process.pid, cpu_seconds)
            status = wait_for(process, seconds, turn)
        finally:
            end_session(process.pid)
            process.wait()
        out.seek(0)
        return Result(status, out.read().decode("utf-8", "replace"))


def limit_cpu(pid, seconds):
    """Limits the processor's time of a program that has just been started."""
    try:
        resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))
    except ProcessLookupError:
        pass  # it has ended already


def run(program, *arguments):
    """What an engine printed, as a dictionary; {} where it died."""
    done = run_limited([program] + [str(argument) for argument in arguments], ENGINE_SECONDS)
    fields = re.findall(r"(\w+)=((?:signal )?\S+(?: [a-z]+(?![\w=]))*)", done.out)
    return dict(fields) if done.status == 0 else {}
