"""A loopback server of prepared answers, so cheap that only clients are measured.

`year_holidays` is three rows; every other path is so many rows of quotes with
a Content-Length, in NDJSON or, where that is the second argument, in CSV. Ends
when its standard input does.
"""

from __future__ import annotations

import random
import socket
import sys
import threading

from tests.benchmarks.turns import SERVER_CPU, pin

BLOCK_ROWS = 10_000
SMALL = b"".join(
    b'{"date":"2024-%s","type":"full_close","open":null,"close":null}\n' % day
    for day in (b"01-01", b"07-04", b"12-25")
)


def block() -> bytes:
    """Return ten thousand rows with figures of a real day's shape."""
    chance = random.Random(3)
    lines = []
    for i in range(BLOCK_ROWS):
        second, ms = divmod(34_200_000 + i * 2340, 1000)
        minute, second = divmod(second, 60)
        hour, minute = divmod(minute, 60)
        fraction = f".{ms:03}".rstrip("0").rstrip(".")
        bid = round(chance.random() * 400, 2)
        lines.append(
            f'{{"symbol":"SPXW","ask_size":{chance.randrange(500)},"ask_condition":50,'
            f'"strike":{4000 + 5 * (i // 50)}.000,"right":"{("CALL", "PUT")[i // 25 % 2]}",'
            f'"bid_size":{chance.randrange(500)},"ask_exchange":{chance.randrange(70)},'
            f'"bid_exchange":{chance.randrange(70)},"ask":{bid + 0.5:.2f},'
            f'"expiration":"2024-11-08","bid":{bid:.2f},"bid_condition":50,'
            f'"timestamp":"2024-11-04T{hour:02}:{minute:02}:{second:02}{fraction}"}}\n'
        )
    return "".join(lines).encode()


def head(length: int, content_type: bytes = b"application/x-ndjson") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
        content_type,
        length,
    )


def answer_all(connection: socket.socket, rows: bytes, blocks: int, content_type: bytes) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = b""
    try:
        while True:
            while b"\r\n\r\n" not in buffer:
                got = connection.recv(65536)
                if not got:
                    return
                buffer += got
            request, _, buffer = buffer.partition(b"\r\n\r\n")
            if b"year_holidays" in request.partition(b"\r\n")[0]:
                connection.sendall(head(len(SMALL)) + SMALL)
            else:
                connection.sendall(head(len(rows) * blocks, content_type))
                for _ in range(blocks):
                    connection.sendall(rows)
    except OSError:
        pass
    finally:
        connection.close()


def main() -> None:
    pin(SERVER_CPU)
    blocks, content_type = int(sys.argv[1]) // BLOCK_ROWS, b"application/x-ndjson"
    if sys.argv[2:] == ["csv"]:
        from tests.benchmarks.frames import quotes

        blocks, rows, content_type = 1, quotes(int(sys.argv[1])), b"text/csv"
    else:
        rows = block()
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(
                target=answer_all, args=(connection, rows, blocks, content_type), daemon=True
            ).start()

    threading.Thread(target=accept, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
