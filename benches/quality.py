#!/usr/bin/env python3
"""How much is found of what others labelled, and what is cried out over clean trees, beside peers.

    quality.py --quietus target/release/quietus --truth FOLDER [--clean FOLDER] [--peers VENV]

FOLDER of the labelled data holds `creddata` (data, truth.csv, score.py) and, where there, `samples`
(samples.jsonl with its cases made by make_cases.py). The history is made of the former by the
make_history.py beside it, unless there is a `history_repo` already. The clean
folder holds unpacked packages, one a folder: nearly all that is found there is false. What is not
there is left out and named. Everything runs with default settings, without network.

Prints Markdown. `by repository` is what leave-one-out means for weights that were set by hand: each
repository alone, and the whole without it, so that no single one carries a figure.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from peers import locate  # noqa: E402

GROUPS = ("structured", "header/url", "keyword")
# The ways of make_history.py to remove what was committed.
MODES = {
    "0": "deleting the files",
    "1": "redacting the lines",
    "2": "a side branch that was merged",
    "3": "a branch that only a tag holds",
    "4": "renaming, then deleting",
}
PEERS = ("kingfisher", "betterleaks", "gitleaks")


class Bench:
    """Where things lie, and the scorer of the labelled data."""

    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.quietus = os.path.abspath(options.quietus)
        self.creddata = os.path.join(options.truth, "creddata")
        self.scorer = os.path.abspath(os.path.join(self.creddata, "score.py"))
        self.tools = {"quietus": self.quietus}
        for name in PEERS:
            path = locate(name, options.peers)
            if path:
                self.tools[name] = path
            else:
                print(f"{name} is not installed: left out", file=sys.stderr)

    def command(self, name, target, report):
        """The tool over a folder, its findings into a file."""
        tool = self.tools[name]
        return {
            "quietus": [tool, "--quiet", "scan", target, "--tree-only", "--format", "jsonl", "--show-secrets", "--no-memory"],
            "kingfisher": [tool, "-q", "--no-update-check", "scan", "--no-validate", "--no-dedup", "--git-history", "none", "-f", "json", "-o", report, target],
            "betterleaks": [tool, "fs", "--no-banner", "-s", "-j", "0", "--exit-code", "0", "-o", report, target],
            "gitleaks": [tool, "dir", target, "--report-format", "json", "--report-path", report, "--no-banner", "--exit-code", "0"],
        }[name]

    def findings(self, name, folder, target, strip=()):
        """Findings of a tool, as the scorer reads them."""
        report = os.path.join(self.scratch, f"{name}.json")
        with open(os.path.join(self.scratch, f"{name}.err"), "w", encoding="utf8") as errors:
            ran = subprocess.run(self.command(name, target, report), cwd=folder, stdout=subprocess.PIPE, stderr=errors, check=False)
        if name == "quietus":
            with open(report, "w", encoding="utf8") as file:
                file.writelines(self.named(json.loads(line), folder, target) for line in ran.stdout.splitlines())
        return self.converted(name, report, folder, strip)

    def converted(self, name, report, folder, strip=()):
        """A report, as the scorer reads it."""
        found = f"{report.removesuffix('.json')}.jsonl"
        kind = "jsonl" if name == "quietus" else name
        stripped = [part for prefix in strip for part in ("--strip", prefix)]
        with open(found, "w", encoding="utf8") as file:
            subprocess.run([sys.executable, self.scorer, "convert", kind, report, *stripped], stdout=file, cwd=folder, check=False)
        return found

    @staticmethod
    def named(finding, folder, target):
        """A finding whose path is that below the folder, whether it was told so or below the target."""
        path = finding["path"]
        below = [path, os.path.join(target, path)]
        finding["path"] = next((one for one in below if os.path.exists(os.path.join(folder, one))), path)
        return json.dumps(finding) + "\n"

    def past(self, repository):
        """Findings in history alone, under the paths that the labels know: below `data`, also before
        a rename moved them there."""
        scan = [self.quietus, "--quiet", "scan", repository, "--history-only", "--format", "jsonl", "--show-secrets", "--no-memory"]
        report = os.path.join(self.scratch, "past.json")
        with open(report, "w", encoding="utf8") as file:
            for line in subprocess.run(scan, stdout=subprocess.PIPE, check=False).stdout.splitlines():
                finding = json.loads(line)
                finding["path"] = finding["path"].removeprefix("old/")
                file.write(json.dumps(finding) + "\n")
        return self.converted("quietus", report, self.creddata)

    def score(self, found, *more):
        """The figures of the labelled repositories."""
        table = [sys.executable, self.scorer, "table", "truth.csv", f"it={found}", "--json", *more]
        return json.loads(subprocess.run(table, cwd=self.creddata, capture_output=True, check=True).stdout)["it"]


def shares(result):
    """The columns of the table."""
    def of(group):
        hit, missed = result["bygrp"].get(group, (0, 0))
        return hit / (hit + missed) if hit + missed else 0.0
    return [result["Plab"], result["Pmin"], result["R"], result["F1"], result["macroR"], *map(of, GROUPS)]


def row(name, figures):
    """One line of Markdown."""
    print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")


def labelled(bench):
    """Labelled repositories: precision and recall, all and by repository."""
    print("| creddata | P.lab | P.min | recall | F1 | macro recall | " + " | ".join(GROUPS) + " |")
    print("|---|---|---|---|---|---|---|---|---|")
    ours = None
    for name in bench.tools:
        found = bench.findings(name, bench.creddata, "data", [bench.creddata])
        result = bench.score(found)
        ours = ours or (found, result)
        row(name, shares(result))
    row("target", [0.9, 0, 0.75, 0.8, 0.7, 0.92, 0.8, 0.7])
    if bench.options.by_repository:
        by_repository(bench, *ours)


def by_repository(bench, found, result):
    """Each repository alone, and all others without it."""
    print("\n| without | its units | its recall | recall of the rest | P.lab of the rest |\n|---|---|---|---|---|")
    worst = [1.0, 1.0]
    for repository in sorted(result["byrepo"]):
        rest = os.path.join(bench.scratch, "rest")
        with open(rest, "w", encoding="utf8") as file:
            file.writelines(f"{other}\n" for other in result["byrepo"] if other != repository)
        others = bench.score(found, "--repos", rest)
        hit, missed = result["byrepo"][repository]
        print(f"| {repository} | {hit + missed} | {hit / (hit + missed):.3f} | {others['R']:.3f} | {others['Plab']:.3f} |")
        worst = [min(worst[0], others["R"]), min(worst[1], others["Plab"])]
    print(f"\nWithout the one that helps most: recall {worst[0]:.3f}, P.lab {worst[1]:.3f}\n")


def samples(bench):
    """Strings from the tests of other scanners."""
    folder = os.path.join(bench.options.truth, "samples")
    if not os.path.isdir(os.path.join(folder, "cases")):
        print("no samples/cases: make them with make_cases.py", file=sys.stderr)
        return
    print("\n| samples | recall | negatives fired |\n|---|---|---|")
    for name in bench.tools:
        found = bench.findings(name, folder, "cases", [os.path.abspath(folder)])
        asked = [sys.executable, bench.scorer, "samples", "samples.jsonl", "casemap.json", found, "--json"]
        total = json.loads(subprocess.run(asked, cwd=folder, capture_output=True, check=True).stdout)["TOTAL"]
        row(name, [total[1] / total[0], total[3] / total[2]])
    row("target", [0.92, 0.15])


def clean(bench):
    """What is found in packages of good repute, for each million bytes."""
    folder = os.path.abspath(bench.options.clean)
    files = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    megabytes = sum(os.path.getsize(file) for file in files if os.path.isfile(file)) / 1e6
    print(f"\n{megabytes:.0f} MB of clean trees: {', '.join(sorted(os.listdir(folder)))}\n")
    print("| false alarms a MB | with private keys | without |\n|---|---|---|")
    for name in bench.tools:
        with open(bench.findings(name, folder, "."), encoding="utf8") as file:
            found = [json.loads(line) for line in file]
        places = {(one["path"], one["line"], one["secret"]): one["rule"] for one in found}
        keys = [rule for rule in places.values() if any(word in rule.lower() for word in ("pem", "private", "ssh-", "pgp", "der-"))]
        row(name, [len(places) / megabytes, (len(places) - len(keys)) / megabytes])
    row("target", [0.5, 0.2])


def history(bench):
    """The same labels in history only: recall must be the tree's, whichever way they were removed."""
    repository = os.path.join(bench.options.truth, "history_repo")
    if not os.path.isdir(repository):
        repository = os.path.join(bench.scratch, "history_repo")
        maker = os.path.join(bench.creddata, "make_history.py")
        subprocess.run([sys.executable, maker, ".", repository], cwd=bench.creddata, stdout=subprocess.DEVNULL, check=True)
    with open(os.path.join(os.path.dirname(repository), "history_truth.csv"), encoding="utf8", newline="") as file:
        modes = {row["repo"]: row["mode"] for row in csv.DictReader(file)}
    tree = bench.score(bench.findings("quietus", bench.creddata, "data"))["byrepo"]
    past = bench.score(bench.past(repository))["byrepo"]
    print("\n| history, removed by | credentials | recall in the tree | recall in history |\n|---|---|---|---|")
    for mode in [*sorted(MODES), None]:
        repositories = [one for one in tree if mode in (modes[one], None)]
        units = sum(sum(tree[one]) for one in repositories)
        found = [sum(of[one][0] for one in repositories) / units if units else 0.0 for of in (tree, past)]
        print(f"| {MODES.get(mode, 'all')} | {units} | {found[0]:.4f} | {found[1]:.4f} |")


def main():
    """Every table that there is data for."""
    ask = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    ask.add_argument("--quietus", required=True, help="our program")
    ask.add_argument("--truth", required=True, help="the labelled data, unpacked")
    ask.add_argument("--clean", help="a folder of unpacked packages")
    ask.add_argument("--peers", action="append", default=[], help="where other scanners are installed")
    ask.add_argument("--by-repository", action="store_true", help="each labelled repository left out in turn")
    options = ask.parse_args()
    options.truth = os.path.abspath(options.truth)
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options, scratch)
        labelled(bench)
        samples(bench)
        if options.clean:
            clean(bench)
        history(bench)


if __name__ == "__main__":
    main()
