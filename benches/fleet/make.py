#!/usr/bin/env python3
"""Makes the repositories of a simulated forge out of real histories.

    make.py --into FOLDER --count 400 --clones CLONE... [--packages FOLDER]

A clone is any bare repository: a public one, or what `corpora.py` makes of published package versions.
Each is there whole, and cut into pieces: some hundred commits in a row with the trees, merges, dates and
messages that they have, the first of them bringing its whole tree, as a repository that was imported
does. Pieces borrow their objects from the clone, so that they cost next to no room here; who fetches them
gets them whole. Below --packages lie unpacked packages (`name-1.2.3`, as Cargo keeps them); a few names
make one small repository, a commit for each version.

Every seventh repository has a credential of nobody's planted in its last commit but a few; those last
commits are held back for the nights after the first. `fleet.json` says what was made.
"""

import argparse
import json
import os
import random
import re
import subprocess
import zlib

ISOLATED = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
HELD, EVERY = 25, 7
WHO = "Ann Author <ann@example.org>"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def git(*arguments, **options):
    """What git prints."""
    done = subprocess.run(["git", *arguments], env=ISOLATED, stdout=subprocess.PIPE, check=True, **options)
    return done.stdout.decode(errors="replace").strip()


def token(label):
    """A token of a real format that nobody has."""
    chance = random.Random(f"fleet {label}")
    body = "".join(chance.choice(LETTERS) for _ in range(30))
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = LETTERS[digit] + check
    return "gh" + "p_" + body + check


def commits(clone):
    """Every commit of the head, parents first: id, tree, parents, time, subject."""
    form = "--format=%H%x09%T%x09%P%x09%ct%x09%s"
    lines = git("-C", clone, "rev-list", "--topo-order", "--reverse", "--no-commit-header", form, "HEAD")
    for line in lines.splitlines():
        oid, tree, parents, time, subject = line.split("\t", 4)
        yield oid, tree, parents.split(), time, subject


class Import:
    """Feeds `git fast-import`."""

    def __init__(self, folder, borrowed=None):
        git("init", "-q", "--bare", "-b", "main", folder)
        git("-C", folder, "config", "gc.auto", "0")
        if borrowed:
            with open(f"{folder}/objects/info/alternates", "w", encoding="utf-8") as file:
                file.write(os.path.abspath(f"{borrowed}/objects") + "\n")
        self.folder, self.marks, self.name = folder, 0, f"{folder}/marks"
        self.child = subprocess.Popen(
            ["git", "-C", folder, "fast-import", "--quiet", f"--export-marks={self.name}"],
            env=ISOLATED,
            stdin=subprocess.PIPE,
        )

    def write(self, text):
        """Bytes or a line."""
        self.child.stdin.write(text if isinstance(text, bytes) else text.encode(errors="replace"))

    def data(self, content):
        """A counted run of bytes."""
        content = content if isinstance(content, bytes) else content.encode(errors="replace")
        self.write(f"data {len(content)}\n")
        self.write(content)
        self.write("\n")

    def commit(self, message, time, parents, tree=None, files=()):
        """A commit with a whole tree, or with files beside what its parent has; its mark."""
        self.marks += 1
        self.write(f"commit refs/heads/main\nmark :{self.marks}\ncommitter {WHO} {time} +0000\n")
        self.data(message)
        for which, parent in enumerate(parents):
            self.write(f"{'merge' if which else 'from'} :{parent}\n")
        if tree:
            self.write(f'M 040000 {tree} ""\n')
        for path, content in files:
            self.write(f"M 100644 inline {json.dumps(path)}\n")
            self.data(content)
        return self.marks

    def finish(self):
        """The ids by their marks."""
        self.child.stdin.close()
        if self.child.wait() != 0:
            raise SystemExit(f"git fast-import failed in {self.folder}")
        with open(self.name, encoding="utf-8") as file:
            pairs = [line.split() for line in file]
        os.remove(self.name)
        return {int(mark[1:]): oid for mark, oid in pairs}


def leak(label):
    """A file with a credential."""
    return ("deploy/settings.env", f"# settings of {label}\nSERVICE_TOKEN={token(label)}\n")


def piece(folder, clone, part, planted):
    """A repository of some commits in a row; the ids of its head now and later."""
    stream, marks = Import(folder, clone), {}
    held = max(len(part) - HELD, 1)
    head = None
    for number, (oid, tree, parents, time, subject) in enumerate(part, 1):
        known = [marks[parent] for parent in parents if parent in marks]
        if not known and marks:
            known = [1]
        if number > held and head and marks[part[number - 2][0]] in known:
            known = [head if mark == marks[part[held - 1][0]] else mark for mark in known]
        marks[oid] = stream.commit(subject, time, known, tree)
        if number == held:
            head = marks[oid]
            if planted:
                head = stream.commit("settings", time, [head], files=[leak(planted)])
    time = part[-1][3]
    after = [leak(f"{planted} again")] if planted and len(part) % 2 else []
    last = stream.commit("what the nights bring", time, [marks[part[-1][0]]], files=after)
    ids = stream.finish()
    git("-C", folder, "update-ref", "refs/heads/main", ids[head])
    return ids[head], ids[last]


def package(folder, sources, planted):
    """A repository of unpacked packages, a commit for each version."""
    stream, last, time = Import(folder), None, 1_400_000_000
    for source in sources:
        name = re.sub(r"-\d.*", "", os.path.basename(source))
        files = []
        for at, _, names in os.walk(source):
            for file in sorted(names):
                path = os.path.join(at, file)
                if os.path.islink(path) or os.path.getsize(path) > 4 << 20:
                    continue
                with open(path, "rb") as content:
                    files.append((f"{name}/{os.path.relpath(path, source)}", content.read()))
        time += 86_400
        last = stream.commit(os.path.basename(source), time, [last] if last else [], files=files)
    if planted:
        last = stream.commit("settings", time, [last], files=[leak(planted)])
    more = stream.commit("notes", time, [last], files=[("NOTES", f"notes of {folder}\n" * 40)])
    ids = stream.finish()
    git("-C", folder, "update-ref", "refs/heads/main", ids[last])
    return ids[last], ids[more]


def blob_bytes(folder, *revisions):
    """Bytes of all blobs, None when one is missing; what only partial clones lack."""
    listing = subprocess.Popen(
        ["git", "-C", folder, "rev-list", "--objects", "--missing=allow-any", *revisions],
        env=ISOLATED,
        stdout=subprocess.PIPE,
    )
    form = "--batch-check=%(objecttype) %(objectsize)"
    sizes = subprocess.run(
        ["sh", "-c", f"cut -c1-40 | git -C '{folder}' cat-file --buffer '{form}'"],
        env=ISOLATED,
        stdin=listing.stdout,
        stdout=subprocess.PIPE,
        check=True,
    )
    listing.wait()
    total = 0
    for line in sizes.stdout.splitlines():
        words = line.split()
        if words[-1] == b"missing":
            return None
        total += int(words[1]) if words[0] == b"blob" else 0
    return total


def whole(folder, clone):
    """The clone as it is: its head and its tags."""
    git("clone", "-q", "--bare", "--shared", "--single-branch", clone, folder)
    git("-C", folder, "config", "gc.auto", "0")
    branch = git("-C", folder, "symbolic-ref", "HEAD")
    head = git("-C", folder, "rev-parse", "HEAD")
    subprocess.run(["git", "-C", folder, "update-ref", "refs/heads/main", head], env=ISOLATED, check=True)
    git("-C", folder, "symbolic-ref", "HEAD", "refs/heads/main")
    if branch != "refs/heads/main":
        git("-C", folder, "update-ref", "-d", branch)
    before = git("-C", folder, "rev-list", "--first-parent", "--max-count=40", "main").splitlines()[-1]
    git("-C", folder, "update-ref", "refs/heads/main", before)
    return before, head


def plan(args):
    """What each repository is made of: whole histories, small ones of packages, pieces."""
    plans = [("whole", clone, None) for clone in args.clones][: max(args.count // 8, 1)]
    if args.packages:
        names = sorted(os.path.join(args.packages, name) for name in os.listdir(args.packages))
        chance, at = random.Random("packages"), 0
        for _ in range(int(args.count * 0.4)):
            many = 1 + min(int(chance.expovariate(0.5)), 9)
            if at + many <= len(names):
                plans.append(("packages", None, names[at : at + many]))
            at += many
    pieces, left = [], args.count - len(plans)
    for number, clone in enumerate(args.clones):
        every = list(commits(clone))
        share = left * (number + 1) // len(args.clones) - left * number // len(args.clones)
        for part in range(share):
            start, end = (len(every) * one // share for one in (part, part + 1))
            # A long tail: most are short, a few are long.
            end = max(end if part % 8 == 0 else start + min(end - start, 400), start + 2)
            pieces.append(("piece", clone, every[start:end]))
    return plans + pieces


def main():
    """Makes all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--into", required=True)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--clones", nargs="+", required=True)
    parser.add_argument("--packages")
    args = parser.parse_args()
    os.makedirs(args.into)
    made = []
    for number, (kind, clone, what) in enumerate(plan(args)):
        name = f"{kind}-{number:03}"
        folder = os.path.abspath(f"{args.into}/{name}.git")
        planted = name if number % EVERY == 3 else None
        if kind == "whole":
            head, later = whole(folder, clone)
        elif kind == "packages":
            head, later = package(folder, what, planted)
        else:
            head, later = piece(folder, clone, what, planted)
        size = blob_bytes(folder, head, later)
        if size is None:
            print(f"{name}: an object is missing in {clone}, left out")
            subprocess.run(["rm", "-rf", folder], check=True)
            continue
        brought = blob_bytes(folder, later, f"^{head}")
        made.append(
            {
                "name": name,
                "id": number + 1,
                "folder": folder,
                "head": head,
                "later": later,
                "bytes": size,
                "later_bytes": brought,
                "planted": planted,
            }
        )
        print(f"{name}: {size >> 20} MiB of blobs", flush=True)
    total = sum(one["bytes"] for one in made)
    print(f"{len(made)} repositories, {total / 1e9:.1f} GB of blobs")
    with open(f"{args.into}/fleet.json", "w", encoding="utf-8") as file:
        json.dump(made, file, indent=1)


if __name__ == "__main__":
    main()
