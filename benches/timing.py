"""Times commands in turn: wall, CPU of the whole process tree, and peak memory."""

import dataclasses
import os
import statistics
import shutil
import subprocess
import threading
import time


# Rounds of runs that take seconds and have no rival, and of those that take milliseconds.
FEW, MANY = 3, 15


def isolate(scratch):
    """From now on nothing is read from or written to the user's own folders and git settings."""
    for kind in ("DATA", "CACHE", "STATE", "CONFIG"):
        os.environ[f"XDG_{kind}_HOME"] = os.path.join(scratch, "home")
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull)


@dataclasses.dataclass
class Contender:
    """One command line of a comparison.

    `codes` are the exit codes that count as a whole run, `partial` those that say that the clone itself
    lacks something: such a run counts, and is told.
    """

    name: str
    command: list
    cwd: str | None = None
    codes: tuple = (0,)
    partial: tuple = ()
    prepare: object = None
    env: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Sample:
    """One run: seconds, seconds, bytes, bytes, the share of the machine that others used, exit code."""

    wall: float
    cpu: float
    resident: int
    anonymous: int
    others: float
    code: int


# The kernel counts the memory of whoever starts a program as that program's own, up to its start:
# a small starter in between keeps this interpreter's out of the figure.
STARTER = shutil.which("time") or "/usr/bin/time"


class Failed(Exception):
    """A command that did not end well: its time would say nothing."""


def busy():
    """Seconds all processors have been busy since the start of the machine, idle and waiting apart."""
    try:
        with open("/proc/stat", encoding="ascii") as stat:
            fields = [int(field) for field in stat.readline().split()[1:]]
    except OSError:
        return 0.0
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def watch(starter, ended, peak):
    """Keeps the highest anonymous memory of the program, which the kernel does not remember."""
    pid = None
    while not ended.is_set():
        try:
            # The starter needs a moment to start anything.
            pid = pid or started(starter)
            if pid:
                peak[0] = max(peak[0], anonymous(pid))
        except (OSError, ValueError):
            # It has ended; or this system tells no such thing.
            return
        ended.wait(0.005)


def started(starter):
    """The process that the starter started, as soon as there is one."""
    with open(f"/proc/{starter}/task/{starter}/children", encoding="ascii") as children:
        return next(iter(children.read().split()), None)


def anonymous(pid):
    """Bytes of memory that stand for no file; none once the process has let go of all of it."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        lines = [line for line in status if line.startswith("RssAnon:")]
    return sum(int(line.split()[1]) for line in lines) * 1024


def once(contender, log, weighed=True):
    """Runs a command to its end. `weighed` runs also tell memory, which costs them a millisecond."""
    if contender.prepare:
        contender.prepare()
    env, command, tally = {**os.environ, **contender.env}, contender.command, f"{log}.memory"
    if weighed:
        command = [STARTER, "-q", "-o", tally, "-f", "%M", *command]
    with open(log, "wb") as output:
        before, start = busy(), time.perf_counter()
        child = subprocess.Popen(
            command, cwd=contender.cwd, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=output,
        )
        ended, peak = threading.Event(), [0]
        watcher = threading.Thread(target=watch, args=(child.pid, ended, peak))
        if weighed:
            watcher.start()
        # wait4, unlike getrusage of all children, gives this tree alone.
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        used = busy() - before
        ended.set()
        child.returncode = os.waitstatus_to_exitcode(status)
    if weighed:
        watcher.join()
    if child.returncode not in contender.codes + contender.partial:
        with open(log, encoding="utf-8", errors="replace") as output:
            last = (output.read().strip().splitlines() or ["no message"])[-1]
        raise Failed(f"{contender.name}: exit {child.returncode}: {last[:200]}")
    resident = 0
    if weighed:
        with open(tally, encoding="ascii") as file:
            resident = int(file.read().split()[-1]) * 1024
    cpu = usage.ru_utime + usage.ru_stime
    others = min(max(used - cpu, 0.0) / (wall * (os.cpu_count() or 1)), 1.0)
    return Sample(wall, cpu, resident, peak[0], others, child.returncode)


@dataclasses.dataclass
class Figures:
    """All counted rounds of one contender, and the one before them."""

    first: Sample
    samples: list

    def median(self, field):
        """The median over the rounds; where they were not weighed, what the first told."""
        middle = statistics.median(getattr(sample, field) for sample in self.samples)
        return middle or getattr(self.first, field)


def in_turn(contenders, rounds, folder, say):
    """A B C, A B C, ...: what else the machine does then falls on all alike.

    A round before them is not counted: it fills the page cache and the peers' own caches. Runs of
    milliseconds are weighed only there; more rounds than a few are kept for such.
    """
    figures, log = {}, os.path.join(folder, "log")
    for contender in list(contenders):
        try:
            first = once(contender, log)
            figures[contender.name] = Figures(first, [])
            if first.code in contender.partial:
                say(f"{contender.name}: exit {first.code}: the clone lacks objects; what it has was read")
        except (Failed, OSError) as error:
            say(f"left out: {error}")
            contenders = [other for other in contenders if other is not contender]
    slow = contenders and figures[contenders[0].name].first.wall > 1
    for _ in range(FEW if slow and rounds >= MANY else rounds):
        for contender in contenders:
            figures[contender.name].samples.append(once(contender, log, weighed=rounds < MANY))
    return figures


def ratio(ours, theirs, field):
    """The median of ours ÷ theirs over the rounds: each pair ran one after the other."""
    pairs = list(zip(ours.samples, theirs.samples, strict=True))
    ratios = [getattr(a, field) / max(getattr(b, field), 1e-9) for a, b in pairs]
    return statistics.median(ratios)
