#!/usr/bin/env python3
"""How long pages take with many readers while somebody writes.

    cargo build --profile release -p quietus-web --example crowd
    benches/pages.py target/release/examples/crowd [ITEMS] [READERS] [SECONDS]
    LEDGER=sqlite:///… benches/pages.py target/release/quietus [ITEMS] [READERS] [SECONDS]

Serves a made-up ledger and appends twenty items every 0.3 seconds from another connection; or serves a
ledger that is there, which another process writes to (`quietus track` in a loop, say). Lets each
reader ask for one page after the other over a connection of its own. Times are from the request to the
last byte, in milliseconds, readers and server on the same machine. Beside them stands what the server
itself worked for one answer, which other programs of the machine do not change much; readers that never
pause wait for as many of those as there are readers for each core.
"""
import http.client
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

program, *rest = sys.argv[1:]
items, readers, seconds = (int(rest[at]) if len(rest) > at else default
                           for at, default in enumerate((10_000, 50, 15)))
ledger = os.environ.get("LEDGER")
command = [program, str(items), "0", "--writer"]
if ledger:
    command = [program, "serve", "--listen", "127.0.0.1:0", "--quiet", "--ledger", ledger]
server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def worked():
    """What the server has worked until now, in seconds of a core."""
    with open(f"/proc/{server.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


try:
    link = urlsplit(server.stdout.readline().strip())

    def connect():
        return http.client.HTTPConnection(link.hostname, link.port, timeout=60)

    door = connect()
    door.request("GET", f"{link.path}?{link.query}")
    answer = door.getresponse()
    answer.read()
    cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
    pages = {
        "board": lambda: "/",
        "board, searched": lambda: "/?q=production&severity=high",
        "board, last page": lambda: "/?show=all&page=200",
        "item": lambda: f"/items/V-{random.randint(1, items)}",
        "metrics": lambda: "/metrics",
        "repositories": lambda: "/repositories",
        "review": lambda: "/review?since=2025-01-01",
    }
    print(f"{items} items, {readers} readers, a writer; milliseconds; load before: {os.getloadavg()[0]:.1f}")
    print(f"{'page':18} {'median':>8} {'9 of 10':>8} {'99 %':>8} {'a second':>9} {'work':>7}")
    before, began = worked(), time.monotonic()
    time.sleep(5)
    idle = (worked() - before) / (time.monotonic() - began)
    print(f"without readers: {idle * 1000:.0f} ms of a core in a second", flush=True)
    for name, path in pages.items():
        times, failed, until = [], [], time.monotonic() + seconds
        before, began = worked(), time.monotonic()

        def read():
            connection = connect()
            while time.monotonic() < until:
                begin = time.perf_counter()
                connection.request("GET", path(), headers=cookie)
                answer = connection.getresponse()
                answer.read()
                times.append((time.perf_counter() - begin) * 1000)
                if answer.status != 200:
                    failed.append(answer.status)

        threads = [threading.Thread(target=read) for _ in range(readers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = worked() - before - idle * (time.monotonic() - began)
        cuts = statistics.quantiles(times, n=100)
        print(f"{name:18} {cuts[49]:8.1f} {cuts[89]:8.1f} {cuts[98]:8.1f} {len(times) / seconds:9.0f} "
              f"{took / len(times) * 1000:7.2f}"
              + (f"  {len(failed)} failed" if failed else ""), flush=True)
finally:
    server.terminate()
