"""What is measured on: the facts of a repository, and repositories made for one question."""

import os
import shutil
import subprocess

ISOLATED = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
FILES, STAGED = 50_000, 10


def git(*arguments, **options):
    """What git prints."""
    done = subprocess.run(["git", *arguments], env=ISOLATED, stdout=subprocess.PIPE, check=True, **options)
    return done.stdout.decode(errors="replace").strip()


def stored(repository):
    """Bytes of the packs."""
    folder = os.path.join(git("-C", repository, "rev-parse", "--absolute-git-dir"), "objects", "pack")
    return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.name.endswith(".pack"))


def describe(repository):
    """Head, commits, objects, blobs and their bytes, pack bytes."""
    command = ["git", "-C", repository, "cat-file", "--batch-all-objects", "--unordered", "--buffer"]
    command.append("--batch-check=%(objecttype) %(objectsize)")
    facts = {"objects": 0, "commits": 0, "blobs": 0, "bytes": 0, "all": 0}
    with subprocess.Popen(command, env=ISOLATED, stdout=subprocess.PIPE) as listing:
        for line in listing.stdout:
            kind, size = line.split()
            facts["objects"] += 1
            facts["all"] += int(size)
            facts["commits"] += kind == b"commit"
            if kind == b"blob":
                facts["blobs"] += 1
                facts["bytes"] += int(size)
    return {**facts, "head": git("-C", repository, "rev-parse", "HEAD"), "pack": stored(repository)}


def export(repository, folder):
    """The files of the head, without a .git: no scanner shall take packs for sources."""
    if os.path.isdir(folder):
        return folder
    os.makedirs(f"{folder}.part")
    archive = subprocess.Popen(
        ["git", "-C", repository, "archive", "HEAD"], env=ISOLATED, stdout=subprocess.PIPE
    )
    subprocess.run(["tar", "-xf", "-", "-C", f"{folder}.part"], stdin=archive.stdout, check=True)
    if archive.wait() != 0:
        raise SystemExit("git archive failed")
    os.replace(f"{folder}.part", folder)
    return folder


def weigh(folder):
    """Files and bytes under a folder."""
    files = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    return len(files), sum(os.lstat(path).st_size for path in files)


def tiny(folder):
    """Three small files: what is left of a run is starting up."""
    os.makedirs(folder, exist_ok=True)
    for name, text in [("README", "A small tree.\n"), ("main.py", "print(1)\n"), ("a.toml", "a = 1\n")]:
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)
    return folder


def wide(folder):
    """A repository of many files, a few of them changed and staged."""
    if os.path.isdir(folder):
        return folder
    part = f"{folder}.part"
    shutil.rmtree(part, ignore_errors=True)
    git("init", "--quiet", "--initial-branch=main", part)
    stream = [b"commit refs/heads/main\ncommitter A <a@example.invalid> 1000000000 +0000\ndata 1\nx\n"]
    for number in range(FILES):
        text = b"".join(b"line %d of file %d\n" % (line, number) for line in range(20))
        stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (place(number).encode(), len(text), text))
    git("-C", part, "fast-import", "--quiet", input=b"".join(stream))
    git("-C", part, "reset", "--quiet", "--hard")
    changed = [place(number * (FILES // STAGED)) for number in range(STAGED)]
    for path in changed:
        with open(os.path.join(part, path), "a", encoding="ascii") as file:
            file.write("setting = changed\n")
    git("-C", part, "add", *changed)
    os.replace(part, folder)
    return folder


def place(number):
    """A path of the wide repository: 100 files a folder."""
    return f"part{number // 1000}/group{number // 100 % 10}/file{number}.txt"


def before(repository, folder, commits):
    """A copy of the head's history without its newest commits; also the two tips and their number.

    Follows first parents until so many commits are left out; a merge may make it a few more.
    """
    tip = git("-C", repository, "rev-parse", "HEAD")
    spine = git("-C", repository, "rev-list", "--first-parent", f"--max-count={commits + 1}", tip).split()
    low, high = 0, len(spine) - 1

    def count(at):
        return int(git("-C", repository, "rev-list", "--count", f"{spine[at]}..{tip}"))

    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if count(middle) >= commits else (middle + 1, high)
    base, left_out = spine[low], count(low)
    if not os.path.isdir(folder):
        git("init", "--quiet", "--bare", "--initial-branch=main", f"{folder}.part")
        take(f"{folder}.part", repository, base)
        git("-C", f"{folder}.part", "repack", "-adq", "--depth=50", "--window=10")
        os.replace(f"{folder}.part", folder)
    return base, tip, left_out


def take(repository, source, commit):
    """Fetches a commit into main, as one more pack."""
    allow = "uploadpack.allowAnySHA1InWant=true"
    git(
        "-C", repository, "-c", "fetch.unpackLimit=1", "fetch", "--quiet", "--no-tags",
        f"--upload-pack=git -c {allow} upload-pack", os.path.abspath(source), f"{commit}:refs/heads/main",
    )


def machine():
    """Class of the machine: name, processors, the instructions that matter, memory."""
    flags, name = set(), "unknown processor"
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
            for line in info:
                key, _, value = line.partition(":")
                if key.strip() in ("flags", "Features"):
                    flags |= set(value.split())
                elif key.strip() == "model name":
                    name = value.strip()
    except OSError:
        pass
    wanted = [flag for flag in ("avx2", "avx512bw", "sha_ni", "asimd", "sve") if flag in flags]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.uname().machine}, {name}, {os.cpu_count()} processors, {' '.join(wanted)}, {memory:.0f} GiB"
