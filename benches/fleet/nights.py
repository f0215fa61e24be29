#!/usr/bin/env python3
"""Nights over a simulated forge: what each costs, and whether its ledger is that of one worker in order.

    make.py --into FLEET --clones CLONE... --count 400
    nights.py FLEET --quietus BINARY --scratch FOLDER [--workers N] [--sqlite] [--only-first]

First night, a night in which nothing changed, one in which about 1 % of the bytes are new, one after an
update of the rules, one full of trouble (renames, deletions, force-pushes, a corrupt repository, one that
hangs, one that ends its worker, errors and rate limits of the forge) and the one after it. After each, the
same is done by one worker, one repository at a time, on a ledger of its own; both must hold the same.
Prints a table in Markdown, and what differs.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

import make  # noqa: E402
from forge import Forge  # noqa: E402
from machine import Machine, Postgres  # noqa: E402

RULE = """[provider]
id = "fleet"
name = "Fleet"
[[rule]]
id = "fleet-marker"
name = "Fleet marker"
severity = "low"
confidence = "high"
anchors = ["SERVICE_TOKEN="]
pattern = 'SERVICE_TOKEN=(?P<secret>\\S{8,64})'
"""
HEADS = [
    "night",
    "s",
    "CPU s",
    "CPU of git s",
    "MB scanned",
    "MB fetched",
    "calls: API, git",
    "complete / due",
    "opened, reopened, closed",
    "equal",
]


class Fleet:
    """The forge's repositories and what happens to them."""

    def __init__(self, folder):
        with open(f"{folder}/fleet.json", encoding="utf-8") as file:
            self.all = json.load(file)
        for one in self.all:
            self.set(one, one["head"])
        self.chance = random.Random("nights")

    @staticmethod
    def set(one, oid):
        """Moves the branch, forwards or back."""
        make.git("-C", one["folder"], "update-ref", "refs/heads/main", oid)

    def advance(self, share):
        """Publishes what was held back, until so much of all bytes is new; how much is."""
        total, new = sum(one["bytes"] for one in self.all), 0
        for one in self.chance.sample(self.all, len(self.all)):
            fits = 0 < one["later_bytes"] < total * share / 3
            if fits and new < total * share and not one.get("advanced"):
                self.set(one, one["later"])
                one["advanced"], new = True, new + one["later_bytes"]
        return new / total


class Run:
    """One fleet, the machine that is measured, and the one that does all in order."""

    def __init__(self, args):
        self.args, self.fleet = args, Fleet(args.fleet)
        self.forge = Forge(f"{args.scratch}/forge", self.fleet.all)
        self.server = None if args.sqlite else Postgres(f"{args.scratch}/postgres")
        url = self.server.database("fleet") if self.server else None
        self.many = Machine(f"{args.scratch}/many", args.quietus, url)
        self.many.watch(self.forge)
        self.one = Machine(f"{args.scratch}/one", args.quietus, key=self.many.key)
        self.one.watch(self.forge)
        self.rows, self.unequal, self.saved = [], [], False

    def night(self, name, *options, workers=None, before_reference=None, reference=True):
        """A night on both machines."""
        self.forge.take()
        told, bill = self.many.night(*options, workers=workers or self.args.workers)
        asked, figures = self.forge.take(), told["figures"]
        equal = "-"
        if reference and not self.args.alone:
            if before_reference:
                before_reference()
            if not self.saved:
                # What the first machine fetched is fetched: links cost no room.
                copy = ["cp", "-al", f"{self.many.root}/cache/quietus/mirrors", self.one.root + "/mirrors"]
                subprocess.run(copy, check=True)
                os.makedirs(f"{self.one.root}/cache/quietus", exist_ok=True)
                os.rename(f"{self.one.root}/mirrors", f"{self.one.root}/cache/quietus/mirrors")
                self.saved = True
            self.one.night("--at-once", "1", *options)
            equal = self.compare(name)
        row = [
            name,
            f"{bill.seconds:.0f}",
            f"{bill.own:.1f}",
            f"{bill.git:.1f}",
            f"{figures['bytes'] / 1e6:.0f}",
            f"{asked['bytes'] / 1e6:.0f}",
            f"{asked['api']}, {asked['git']}",
            f"{figures['complete']} / {figures['due']}",
            f"{figures['opened']}, {figures['reopened']}, {figures['closed']}",
            equal,
        ]
        self.rows.append(row)
        print("| " + " | ".join(row) + " |", flush=True)
        return told, bill

    def compare(self, name):
        """Whether both ledgers hold the same."""
        ours, theirs = self.many.state(), self.one.state()
        differ = [sorted(one ^ other) for one, other in zip(ours, theirs)]
        for what, machine in ((f"after {name}", self.many), ("in order", self.one)):
            done = subprocess.run([self.args.quietus, "ledger", "verify"], env=machine.environment, check=False,
                                  stdout=subprocess.DEVNULL)
            if done.returncode:
                self.unequal.append(f"{what}: ledger verify failed")
        if any(differ):
            self.unequal.append(f"{name}: {str(differ)[:2000]}")
            return f"no: {sum(map(len, differ))}"
        return f"yes: {len(ours[0])} items"

    def trouble(self):
        """Everything that goes wrong in one night; what sets it up again for the reference."""
        fleet, forge = self.fleet, self.forge
        names = [one["name"] for one in fleet.all if one["name"] in forge.shown]
        picked = fleet.chance.sample([name for name in names if not name.startswith("whole")], 12)
        renamed, gone, pushed, faulty = picked[:3], picked[3:5], picked[5:7], picked[7:]
        for name in renamed:
            forge.rename(name, f"moved-{name}")
        for name in gone:
            forge.faults[name] = "gone"
        for name in pushed:
            one = forge.shown[name]
            back = make.git("-C", one["folder"], "rev-list", "--max-count=3", one["head"]).splitlines()[-1]
            fleet.set(one, back)
        corrupt = forge.shown[faulty[4]]
        loose = f"{corrupt['folder']}/refs/heads/main"
        if os.path.exists(loose):
            with open(loose, "w", encoding="utf-8") as file:
                file.write("0123456789" * 4 + "\n")

        def faults():
            forge.faults[faulty[0]] = "hang"
            forge.faults[faulty[1]] = [429]
            forge.faults[faulty[2]] = [502]
            forge.faults[faulty[3]] = "kill"
            forge.api_faults = [lambda: (502, b"{}")]

        faults()
        self.killer = faulty[3]
        return faults

    def kill(self, name):
        """Ends the worker whose git asks for this repository."""
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{process}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                with open(f"/proc/{process}/stat", encoding="utf-8") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
                with open(f"/proc/{parent}/cmdline", "rb") as file:
                    is_ours = file.read().split(b"\0")[0] == self.args.quietus.encode()
            except OSError:
                continue
            if is_ours and any(word.endswith(f"/{name}.git".encode()) for word in words):
                os.kill(parent, signal.SIGKILL)

    def all(self):
        """Night after night."""
        first = self.night("first")
        if self.args.only_first:
            return
        second = self.night("nothing changed")
        share = self.fleet.advance(0.01)
        third = self.night(f"{share:.1%} changed")
        count = len(self.fleet.all)
        print(f"CPU of 1 % changed to first: {third[1].own / first[1].own:.3f}")
        print(f"nothing changed: {1000 * second[1].own / count:.1f} ms CPU a repository")
        for machine in (self.many, self.one):
            os.makedirs(f"{machine.root}/rules", exist_ok=True)
            with open(f"{machine.root}/rules/fleet.toml", "w", encoding="utf-8") as file:
                file.write(RULE)
            machine.watch(self.forge, f'rules = ["{machine.root}/rules"]')
        self.night("rules update")
        self.forge.on_kill = self.kill
        faults = self.trouble()
        limit = ("--fetch-time", "20s")
        self.night_with_deaths(limit, faults)
        self.forge.faults = {name: fault for name, fault in self.forge.faults.items() if fault == "gone"}
        for one in self.fleet.all:
            self.fleet.set(one, one["later"] if one.get("advanced") else one["head"])
        for machine in (self.many, self.one):
            done = [machine.quietus, "repos", "retry", f"{self.forge.origin.removeprefix('https://')}/fleet/{self.killer}"]
            subprocess.run(done, env=machine.environment, check=False, stderr=subprocess.DEVNULL)
        self.night("after the trouble")

    def night_with_deaths(self, limit, faults):
        """The troubled night: who is ended is begun again, as a service manager does."""
        self.deaths(self.many, limit)
        self.forge.api_faults = []

        def again():
            faults()
            self.deaths(self.one, ("--at-once", "1", *limit))
            self.forge.faults[self.killer] = "gone-for-now"

        self.night("trouble", *limit, before_reference=again)

    def deaths(self, machine, options):
        """Runs the night until it is not killed any more."""
        while True:
            child = machine.start("nightly", "--format", "json", *options)
            if child.wait() != -signal.SIGKILL:
                return
            time.sleep(1)


def main():
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("fleet")
    parser.add_argument("--quietus", required=True)
    parser.add_argument("--scratch", required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true", help="a ledger in a file, for one process")
    parser.add_argument("--alone", action="store_true", help="without the one that does all in order")
    parser.add_argument("--only-first", action="store_true")
    args = parser.parse_args()
    shutil.rmtree(args.scratch, ignore_errors=True)
    os.makedirs(args.scratch)
    run = Run(args)
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS))
    try:
        run.all()
    finally:
        run.forge.close()
        if run.server:
            run.server.stop()
    for text in run.unequal:
        print(f"DIFFERS {text}")
    sys.exit(1 if run.unequal else 0)


if __name__ == "__main__":
    main()
