"""The command lines of what is compared: ours, other scanners, and the limits of the machine.

Every peer runs with network, validation and update checks off, and writes its findings to a file.
"""

import glob
import json
import os
import subprocess

from timing import Contender

# A string that no work tree holds, so that every byte is searched.
LITERAL = "zqxj" + "kvwzqxjkvw"


def locate(name, folders):
    """The program itself: a launcher script would be timed along with it."""
    path = os.environ.get("PATH", "").split(os.pathsep)
    for folder in [*folders, *path]:
        for base in (folder, os.path.join(folder, "bin"), os.path.dirname(folder)):
            wheel = f"{base}/lib/python3*/site-packages/*/bin/{name}"
            for found in [os.path.join(base, name), *sorted(glob.glob(wheel))]:
                if os.path.isfile(found) and os.access(found, os.X_OK) and not is_script(found):
                    return found
    return None


def is_script(path):
    """Whether the file is for an interpreter."""
    with open(path, "rb") as program:
        return program.read(2) == b"#!"


class Peers:
    """The scanners that are installed, each with a report file in the scratch folder."""

    def __init__(self, folders, scratch, threads):
        self.threads, self.scratch = str(threads), scratch
        self.paths = {name: locate(name, folders) for name in ("kingfisher", "betterleaks", "gitleaks")}
        self.rg = locate("rg", folders)

    def report(self, name):
        """Where a peer writes what it found."""
        return os.path.join(self.scratch, f"{name}.json")

    def versions(self):
        """What each says it is."""
        asked = {"kingfisher": "--version", "betterleaks": "version", "gitleaks": "version"}
        told = {}
        for name, path in self.paths.items():
            told[name] = said(path, asked[name]).replace(name, "").strip() if path else "not installed"
        told["git"] = said("git", "--version").replace("git version ", "")
        if self.rg:
            told["ripgrep"] = said(self.rg, "--version").replace("ripgrep ", "").split(" ")[0]
        return told

    def found(self, name):
        """How many findings the last run wrote, or None."""
        try:
            with open(self.report(name), encoding="utf-8") as report:
                if name == "kingfisher":
                    parts = [json.loads(line) for line in report if line.strip()]
                    return sum(len(part.get("findings", [])) for part in parts)
                whole = json.load(report)
                return len(whole if isinstance(whole, list) else whole["findings"])
        except (OSError, ValueError, KeyError, AttributeError):
            return None

    def of(self, options):
        """Contenders from {peer: arguments}, those installed."""
        return [
            # 200 and 205 are kingfisher's way to say that there are findings.
            Contender(name, [self.paths[name], *arguments], cwd=self.scratch, codes=(0, 200, 205))
            for name, arguments in options.items()
            if self.paths[name]
        ]

    def history(self, repository):
        """Every object or commit the peer reaches by default, all refs."""
        return self.of({
            "kingfisher": [*self.kingfisher("full"), "--git-repo-timeout", "0", repository],
            "betterleaks": ["git", *self.betterleaks(), repository],
            "gitleaks": ["git", *self.gitleaks(), "--log-opts=--full-history --all", repository],
        })

    def tree(self, folder):
        """The files of a folder."""
        return self.of({
            "kingfisher": [*self.kingfisher("none"), folder],
            "betterleaks": ["fs", *self.betterleaks(), folder],
            "gitleaks": ["dir", *self.gitleaks(), folder],
        })

    def staged(self, repository):
        """What is staged."""
        return self.of({
            "kingfisher": [*self.kingfisher("full"), "--staged", repository],
            "betterleaks": ["git", *self.betterleaks(), "--staged", repository],
            "gitleaks": ["git", *self.gitleaks(), "--staged", repository],
        })

    def kingfisher(self, history):
        """Options of every run of it."""
        report = ["-f", "json", "-o", self.report("kingfisher")]
        quiet = ["-q", "--no-update-check", "scan", "--no-validate", "-j", self.threads]
        return [*quiet, "--git-history", history, *report]

    def betterleaks(self):
        """Options of every run of it; it validates only on request."""
        return ["--no-banner", "-s", "-j", "0", "--exit-code", "0", "-o", self.report("betterleaks")]

    def gitleaks(self):
        """Options of every run of it; it has no network."""
        report = ["-f", "json", "-r", self.report("gitleaks")]
        return ["--no-banner", "-l", "error", "--exit-code", "0", *report]

    def literal(self, folder):
        """A search for one literal through the same files as a scan reads: hidden, ignored, binary."""
        if not self.rg:
            return []
        options = ["-j", self.threads, "-c", "--no-ignore", "--hidden", "-a"]
        return [Contender("rg", [self.rg, *options, LITERAL, folder], codes=(0, 1))]


def cat_file(repository):
    """Git's own reading of every object."""
    options = ["--batch-all-objects", "--batch", "--unordered", "--buffer"]
    return Contender("git cat-file", ["git", "-C", repository, "cat-file", *options])


def said(*command):
    """The first line a program prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return ((done.stdout or done.stderr).strip().splitlines() or ["?"])[0]
