"""A stream of prepared WebSocket frames, so cheap that only clients are measured.

One port. A connection that begins with GET is a WebSocket, known by the last
word of its path, and told the status each second where the word before is
`status`. One that begins with `{` gives jobs: one JSON line each (a `Job`),
done for the WebSocket it names and answered with a line that says what was
sent (a `Sent`). So a client that lives through the whole run gets its messages
when it is its turn. Ends when its standard input does.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import sys
import threading
import time
from collections.abc import Iterator

import msgspec

from tests.benchmarks.stream_tape import CLOCK_MARK, CLOCK_RANGE, CONTRACTS, blocks, timed_quotes
from tests.benchmarks.turns import SERVER_CPU, pin

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
STATUS = b'{"header":{"type":"STATUS","status":"CONNECTED"}}'
ANSWER = (
    b'{"header":{"type":"REQ_RESPONSE","status":"CONNECTED","response":"SUBSCRIBED","req_id":%d}}'
)


class Job(msgspec.Struct):
    """What to send to a client: so many messages, or for so many seconds."""

    client: str
    count: int = 0
    seconds: float = 0.0
    rate: int = 0
    """Messages a second, each with its sending time; 0 is as fast as they are read."""


class Sent(msgspec.Struct):
    """What was sent."""

    messages: int
    quotes: int


class Command(msgspec.Struct):
    """The part of a client's command that its answer needs."""

    id: int = 0


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """Return a frame of the server's: whole and not masked."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload


class Tape:
    """All that is sent, framed once."""

    def __init__(self) -> None:
        found = blocks()
        # A block is one piece of some 64 KiB: cheap to send, and answers fit between two.
        self.pieces = [b"".join(frame(data) for _, data in block) for block in found]
        self.quotes = [sum(kind == "QUOTE" for kind, _ in block) for block in found]
        self.timed = []
        for before, after in timed_quotes():
            # Another time is as long as the mark, so the frame's head holds for all.
            whole = frame(b"%b%d%b" % (before, CLOCK_MARK, after))
            self.timed.append((whole[: len(whole) - len(after) - 10], after))


class Client:
    """A client's WebSocket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        # Answers come from one thread and messages from another; each sends whole frames.
        self.turn = threading.Lock()

    def send(self, data: bytes) -> None:
        with self.turn:
            self.connection.sendall(data)

    def handshake(self, request: bytes) -> None:
        _, *fields = request.split(b"\r\n")
        values = {
            name.strip().lower(): value.strip()
            for name, _, value in (field.partition(b":") for field in fields)
        }
        magic = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        digest = hashlib.sha1(values[b"sec-websocket-key"] + magic).digest()  # as the RFC has it
        self.connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % base64.b64encode(digest)
        )

    def answer(self, buffer: bytes) -> None:
        """Answer commands, pings and the close frame, until the client goes."""
        while True:
            answers = []
            found, buffer = split(buffer)
            for opcode, payload in found:
                if opcode == TEXT:
                    command = msgspec.json.decode(payload, type=Command)
                    answers.append(frame(ANSWER % command.id))
                elif opcode == PING:
                    answers.append(frame(payload, PONG))
                elif opcode == CLOSE:
                    self.send(b"".join(answers) + frame(payload, CLOSE))
                    return
            if answers:
                self.send(b"".join(answers))
            got = self.connection.recv(1 << 18)
            if not got:
                return
            buffer += got

    def blast(self, tape: Tape, job: Job) -> Sent:
        """Send whole blocks as fast as they are read."""
        ends = time.monotonic() + job.seconds
        messages = quotes = place = 0
        while messages < job.count if job.count else time.monotonic() < ends:
            self.send(tape.pieces[place])
            messages += CONTRACTS
            quotes += tape.quotes[place]
            place = (place + 1) % len(tape.pieces)
        return Sent(messages, quotes)

    def pace(self, tape: Tape, job: Job) -> Sent:
        """Send quotes at even intervals, each with the time of its own sending."""
        interval = 1_000_000_000 // job.rate
        due = time.monotonic_ns()
        for number in range(job.count):
            before, after = tape.timed[number % len(tape.timed)]
            # Sleeping would add the system's timer to the intervals; there is a
            # processor for this alone.
            while (now := time.monotonic_ns()) < due:
                pass
            self.send(b"%b%d%b" % (before, CLOCK_RANGE + now // 1000 % CLOCK_RANGE, after))
            due += interval
        return Sent(job.count, job.count)


def split(buffer: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Return the client's frames as opcode and payload, and what is left over."""
    found = []
    start = 0
    while len(buffer) - start >= 6:
        size = buffer[start + 1] & 0x7F
        head = start + 2
        if size == 126:
            size = int.from_bytes(buffer[head : head + 2], "big")
            head += 2
        if len(buffer) < head + 4 + size:
            break
        mask = int.from_bytes((buffer[head : head + 4] * (size // 4 + 1))[:size], "big")
        masked = int.from_bytes(buffer[head + 4 : head + 4 + size], "big")
        found.append((buffer[start] & 0x0F, (masked ^ mask).to_bytes(size, "big")))
        start = head + 4 + size
    return found, buffer[start:]


class Server:
    """The clients that are connected, and the jobs done for them."""

    def __init__(self) -> None:
        self.tape = Tape()
        self.clients: dict[str, Client] = {}
        self.told: list[Client] = []

    def meet(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection:
                buffer = connection.recv(65536)
                if buffer.startswith(b"{"):
                    self.work(connection, buffer)
                elif buffer:
                    self.stream(connection, buffer)
        except OSError:
            pass  # whoever it was has gone

    def stream(self, connection: socket.socket, buffer: bytes) -> None:
        while b"\r\n\r\n" not in buffer:
            buffer += connection.recv(65536)
        request, _, buffer = buffer.partition(b"\r\n\r\n")
        client = Client(connection)
        path, _, name = request.split(b" ")[1].decode().rpartition("/")
        self.clients[name] = client  # before the client can know that it is accepted
        client.handshake(request)
        if path.endswith("/status"):
            self.told.append(client)
        try:
            client.answer(buffer)
        finally:
            if client in self.told:
                self.told.remove(client)

    def work(self, connection: socket.socket, buffer: bytes) -> None:
        for line in lines(connection, buffer):
            job = msgspec.json.decode(line, type=Job)
            client = self.clients[job.client]
            sent = client.pace(self.tape, job) if job.rate else client.blast(self.tape, job)
            connection.sendall(msgspec.json.encode(sent) + b"\n")

    def tell(self) -> None:
        """Send the status each second to those who want it."""
        while True:
            time.sleep(1)
            for client in tuple(self.told):
                with contextlib.suppress(OSError):  # its own thread notices as well
                    client.send(frame(STATUS))


def lines(connection: socket.socket, buffer: bytes) -> Iterator[bytes]:
    while True:
        line, found, rest = buffer.partition(b"\n")
        if found:
            buffer = rest
            yield line
            continue
        got = connection.recv(65536)
        if not got:
            return
        buffer += got


def main() -> None:
    pin(SERVER_CPU)
    server = Server()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=server.meet, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    threading.Thread(target=server.tell, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
