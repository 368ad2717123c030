#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trips.py TARGET_PORT LOG HOLD_MS [token]: a proxy of plain HTTP that counts round trips. Prints its port when it listens.

Each answer is held for so long that whatever a client asks without waiting for it has arrived. A line of LOG for each
request, "TRIP METHOD PATH STATUS": a request is in the trip after that of the latest answer that had gone out before. With "token"
it wants a bearer token for each repository, which its own /token gives."""
import http.client
import http.server
import json
import sys
import threading
import time
import urllib.parse


class Trips:
    def __init__(self, log):
        self.lock, self.log, self.answered = threading.Lock(), log, 0

    def next(self):
        with self.lock:
            return self.answered + 1

    def answer(self, trip, line):
        with self.lock:
            self.answered = max(self.answered, trip)
            self.log.write(f"{trip} {line}\n")
            self.log.flush()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def forward(self, body):
        """Status, headers and content of the registry's answer."""
        target = http.client.HTTPConnection("127.0.0.1", self.server.target_port)
        target.request(self.command, self.path, body, dict(self.headers.items()))
        answer = target.getresponse()
        content = answer.read()
        target.close()
        return answer.status, answer.getheaders(), content

    def give_token(self):
        """A token is the list of what it allows."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        return 200, [("Content-Type", "application/json")], json.dumps({"token": "+".join(query.get("scope", []))}).encode()

    def challenge(self):
        """None where the token is for the repository that is asked for."""
        repository = self.path.split("?")[0][len("/v2/"):].rsplit("/blobs/", 1)[0].rsplit("/manifests/", 1)[0]
        if f"repository:{repository}:" in self.headers.get("Authorization", ""):
            return None
        challenge = f'Bearer realm="http://{self.headers["Host"]}/token",service="trips",scope="repository:{repository}:pull,push"'
        return 401, [("WWW-Authenticate", challenge)], b""

    def answer(self):
        server = self.server
        trip, arrival = server.trips.next(), time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if server.wants_token and self.path.startswith("/token"):
            status, headers, content = self.give_token()
        else:
            status, headers, content = (server.wants_token and self.challenge()) or self.forward(body)
        time.sleep(max(0.0, arrival + server.hold - time.monotonic()))
        server.trips.answer(trip, f"{self.command} {self.path.split('?')[0]} {status}")
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        has_length = any(name.lower() == "content-length" for name, _ in headers)
        if self.command != "HEAD" and not has_length and status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = answer


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100  # a connection that finds no place is made a second later


def main(target_port, log, hold_ms, token=""):
    with open(log, "a") as file:
        server = Server(("127.0.0.1", 0), Handler)
        server.target_port, server.hold, server.trips = int(target_port), int(hold_ms) / 1e3, Trips(file)
        server.wants_token = token == "token"
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
