#!/usr/bin/env python3
"""Asks 200 issuers on loopback about 10,000 credentials: time, memory, connections, pace.

    benches/issuers.py --quietus target/release/quietus

Each issuer has a port, a rule and a list of tokens of its own; one token in five is live. The
figures are those of the issuers, who see every connection and when each call begins.
"""

import argparse
import asyncio
import collections
import json
import os
import random
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import timing

RULE = """
[[rule]]
id = "stand-in-{name}"
name = "Token of stand-in {name}"
severity = "high"
confidence = "high"
anchors = ["s{name}_"]
pattern = '(?P<secret>s{name}_[0-9a-f]{{24}})'
shape.parts = [ {{ lit = "s{name}_" }}, {{ chars = "0-9a-f", len = 24 }} ]

[rule.validate]
issuer = "stand-in-{name}"
endpoint = ""
self_hosted = true
path = "/me"
headers = {{ Authorization = "Bearer {{secret}}" }}
basis = "documented"
source = "https://stand-in.invalid/docs"
live = [ {{ name = "who am I", status = [200], json = [ {{ at = "/login" }} ] }} ]
dead = [ {{ name = "denied", status = [401], json = [ {{ at = "/message", is = "no" }} ] }} ]

[[rule.validate.answer]]
outcome = "dead"
status = 401
body = '{{"message":"no"}}'
source = "https://stand-in.invalid/docs"
"""

LIVE, DEAD = (200, b'{"login":"robot"}'), (401, b'{"message":"no"}')


class Issuers:
    """All issuers in one thread, and what they saw."""

    def __init__(self, count, context, live):
        self.context, self.live, self.count = context, live, count
        self.open = collections.Counter()
        self.at_once = collections.Counter()
        self.peak = self.peak_of_one = self.connections = 0
        self.began = collections.defaultdict(list)
        self.asked = collections.Counter()
        self.ports, self.ready = [], threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True).start()
        self.ready.wait()

    async def serve(self):
        for _ in range(self.count):
            server = await asyncio.start_server(self.connected, "127.0.0.1", 0, ssl=self.context)
            self.ports.append(server.sockets[0].getsockname()[1])
        self.ready.set()
        await asyncio.Event().wait()

    async def connected(self, reader, writer):
        port = writer.get_extra_info("sockname")[1]
        self.connections += 1
        self.open[port] += 1
        self.peak = max(self.peak, sum(self.open.values()))
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self.answer(port, head, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self.open[port] -= 1
            writer.close()

    async def answer(self, port, head, writer):
        self.began[port].append(time.perf_counter())
        self.at_once[port] += 1
        self.peak_of_one = max(self.peak_of_one, self.at_once[port])
        lines = [line for line in head.split(b"\r\n") if line.lower().startswith(b"authorization")]
        token = lines[0].split()[-1].decode()
        self.asked[token] += 1
        # An answer takes a while, so that calls can overlap at all.
        await asyncio.sleep(0.05)
        status, body = LIVE if token in self.live else DEAD
        writer.write(b"HTTP/1.1 %d -\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        self.at_once[port] -= 1


def certificate(folder):
    """A CA and a certificate for loopback, by openssl."""
    def run(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=stand-in")
    run(*new, "-keyout", "ca.key", "-out", "ca.pem", "-addext", "basicConstraints=critical,CA:TRUE")
    run("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", "leaf.key",
        "-out", "leaf.csr")
    with open(os.path.join(folder, "leaf.ext"), "w", encoding="ascii") as file:
        file.write("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    run("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
        "-CAcreateserial", "-out", "leaf.pem", "-extfile", "leaf.ext")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "leaf.pem"), os.path.join(folder, "leaf.key"))
    return context


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quietus", default="target/release/quietus")
    parser.add_argument("--issuers", type=int, default=200)
    parser.add_argument("--credentials", type=int, default=10_000)
    args = parser.parse_args()
    binary = os.path.abspath(args.quietus)
    with tempfile.TemporaryDirectory() as folder:
        timing.isolate(folder)
        dice = random.Random(7)
        names = [f"{number:03}" for number in range(args.issuers)]
        tokens = [
            f"s{names[number % len(names)]}_{dice.getrandbits(96):024x}"
            for number in range(args.credentials)
        ]
        live = set(tokens[:: 5])
        dice.shuffle(tokens)
        issuers = Issuers(args.issuers, certificate(folder), live)
        files = {name: os.path.join(folder, name) for name in ("rules", "config.toml", "leak.env")}
        os.mkdir(files["rules"])
        with open(os.path.join(files["rules"], "stand-in.toml"), "w", encoding="ascii") as file:
            file.write('[provider]\nid = "stand-in"\nname = "Stand-in"\n')
            file.write("".join(RULE.format(name=name) for name in names))
        with open(files["config.toml"], "w", encoding="ascii") as file:
            file.write("[issuers]\n")
            for name, port in zip(names, issuers.ports):
                file.write(f'stand-in-{name} = ["https://127.0.0.1:{port}"]\n')
            ca = json.dumps(os.path.join(folder, "ca.pem"))
            file.write(f'[validate]\nca_file = {ca}\nallow_private = ["127.0.0.0/8"]\n')
        with open(files["leak.env"], "w", encoding="ascii") as file:
            file.writelines(f"TOKEN={token}\n" for token in tokens)
        words = [binary, "--rules", files["rules"], "--config", files["config.toml"], "scan",
                 files["leak.env"], "--tree-only", "--format", "json"]
        log = os.path.join(folder, "log")
        plain = timing.once(timing.Contender("without asking", words, codes=(1,)), log)
        asking = timing.Contender("asking", [*words, "--validate"], codes=(6,))
        asked = timing.once(asking, log)
        report(args, issuers, tokens, plain, asked)


def report(args, issuers, tokens, plain, asked):
    missing = [token for token in tokens if issuers.asked[token] != 1]
    if missing:
        sys.exit(f"{len(missing)} credentials were not asked about exactly once")
    calls = [len(times) for times in issuers.began.values()]
    gaps = [b - a for times in issuers.began.values() for a, b in zip(times, times[1:])]
    windows = [times[at + 5] - times[at] for times in issuers.began.values()
               for at in range(len(times) - 5)]
    mebi = 1 << 20
    print(f"credentials, issuers          {args.credentials}, {args.issuers}")
    print(f"calls, of one issuer at most  {sum(calls)}, {max(calls)}")
    print(f"wall                          {asked.wall:.1f} s; without asking {plain.wall:.1f} s")
    print(f"least time the pace allows    {(max(calls) - 1) * 0.2:.1f} s")
    print(f"CPU                           {asked.cpu:.1f} s; without asking {plain.cpu:.1f} s")
    print(f"peak resident memory          {asked.resident / mebi:.0f} MiB; "
          f"without asking {plain.resident / mebi:.0f} MiB")
    print(f"connections made, at once     {issuers.connections}, {issuers.peak}")
    print(f"calls to one issuer at once   {issuers.peak_of_one}")
    print(f"time between two calls        median {sorted(gaps)[len(gaps) // 2] * 1000:.0f} ms; "
          f"least for five {min(windows) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
