#!/usr/bin/env python3
"""Counts instructions: the figure that is nearly the same on every run, whoever else is at work.

    instructions.py --quietus target/release/quietus --history target/release/examples/history \\
        --walk target/release/examples/walk REPOSITORY

Counts by the processor's own counter where `perf` may read it, else by valgrind's cachegrind, fifty
times slower: take a small repository. Prints a table in Markdown.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Compiled modules would lie about in the source tree.
sys.dont_write_bytecode = True

import grounds  # noqa: E402
import timing  # noqa: E402

# Two, because the scan of objects alone needs two; they share no work that is counted twice.
THREADS = "2"


def perf(command, environment, scratch):
    """Instructions in user space, by the processor; None where it does not tell."""
    counted = ["perf", "stat", "-x,", "-e", "instructions:u", *command]
    done = run(counted, environment, subprocess.PIPE)
    found = re.search(rb"^(\d+),", done, re.MULTILINE)
    return found and int(found[1])


def cachegrind(command, environment, scratch):
    """Instructions in user space, each of them played by valgrind."""
    out = f"--cachegrind-out-file={os.path.join(scratch, 'cachegrind')}"
    counted = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--branch-sim=no", out, *command]
    done = run(counted, environment, subprocess.PIPE)
    found = re.search(rb"I\s+refs:\s+([\d,]+)", done)
    return found and int(found[1].replace(b",", b""))


def run(command, environment, stderr):
    """What a command says on standard error; findings are no failure."""
    done = subprocess.run(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=stderr, check=False
    )
    # 5 says that the clone itself lacks something.
    if done.returncode not in (0, 1, 5):
        raise SystemExit(f"{command[0]}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-400:]}")
    return done.stderr


def counter(scratch):
    """The first way to count that works here, with its name."""
    for name, count in (("perf", perf), ("valgrind", cachegrind)):
        if shutil.which(name) and count([shutil.which("true")], {}, scratch):
            return name, count
    raise SystemExit("neither perf nor valgrind can count instructions here")


def programs(options, scratch):
    """What is counted: name, command, environment, and how many bytes it reads, if that matters."""
    rules = os.path.abspath(options.rules) if options.rules else ""
    repository = os.path.abspath(options.repository)
    quietus = [os.path.abspath(options.quietus), "--quiet", "--threads", THREADS]
    quietus += ["--rules", rules] if rules else []
    scan = [*quietus, "scan", "--format", "json"]
    size = grounds.describe(repository)["bytes"]
    tiny = grounds.tiny(os.path.join(scratch, "tiny"))
    wide = grounds.wide(os.path.join(scratch, "wide"))
    yield "tiny tree", [*scan, "--tree-only", tiny], {}, None
    yield f"--staged, {grounds.FILES:,} files, {grounds.STAGED} staged", [*scan, "--staged", wide], {}, None
    if options.walk:
        objects = grounds.git("-C", repository, "rev-parse", "--path-format=absolute", "--git-path", "objects")
        walk = [os.path.abspath(options.walk), objects, THREADS, "cbg"]
        yield "objects resolved, nothing looked at", walk, {}, size
    if options.history:
        for mode, name in (("objects", "objects, changes searched"), ("whole", "history, objects searched whole")):
            history = [os.path.abspath(options.history), repository, THREADS, mode]
            yield name, history, {"RULES": rules}, size
    yield "history, with who brought what in", [*scan, "--history-only", repository], {}, size


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("repository", help="a small clone; its bytes are read several times over")
    add("--quietus", required=True, help="our program, a release build")
    add("--history", metavar="PROGRAM", help="the example history of crates/scan")
    add("--walk", metavar="PROGRAM", help="the example walk of crates/odb")
    add("--rules", metavar="DIR", help="more rules, as rules400.py makes them")
    add("--scratch", metavar="DIR", help="keep generated repositories here (default: a temporary folder)")
    return parser.parse_args()


def main():
    options = parse()
    with tempfile.TemporaryDirectory(prefix="instructions-") as temporary:
        scratch = os.path.abspath(options.scratch or temporary)
        os.makedirs(scratch, exist_ok=True)
        timing.isolate(scratch)
        name, count = counter(scratch)
        print(f"Instructions in user space, counted by {name}, {THREADS} threads:\n")
        print("| run | million instructions | a byte of blobs |\n|---|---|---|")
        for title, command, environment, size in programs(options, scratch):
            counted = count(command, environment, scratch)
            each = f"{counted / size:.2f}" if size else ""
            print(f"| {title} | {counted / 1e6:,.1f} | {each} |", flush=True)


if __name__ == "__main__":
    main()
