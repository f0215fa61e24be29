"""A machine that watches the forge: its own home, its ledger on SQLite or PostgreSQL, and its bill."""

import json
import os
import shutil
import signal
import subprocess
import time

import forge as simulated


class Bill:
    """What a run cost: seconds, CPU of its own, CPU of the git that it ran."""

    def __init__(self, child, began):
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with open(f"/proc/{child.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        tick = os.sysconf("SC_CLK_TCK")
        user, system, git_user, git_system = (int(field) / tick for field in fields[11:15])
        self.seconds = time.monotonic() - began
        self.own, self.git, self.code = user + system, git_user + git_system, child.wait()

    def __add__(self, other):
        self.own, self.git = self.own + other.own, self.git + other.git
        return self


class Machine:
    """A home for the command."""

    def __init__(self, root, quietus, ledger=None, key=None):
        self.root, self.quietus, self.ledger = root, quietus, ledger
        for folder in ("home", "config/quietus", "data/quietus", "cache", "tmp"):
            os.makedirs(f"{root}/{folder}", exist_ok=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": f"{root}/home",
            "XDG_CONFIG_HOME": f"{root}/config",
            "XDG_DATA_HOME": f"{root}/data",
            "XDG_CACHE_HOME": f"{root}/cache",
            "TMPDIR": f"{root}/tmp",
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C.UTF-8",
        }
        if ledger:
            self.environment["QUIETUS_LEDGER"] = ledger
        made = [quietus, "init", *(["--key-from", key] if key else [])]
        subprocess.run(made, env=self.environment, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    @property
    def key(self):
        """The organisation's key."""
        return f"{self.root}/data/quietus/key"

    def watch(self, forge, more=""):
        """Configures the forge."""
        with open(f"{self.root}/token", "w", encoding="utf-8") as file:
            file.write(simulated.TOKEN + "\n")
        os.chmod(f"{self.root}/token", 0o600)
        host = forge.origin.removeprefix("https://")
        text = f"""{more}
[validate]
ca_file = "{forge.cert}"
allow_private = ["{host}"]
calls_per_second = 100
[[forge]]
name = "ours"
kind = "github"
api = "{forge.origin}/api/v3"
token_file = "{self.root}/token"
owners = ["fleet"]
"""
        with open(f"{self.root}/config/quietus/config.toml", "w", encoding="utf-8") as file:
            file.write(text)
        self.environment["GIT_SSL_CAINFO"] = forge.cert

    def start(self, *arguments, out=subprocess.DEVNULL, err=None):
        """Begins a command in a group of its own."""
        err = err or open(f"{self.root}/log", "ab")
        command = [self.quietus, *arguments]
        return subprocess.Popen(command, env=self.environment, stdout=out, stderr=err, cwd=self.root)

    def json(self, *arguments):
        """What a listing tells."""
        command = [self.quietus, *arguments, "--format", "json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, check=False, cwd=self.root)
        return json.loads(done.stdout or b"null")

    def night(self, *options, workers=1):
        """A night by so many processes: what it came to, and the bill of all."""
        with open(f"{self.root}/night.json", "wb") as out:
            began = time.monotonic()
            first = self.start("nightly", "--format", "json", "--log", "json", *options, out=out)
            others = [self.start("worker", "--log", "json", *options) for _ in range(workers - 1)]
            bill = Bill(first, began)
        for other in others:
            other.send_signal(signal.SIGTERM)
        for other in others:
            bill += Bill(other, began)
        with open(f"{self.root}/night.json", encoding="utf-8") as file:
            text = file.read()
        if not text:
            raise SystemExit(f"the night failed with {bill.code}; see {self.root}/log")
        return json.loads(text), bill

    def state(self):
        """Every item with its places, and which repositories were read whole, whatever came first."""
        items = set()
        for item in self.json("item", "list"):
            # Who saw a credential first may name its rule; all else may not hang on the order.
            places = {(at["path"], str(at["at_head"]), str(at["blob"])) for at in item["locations"]}
            repositories = tuple(sorted(item["repositories"]))
            items.add((item["fingerprint"], item["state"], repositories, tuple(sorted(places))))
        whole = {(one["repository"], one["complete"]) for one in self.json("repos", "list")}
        return items, whole


class Postgres:
    """A server of its own, on a socket."""

    def __init__(self, folder):
        found = shutil.which("initdb")
        base = "/usr/lib/postgresql"
        if not found:
            found = sorted(f"{base}/{one}/bin/initdb" for one in os.listdir(base))[-1]
        self.programs = os.path.dirname(os.path.realpath(found))
        self.folder, self.user = os.path.abspath(folder), []
        os.makedirs(self.folder)
        if os.getuid() == 0:
            self.user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(self.folder, "postgres")
        self.run("initdb", "-U", "quietus", "--auth=trust", "--encoding=UTF8", "-D", f"{self.folder}/data")
        self.start()

    def run(self, program, *arguments):
        """One of its programs."""
        command = [*self.user, f"{self.programs}/{program}", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self):
        """Begins, and waits until it answers."""
        options = f"-c listen_addresses='' -k {self.folder}"
        arguments = ["-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-o", options, "-w", "start"]
        self.run("pg_ctl", *arguments)

    def stop(self):
        """Ends it."""
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "fast", "-w", "stop")

    def database(self, name):
        """An empty database: its URL."""
        self.run("createdb", "-h", self.folder, "-U", "quietus", name)
        return f"postgres://quietus@localhost/{name}?host={self.folder}"
