#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""slow_link.py PORT TARGET_PORT ROUND_TRIP_MS MB_PER_SECOND [ADDRESS]: a way to a port of this machine as if it were far away.

Every connection's first byte waits a round trip more, as the handshake of TCP would; the rate is shared by all
connections, each way. Prints a line when it listens."""
import asyncio
import sys
import time

PIECE = 64 * 1024
WAITING_PIECES = 1024


class Line:
    """One way of the link."""

    def __init__(self, bytes_per_second, delay):
        self.bytes_per_second, self.delay, self.busy_until = bytes_per_second, delay, 0.0

    def arrival(self, size):
        self.busy_until = max(self.busy_until, time.monotonic()) + size / self.bytes_per_second
        return self.busy_until + self.delay

    async def carry(self, reader, writer):
        under_way = asyncio.Queue(WAITING_PIECES)
        delivering = asyncio.create_task(self.deliver(under_way, writer))
        try:
            while piece := await reader.read(PIECE):
                arrival = self.arrival(len(piece))
                await under_way.put((arrival, piece))
                # What the line has not sent yet is the sender's to keep.
                await asyncio.sleep(max(0.0, self.busy_until - time.monotonic() - 0.02))
        except ConnectionError:
            pass
        await under_way.put((time.monotonic() + self.delay, b""))
        await delivering

    @staticmethod
    async def deliver(under_way, writer):
        try:
            while True:
                arrival, piece = await under_way.get()
                await asyncio.sleep(max(0.0, arrival - time.monotonic()))
                if not piece:
                    writer.write_eof()
                    return
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, OSError):
            return


async def main(port, target, round_trip, bytes_per_second, address):
    up, down = (Line(bytes_per_second, round_trip / 2) for _ in range(2))

    async def connect(reader, writer):
        await asyncio.sleep(round_trip)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(up.carry(reader, far_writer), down.carry(far_reader, writer))
        writer.close()
        far_writer.close()

    server = await asyncio.start_server(connect, address, port)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    try:
        asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1e3, float(sys.argv[4]) * 1e6,
                         sys.argv[5] if len(sys.argv) == 6 else "127.0.0.1"))
    except KeyboardInterrupt:
        pass
