"""A forge on loopback: an API that lists repositories by page, and git over smart HTTP, with faults.

What is asked is counted. A repository can be gone, forbidden, hang, be too busy for some requests, or end
whoever fetches it.
"""

import http.server
import json
import os
import ssl
import subprocess
import threading
import time
from collections import Counter

PAGE = 100
TOKEN = "word-of-the-simulated-forge"


def certificate(folder):
    """An authority, and a certificate for loopback that it signed: the files of both, and of the key."""
    os.makedirs(folder, exist_ok=True)
    ca, cert, key = (f"{folder}/{name}.pem" for name in ("ca", "cert", "key"))
    new = ["req", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    with open(f"{folder}/extensions", "w", encoding="utf-8") as file:
        file.write("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    for command in (
        [*new, "-x509", "-days", "30", "-subj", "/CN=fleet", "-keyout", f"{folder}/ca.key", "-out", ca],
        [*new, "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", f"{folder}/request"],
        ["x509", "-req", "-days", "30", "-in", f"{folder}/request", "-CA", ca, "-CAkey", f"{folder}/ca.key",
         "-CAcreateserial", "-extfile", f"{folder}/extensions", "-out", cert],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return ca, cert, key


class Server(http.server.ThreadingHTTPServer):
    """Who goes away in the middle, or is killed, is no news."""

    daemon_threads, request_queue_size = True, 64

    def handle_error(self, *_):
        pass


class Forge:
    """The server. `shown` maps the name that the API tells to what make.py made."""

    def __init__(self, folder, repositories):
        self.shown = {one["name"]: one for one in repositories}
        self.faults, self.api_faults, self.counts = {}, [], Counter()
        self.on_kill, self.over, self.lock = None, threading.Event(), threading.Lock()
        ca, cert, key = certificate(folder)
        self.server = Server(("127.0.0.1", 0), handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        # The handshake is for the thread of a connection: one that hangs holds up nobody.
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.cert, self.origin = ca, f"https://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def count(self, **figures):
        """Adds to what was asked."""
        with self.lock:
            self.counts.update(figures)

    def take(self):
        """What was asked since the last time."""
        with self.lock:
            counts, self.counts = self.counts, Counter()
        return counts

    def rename(self, old, new):
        """Moves a repository: its id stays."""
        self.shown = {new if name == old else name: one for name, one in self.shown.items()}

    def close(self):
        """Lets go of whoever hangs."""
        self.over.set()
        self.server.shutdown()


def handler(forge):
    """What answers for `forge`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        """One connection."""

        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body=b"", headers=()):
            """A whole answer; after an error nobody reads what is left of the question."""
            self.close_connection = status >= 400
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            """A page of the API, or the beginning of a fetch."""
            path, _, query = self.path.partition("?")
            if path == "/api/v3/orgs/fleet/repos":
                self.page(dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair))
            else:
                self.git(path, query)

        def do_POST(self):
            """A fetch."""
            path, _, query = self.path.partition("?")
            self.git(path, query)

        def page(self, query):
            """A page of the list."""
            forge.count(api=1)
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                return self.answer(401, b"{}")
            if forge.api_faults:
                return self.answer(*forge.api_faults.pop(0)())
            number = int(query.get("page", "1"))
            every = list(forge.shown.items())
            here = every[(number - 1) * PAGE : number * PAGE]
            told = [
                {
                    "id": one["id"],
                    "full_name": f"fleet/{name}",
                    "fork": False,
                    "archived": False,
                    "topics": [],
                    "clone_url": f"{forge.origin}/fleet/{name}.git",
                }
                for name, one in here
                if forge.faults.get(name) != "gone"
            ]
            headers = []
            if number * PAGE < len(every):
                following = f"{forge.origin}/api/v3/orgs/fleet/repos?per_page=100&page={number + 1}"
                headers.append(("Link", f'<{following}>; rel="next"'))
            return self.answer(200, json.dumps(told).encode(), headers)

        def git(self, path, query):
            """A repository, or what is wrong with it."""
            forge.count(git=1)
            name, _, rest = path.removeprefix("/fleet/").partition(".git/")
            one, fault = forge.shown.get(name), forge.faults.get(name)
            if not self.headers.get("Authorization", "").startswith("Basic "):
                return self.answer(401, headers=[("WWW-Authenticate", 'Basic realm="forge"')])
            if one is None or fault == "gone":
                return self.answer(404)
            if fault == "forbidden":
                return self.answer(403)
            if fault == "hang":
                return forge.over.wait()
            if fault == "kill":
                forge.on_kill(name)
                time.sleep(1)
                return self.answer(502)
            if isinstance(fault, list) and fault:
                return self.answer(fault.pop(0))
            return self.backend(one["folder"], rest, query)

        def body(self):
            """What was sent, in pieces or at once."""
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while length := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def backend(self, folder, rest, query):
            """git's own server."""
            sent = self.body() if self.command == "POST" else b""
            environment = {
                **os.environ,
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_PROJECT_ROOT": os.path.dirname(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": f"/{os.path.basename(folder)}/{rest}",
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(sent)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            child = subprocess.Popen(
                ["git", "http-backend"],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            threading.Thread(target=feed, args=(child.stdin, sent), daemon=True).start()
            status, headers = 200, []
            while line := child.stdout.readline().strip():
                name, _, value = line.decode().partition(": ")
                if name == "Status":
                    status = int(value.split()[0])
                else:
                    headers.append((name, value))
            self.send_response(status)
            for name, value in [*headers, ("Transfer-Encoding", "chunked")]:
                self.send_header(name, value)
            self.end_headers()
            try:
                while part := child.stdout.read1(1 << 18):
                    forge.count(bytes=len(part))
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")
            except OSError:
                child.kill()
                self.close_connection = True
            child.wait()

    return Handler


def feed(stdin, sent):
    """Gives a child its input."""
    try:
        stdin.write(sent)
        stdin.close()
    except OSError:
        pass
