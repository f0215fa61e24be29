"""Fetches every published version of a package, through the user's own registry clients.

No registry is named here: cargo, pip and npm are asked, each with the configuration it has, so
that a mirror, a proxy or a certificate set up for them serves as well. No package is built or run.
"""

import glob
import hashlib
import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor


class Unavailable(Exception):
    """A client is missing, or its registry does not answer."""


def semantic(version):
    """The order that Semantic Versioning 2.0.0 section 11 gives; build metadata has none."""
    numbers, _, early = version.partition("+")[0].partition("-")
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in early.split(".")]
    return [int(part) for part in numbers.split(".")], not early, parts


def run(*command, cwd=None):
    """What a client prints, or an error that quotes its last line."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Unavailable(f"{command[0]} is not installed") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Unavailable(f"{' '.join(command[:3])}: {last}")
    return done.stdout


class Crates:
    """Crates through cargo: `cargo info` of one version downloads and checks it."""

    key = staticmethod(semantic)

    def __init__(self, name):
        self.name = name
        self.home = os.environ.get("CARGO_HOME") or os.path.expanduser("~/.cargo")
        # Away from any project: a workspace would decide which version is meant.
        self.away = tempfile.mkdtemp(prefix="corpus-")
        run("cargo", "info", "--quiet", name, cwd=self.away)

    def versions(self):
        """Every version that is not yanked, from the index entry that cargo keeps."""
        found = {}
        for path in glob.glob(f"{self.home}/registry/index/*/.cache/**/{self.name}", recursive=True):
            with open(path, "rb") as entry:
                lines = [json.loads(part) for part in entry.read().split(b"\0") if part[:1] == b"{"]
            found.update({line["vers"]: None for line in lines if not line.get("yanked")})
        return found

    def fetch(self, wanted, folder):
        """Downloads each version and links it into the folder."""
        for version in wanted:
            archive = f"{self.name}-{version}.crate"
            cached = f"{self.home}/registry/cache/*/{archive}"
            if not glob.glob(cached):
                run("cargo", "info", "--quiet", f"{self.name}@{version}", cwd=self.away)
            with open(glob.glob(cached)[0], "rb") as source:
                keep(folder, version, source.read())


class Sdists:
    """Source archives through pip's own finder and session; `pip download` would run setup.py."""

    def __init__(self, name):
        try:
            from pip._internal.commands import create_command
            from pip._vendor.packaging.version import Version
        except ImportError as error:
            raise Unavailable("this Python has no pip") from error
        self.name, self.command, self.key = name, create_command("download"), Version

    def _with_session(self, action):
        with self.command.main_context():
            options, _ = self.command.parse_args(["--quiet", self.name])
            session = self.command.get_default_session(options)
            finder = self.command._build_package_finder(
                options=options, session=session, ignore_requires_python=True
            )
            return action(finder, session)

    def versions(self):
        """Every version with a source archive, and its address with the digest the index gives."""

        def list_all(finder, _session):
            found = {}
            for candidate in finder.find_all_candidates(self.name):
                link = candidate.link
                if not link.is_wheel and not link.is_yanked:
                    # Of several archives the compressed tar is wanted, whatever order they came in.
                    best = found.setdefault(str(candidate.version), link)
                    if (link.ext != ".tar.gz", link.filename) < (best.ext != ".tar.gz", best.filename):
                        found[str(candidate.version)] = link
            return found

        found = self._with_session(list_all)
        if not found:
            raise Unavailable(f"pip's index has no source archive of {self.name}")
        return found

    def fetch(self, wanted, folder):
        """Downloads a few at a time and checks each digest."""

        def get_all(_finder, session):
            def get(version):
                link = wanted[version]
                answer = session.get(link.url_without_fragment, headers={"Accept-Encoding": "identity"})
                answer.raise_for_status()
                if link.hash and hashlib.new(link.hash_name, answer.content).hexdigest() != link.hash:
                    raise Unavailable(f"{link.filename} is not what the index promises")
                keep(folder, version, answer.content)

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(get, wanted))

        self._with_session(get_all)


class Tarballs:
    """Packages through `npm pack`, which checks what it downloads."""

    key = staticmethod(semantic)

    def __init__(self, name):
        self.name = name

    def versions(self):
        """Every version npm's registry lists; a mirror may list the latest only."""
        return {version: None for version in json.loads(run("npm", "view", self.name, "versions", "--json"))}

    def fetch(self, wanted, folder):
        """Downloads in batches: starting npm costs more than most downloads."""
        wanted = list(wanted)
        for start in range(0, len(wanted), 25):
            batch = wanted[start : start + 25]
            with tempfile.TemporaryDirectory() as away:
                specs = [f"{self.name}@{version}" for version in batch]
                packed = json.loads(run("npm", "pack", "--json", "--ignore-scripts", *specs, cwd=away))
                for entry in packed:
                    with open(os.path.join(away, os.path.basename(entry["filename"])), "rb") as source:
                        keep(folder, entry["version"], source.read())


def keep(folder, version, content):
    """Writes an archive whole or not at all, so that an interrupted run can go on."""
    path = os.path.join(folder, version)
    with open(f"{path}.part", "wb") as part:
        part.write(content)
    os.replace(f"{path}.part", path)


def fetch_all(kind, name, last, folder):
    """Downloads every version up to `last` that is not in the folder yet; the versions in order."""
    os.makedirs(folder, exist_ok=True)
    client = {"crates": Crates, "pypi": Sdists, "npm": Tarballs}[kind](name)
    key, known = client.key, client.versions()
    published = sorted((v for v in known if key(v) <= key(last)), key=key)
    missing = {v: known[v] for v in published if not os.path.exists(os.path.join(folder, v))}
    print(f"  {len(published)} versions, {len(missing)} to download", flush=True)
    client.fetch(missing, folder)
    return published
