#!/usr/bin/env python3
"""Makes real histories that anyone can rebuild: one commit for each published version of a package.

    corpora.py FOLDER [NAME...]     make these corpora, or all of them, under FOLDER
    corpora.py --list               what there is

Needs git, Python with pip, cargo and npm, and no network but the package registries. A run that
was interrupted goes on where it stopped. FOLDER gets NAME.git for each corpus, packed as a forge
packs, and for the one that `--list` marks with sizes NAME-1-16.git and so on: the same history cut
short, for the plot of growth. Archives are kept in FOLDER/archives and may be deleted afterwards.
"""

import argparse
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile

# Compiled modules would lie about in the source tree.
sys.dont_write_bytecode = True

import registries  # noqa: E402

# name: registry, package, last version, expected head. Before the last version nothing is published
# any more, so that the history is the same next year. The head stands for every byte of it.
CORPORA = {
    "clap": ("crates", "clap", "4.5.40", "f9adff223a8fef290b87f78600106e67c2b47b46"),
    "django": ("pypi", "Django", "5.1.15", "40df73f5f6bbee72dacca0b6753a5dbd9fb5992c"),
    "eslint": ("npm", "eslint", "9.39.0", "f07f2b622312234af730258fd74c082505ee4452"),
}
SIZED = "django"
SIZES = [(1, 16), (1, 8), (1, 4), (1, 2), (3, 4)]
FIRST_COMMIT = 1_000_000_000
DAY = 86_400
ISOLATED = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}


def git(*arguments, **options):
    """What git prints; the user's configuration must not change the ids."""
    done = subprocess.run(["git", *arguments], env=ISOLATED, stdout=subprocess.PIPE, check=True, **options)
    return done.stdout


def files_of(archive):
    """Path, mode and content of each file, without the folder that holds them all."""
    with open(archive, "rb") as source:
        raw = source.read()
    members = zip_members(raw) if raw[:2] == b"PK" else tar_members(raw)
    for name, mode, content in members:
        parts = [part for part in name.split("/") if part not in ("", ".")][1:]
        # Git refuses these, and a line end would have to be quoted.
        if parts and not any(p == ".." or p.lower() == ".git" or "\n" in p for p in parts):
            yield "/".join(parts), mode, content


def tar_members(raw):
    """Files and symbolic links of a tar archive, read without unpacking it to disk."""
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:*", errors="surrogateescape") as archive:
        for member in archive:
            if member.issym():
                yield member.name, "120000", member.linkname.encode(errors="surrogateescape")
            elif member.isfile():
                mode = "100755" if member.mode & 0o100 else "100644"
                yield member.name, mode, archive.extractfile(member).read()


def zip_members(raw):
    """Files of a zip archive."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                yield member.filename, "100644", archive.read(member)


class Writer:
    """Feeds `git fast-import`; each content is sent once."""

    def __init__(self, repository):
        # Everything is compressed again by the repack, so as little as possible here.
        command = ["git", "-C", repository, "-c", "core.compression=1", "-c", "fastimport.unpackLimit=0"]
        self.process = subprocess.Popen(
            [*command, "fast-import", "--quiet", "--done", "--depth=0"], env=ISOLATED, stdin=subprocess.PIPE
        )
        self.send, self.marks, self.commits = self.process.stdin.write, {}, 0

    def data(self, content):
        """A counted run of bytes."""
        self.send(b"data %d\n" % len(content))
        self.send(content)
        self.send(b"\n")

    def blob(self, content):
        """The mark of this content, sent first if it is new."""
        digest = hashlib.sha256(content).digest()
        mark = self.marks.get(digest)
        if mark is None:
            mark = self.marks[digest] = len(self.marks) + 1
            self.send(b"blob\nmark :%d\n" % mark)
            self.data(content)
        return mark

    def commit(self, message, tag, files):
        """One version: the whole tree replaced, a fixed author, a day after the one before."""
        entries = [(path, mode, self.blob(content)) for path, mode, content in files]
        stamp = b"Corpus <corpus@example.invalid> %d +0000\n" % (FIRST_COMMIT + self.commits * DAY)
        self.commits += 1
        self.send(b"commit refs/heads/main\nauthor " + stamp + b"committer " + stamp)
        self.data(message.encode())
        self.send(b"deleteall\n")
        for path, mode, mark in entries:
            quoted = path.replace("\\", "\\\\").replace('"', '\\"')
            self.send(b'M %s :%d "%s"\n' % (mode.encode(), mark, quoted.encode(errors="surrogateescape")))
        self.send(b"reset refs/tags/%s\nfrom refs/heads/main\n\n" % tag.encode())

    def finish(self):
        """Waits for git to have written it all."""
        self.send(b"done\n")
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit("git fast-import failed")


def fresh(repository):
    """An empty bare repository under a name that says it is unfinished."""
    part = f"{repository}.part"
    shutil.rmtree(part, ignore_errors=True)
    git("init", "--quiet", "--bare", "--initial-branch=main", part)
    return part


def pack(part, repository):
    """Packs as a forge does after a clean-up, and gives the repository its name."""
    git("-C", part, "repack", "-adfq", "--depth=50", "--window=10")
    git("-C", part, "pack-refs", "--all")
    shutil.rmtree(repository, ignore_errors=True)
    os.replace(part, repository)


def make(folder, name):
    """Downloads, commits and packs one corpus."""
    kind, package, last, expected = CORPORA[name]
    repository = os.path.join(folder, f"{name}.git")
    if not os.path.isdir(repository):
        archives = os.path.join(folder, "archives", name)
        versions = registries.fetch_all(kind, package, last, archives)
        if len(versions) < 2:
            raise registries.Unavailable(f"the registry serves {len(versions)} versions: no history")
        part = fresh(repository)
        writer = Writer(part)
        for version in versions:
            files = files_of(os.path.join(archives, version))
            writer.commit(f"{package} {version}\n", f"v{version}", files)
        writer.finish()
        print("  packing", flush=True)
        pack(part, repository)
    head = git("-C", repository, "rev-parse", "refs/heads/main").decode().strip()
    if expected and head != expected:
        print(f"  the head is {head}, was {expected}: the registry serves other versions now")
    return repository


def cut(folder, name):
    """The first part of a history, for each of the sizes."""
    whole = os.path.join(folder, f"{name}.git")
    commits = git("-C", whole, "rev-list", "--reverse", "refs/heads/main").decode().split()
    for part_of, of in SIZES:
        repository = os.path.join(folder, f"{name}-{part_of}-{of}.git")
        if not os.path.isdir(repository):
            part = fresh(repository)
            tip = commits[max(len(commits) * part_of // of, 1) - 1]
            # With the tags: git packs what they point at first, and all sizes shall be packed alike.
            tags = git("-C", whole, "for-each-ref", "--merged", tip, "--format=%(refname)", "refs/tags")
            same = [f"{tag}:{tag}" for tag in tags.decode().split()]
            git("-C", part, "fetch", "--quiet", "--no-tags", os.path.abspath(whole), *same)
            git("-C", part, "update-ref", "refs/heads/main", tip)
            pack(part, repository)
        describe(repository)


def describe(repository):
    """One line: commits, objects, bytes, and the id that stands for them."""
    command = ["git", "-C", repository, "cat-file", "--batch-all-objects", "--unordered", "--buffer"]
    command.append("--batch-check=%(objecttype) %(objectsize)")
    objects = blobs = size = 0
    with subprocess.Popen(command, env=ISOLATED, stdout=subprocess.PIPE) as listing:
        for line in listing.stdout:
            objects += 1
            if line.startswith(b"blob "):
                blobs, size = blobs + 1, size + int(line[5:])
    packs = os.path.join(repository, "objects", "pack")
    stored = sum(e.stat().st_size for e in os.scandir(packs) if e.name.endswith(".pack"))
    commits = git("-C", repository, "rev-list", "--count", "--all").decode().strip()
    head = git("-C", repository, "rev-parse", "refs/heads/main").decode().strip()
    print(
        f"{os.path.basename(repository)}: {commits} commits, {objects} objects, {blobs} blobs of "
        f"{size / 1e6:.0f} MB, pack {stored / 1e6:.1f} MB, head {head}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--list", action="store_true", help="name the corpora and stop")
    parser.add_argument("folder", nargs="?", help="where the corpora go")
    parser.add_argument("names", nargs="*", help="which corpora (default: all)")
    options = parser.parse_args()
    if options.list or not options.folder:
        for name, (kind, package, last, _) in CORPORA.items():
            print(f"{name}: {package} from {kind}, to {last}{', with sizes' if name == SIZED else ''}")
        return 0 if options.list else 2
    unknown = [name for name in options.names if name not in CORPORA]
    if unknown:
        parser.error(f"no such corpus: {', '.join(unknown)}")
    os.makedirs(options.folder, exist_ok=True)
    failed = 0
    for name in options.names or CORPORA:
        start = time.monotonic()
        print(f"{name}:", flush=True)
        try:
            describe(make(options.folder, name))
            if name == SIZED:
                cut(options.folder, name)
        except registries.Unavailable as error:
            failed = 1
            print(f"  left out: {error}", file=sys.stderr)
        print(f"  {time.monotonic() - start:.0f} s", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
