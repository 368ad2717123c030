#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trips.py TARGET_PORT LOG HOLD_MS: a proxy of plain HTTP that counts round trips. Prints its port when it listens.

Each answer is held for so long that whatever a client asks without waiting for it has arrived. A line of LOG for each
request, "TRIP METHOD PATH STATUS": a request is in the trip after that of the latest answer that had gone out before."""
import http.client
import http.server
import sys
import threading
import time


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

    def forward(self):
        server = self.server
        trip, arrival = server.trips.next(), time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = http.client.HTTPConnection("127.0.0.1", server.target_port)
        target.request(self.command, self.path, body, dict(self.headers.items()))
        answer = target.getresponse()
        content = answer.read()
        target.close()
        time.sleep(max(0.0, arrival + server.hold - time.monotonic()))
        server.trips.answer(trip, f"{self.command} {self.path.split('?')[0]} {answer.status}")
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        if self.command != "HEAD" and answer.getheader("Content-Length") is None and answer.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = forward


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100  # a connection that finds no place is made a second later


def main(target_port, log, hold_ms):
    with open(log, "a") as file:
        server = Server(("127.0.0.1", 0), Handler)
        server.target_port, server.hold, server.trips = int(target_port), int(hold_ms) / 1e3, Trips(file)
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
