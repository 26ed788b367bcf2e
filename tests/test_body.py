"""An answer's bytes: none lost, all in order, few held, and no slot kept by who does not read."""

import errno
import math
import tempfile

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from thetatrio._rest import body as module
from thetatrio._rest.body import READ_AHEAD, DirectBody, PumpedBody, SpoolRoom
from thetatrio._rest.limiter import HELD_BACK, Lane, Limiter
from thetatrio.errors import ConnectionLost, SessionClosed, SlowConsumer

pytestmark = pytest.mark.core

PIECES = [bytes([n]) * 10 for n in range(1, 13)]
CUT = ConnectionLost("cut")


class FakeReply:
    """Gives pieces, then the proven end or an error; a float is a wait, None one without end."""

    def __init__(self, *script):
        self.script = list(script)
        self.given = 0
        self.closed = 0

    async def receive(self):
        await trio.lowlevel.checkpoint()
        while self.script:
            step = self.script.pop(0)
            if step is None:
                await trio.sleep_forever()
            elif isinstance(step, Exception):
                raise step
            elif isinstance(step, bytes):
                self.given += 1
                return step
            else:
                await trio.sleep(step)
        return b""

    async def hand_to(self, take):
        while piece := await self.receive():
            await take(piece)

    async def aclose(self):
        self.closed += 1
        with trio.CancelScope(shield=True):
            await trio.lowlevel.checkpoint()


class Bench:
    """A pumped body over a fake reply, with a limiter of one slot and a spool of some room."""

    def __init__(self, nursery, *script, limit=1 << 30):
        self.nursery = nursery
        self.reply = FakeReply(*script)
        self.limiter = Limiter(1, None)
        self.room = SpoolRoom(limit)

    async def open(self):
        self.lease = await self.limiter.acquire(Lane.QUERY, counted=True)
        self.body = PumpedBody(self.reply, self.lease, self.room, self.nursery.start_soon)
        return self

    async def fill(self):
        """Let the pump read as far ahead as it goes."""
        await wait_all_tasks_blocked()

    async def spool(self):
        """Have the rest taken over as the limiter does it."""
        await self.fill()
        self.lease.spool()

    async def ended(self):
        await self.body._done.wait()

    async def read(self, pieces=math.inf):
        """Return the next bytes, piece by piece, and what ended them early."""
        got = []
        try:
            while len(got) < pieces and (chunk := await self.body.receive()):
                got.append(chunk)
        except (ConnectionLost, SlowConsumer, SessionClosed) as error:
            return got, error
        return got, None


@pytest.fixture
def small_memory(monkeypatch):
    """Spools go to their file after thirty bytes, and come back seven at a time."""
    monkeypatch.setattr(module, "IN_MEMORY", 30)
    monkeypatch.setattr(module, "PIECE", 7)


@pytest.fixture
def files(monkeypatch):
    """The temporary files that were made."""
    made = []

    def temporary_file(*args, **kwargs):
        made.append(make(*args, **kwargs))
        return made[-1]

    make = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", temporary_file)
    yield made
    for file in made:
        assert file.closed


# --- Read by the task that asked ---


async def direct(*script):
    limiter = Limiter(1, None)
    reply = FakeReply(*script)
    lease = await limiter.acquire(Lane.QUERY, counted=True)
    return DirectBody(reply, lease), reply, lease


async def test_a_direct_body_gives_its_slot_back_at_the_end():
    """The slot is free once the last byte has been read, and the end stays the end."""
    body, reply, lease = await direct(b"one", b"two")
    assert [await body.receive(), await body.receive(), lease.released] == [b"one", b"two", False]
    assert [await body.receive(), lease.released, await body.receive()] == [b"", True, b""]
    await body.aclose()
    assert reply.closed == 1


async def test_a_direct_body_that_is_left_gives_its_slot_back():
    """Closing ends the request after any error, and when cancelled."""
    body, reply, lease = await direct(b"one", CUT)
    await body.receive()
    with pytest.raises(ConnectionLost):
        await body.receive()
    assert not lease.released
    with trio.CancelScope() as scope:
        scope.cancel()
        await body.aclose()
    assert (reply.closed, lease.released) == (1, True)


# --- Read ahead by a task of its own ---


async def test_a_pumped_body_gives_all_bytes_in_order(autojump_clock):
    """What the terminal sent arrives as it was sent, and the end stays the end."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, PIECES[0], 1.0, *PIECES[1:], 5.0).open()
        assert await bench.read() == (PIECES, None)
        assert [await bench.body.receive() for _ in range(3)] == [b""] * 3
        assert (bench.lease.released, bench.reply.closed) == (True, 1)
        await bench.body.aclose()


async def test_no_more_is_read_ahead_than_stated(autojump_clock):
    """A reader that stops leaves READ_AHEAD pieces in the buffer and one in hand."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES).open()
        await trio.sleep(100)
        assert bench.reply.given == READ_AHEAD + 1
        await bench.body.receive()
        await trio.sleep(100)
        assert bench.reply.given == READ_AHEAD + 2
        assert not bench.lease.released
        assert await bench.read() == (PIECES[1:], None)


async def test_an_answer_that_fits_frees_its_slot_unread(autojump_clock):
    """A short answer holds no slot while its reader does something else."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES[:READ_AHEAD]).open()
        await bench.fill()
        assert bench.lease.released
        assert await bench.read() == (PIECES[:READ_AHEAD], None)


async def test_a_cancelled_receive_has_taken_nothing(autojump_clock):
    """However often a reader is cancelled while it waits, every byte comes once."""
    script = [step for piece in PIECES for step in (1.0, piece)]
    got = []
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *script).open()
        while True:
            with trio.move_on_after(0.25):
                if not (chunk := await bench.body.receive()):
                    break
                got.append(chunk)
    assert got == PIECES


async def test_an_error_comes_in_its_place(autojump_clock):
    """A cut is raised after the bytes before it, and again to whoever asks again."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES[:3], CUT).open()
        await bench.fill()
        assert (bench.lease.released, bench.reply.closed) == (True, 1)
        assert await bench.read() == (PIECES[:3], CUT)
        assert await bench.read() == ([], CUT)


async def test_leaving_the_session_is_no_end(autojump_clock):
    """A body whose task was cancelled with its session says so after the bytes it had."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES[:2], None).open()
        await bench.fill()
        nursery.cancel_scope.cancel()
    assert (bench.lease.released, bench.reply.closed) == (True, 1)
    assert bench.body._buffer
    got, error = await bench.read()
    assert got == PIECES[:2]
    assert isinstance(error, SessionClosed)


@pytest.mark.parametrize("read", [0, 1, 3, 12, 13])
@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize("started", [False, True])
async def test_closing_ends_everything_at_any_stage(read, cancelled, started, autojump_clock):
    """Closed before its task began, in the middle or after the end, nothing is left of it."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES).open()
        if started:
            await bench.fill()
        for _ in range(read):
            await bench.body.receive()
        with trio.CancelScope() as scope:
            if cancelled:
                scope.cancel()
            await bench.body.aclose()
        assert (bench.lease.released, bench.reply.closed) == (True, 1)
        await wait_all_tasks_blocked()
        assert not nursery.child_tasks
        await bench.body.aclose()
        assert (await bench.read())[0] == []


async def test_closing_wakes_a_reader(autojump_clock):
    """A reader that waits in another task when the body is closed is not left waiting."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, None).open()
        async with trio.open_nursery() as readers:

            async def read():
                got, error = await bench.read()
                assert got == []
                assert isinstance(error, SessionClosed)

            readers.start_soon(read)
            await bench.fill()
            await bench.body.aclose()


# --- Spooled, so that somebody else may have its slot ---


async def test_a_slot_that_is_wanted_is_freed_by_a_spool(autojump_clock):
    """A query asked by the very reader of a body gets its slot after half a second."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES).open()
        nursery.start_soon(bench.limiter.run)
        await trio.sleep(3)
        (await bench.limiter.acquire(Lane.QUERY, counted=True)).release()
        assert trio.current_time() == 3
        assert bench.limiter.statistics().spooled == 1
        assert await bench.read() == (PIECES, None)
        nursery.cancel_scope.cancel()


async def test_a_body_being_read_is_not_held_back(autojump_clock):
    """A reader that is slow and does not stop keeps its slot to the end."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES).open()
        nursery.start_soon(bench.limiter.run)
        async with trio.open_nursery() as waiters:
            waiters.start_soon(_wait_for_a_slot, bench.limiter)
            for piece in PIECES:
                await trio.sleep(HELD_BACK - 0.125)
                assert await bench.body.receive() == piece
        assert bench.limiter.statistics().spooled == 0
        nursery.cancel_scope.cancel()


async def _wait_for_a_slot(limiter):
    (await limiter.acquire(Lane.QUERY, counted=True)).release()


@pytest.mark.parametrize("error", [None, CUT])
async def test_order_is_kept_from_buffer_to_memory_to_file(error, small_memory, files):
    """Bytes come in order wherever they lay meanwhile, and what ended them comes last."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES, *([error] if error else [])).open()
        await bench.spool()
        await bench.ended()
        assert len(files) == 1
        assert bench.room.taken == 10 * (len(PIECES) - READ_AHEAD)
        got, ended_by = await bench.read()
        assert (b"".join(got), ended_by) == (b"".join(PIECES), error)
        assert bench.room.taken == 0
        assert (await bench.read()) == ([], error)
        await bench.body.aclose()
        assert bench.room.taken == 0


async def test_what_is_spooled_in_memory_needs_no_file(files, autojump_clock):
    """A rest that is small never touches the disk."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES).open()
        await bench.spool()
        await bench.fill()
        assert bench.lease.released
        assert await bench.read() == (PIECES, None)
        assert files == []


async def test_reading_along_gives_room_back(small_memory, files):
    """spool_limit bounds what lies unread, not what goes through."""
    script = [step for piece in PIECES * 20 for step in (piece, 0.0)]
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *script, limit=400).open()
        await bench.spool()
        most = 0
        got = []
        while chunk := await bench.body.receive():
            got.append(chunk)
            most = max(most, bench.room.taken)
        assert b"".join(got) == b"".join(PIECES * 20)
        assert most <= 400
        assert bench.room.taken == 0
        await bench.body.aclose()


@given(
    sizes=st.lists(st.integers(1, 40), min_size=6, max_size=40),
    steps=st.lists(st.integers(0, 3), max_size=40),
)
def test_order_is_kept_however_reader_and_terminal_alternate(sizes, steps):
    """Whoever is faster at any moment, the bytes read are the bytes sent."""
    pieces = [bytes([n]) * size for n, size in enumerate(sizes, 1)]
    script = []
    for n, piece in enumerate(pieces):
        script += [piece, *[0.0] * (steps[n] if n < len(steps) else 0)]

    async def run():
        async with trio.open_nursery() as nursery:
            bench = await Bench(nursery, *script).open()
            await bench.spool()
            got = []
            for pause in [*steps, *[0] * 10_000]:
                for _ in range(pause):
                    await trio.lowlevel.checkpoint()
                if not (chunk := await bench.body.receive()):
                    break
                got.append(chunk)
            assert b"".join(got) == b"".join(pieces)
            await bench.body.aclose()
            assert bench.room.taken == 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "IN_MEMORY", 50)
        patch.setattr(module, "PIECE", 16)
        trio.run(run)


async def test_a_cancelled_receive_of_a_spool_has_taken_nothing(small_memory, files):
    """Cancelled while it waits for the spool or its file, a reader finds every byte later."""
    script = [step for piece in PIECES for step in (piece, 0.002)]
    got = []
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *script).open()
        await bench.spool()
        for turn in range(10_000):
            with trio.CancelScope() as scope:
                if turn % 3:
                    scope.cancel()
                if turn % 3 == 2:
                    scope.deadline = trio.current_time() + 0.001
                if not (chunk := await bench.body.receive()):
                    break
                got.append(chunk)
        assert b"".join(got) == b"".join(PIECES)
        await bench.body.aclose()


async def test_a_full_spool_is_slow_consumer_after_what_fitted(autojump_clock):
    """At spool_limit the request is given up; the bytes before are all there."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES, None, limit=35).open()
        await bench.spool()
        await bench.fill()
        assert (bench.lease.released, bench.reply.closed) == (True, 1)
        got, error = await bench.read()
        assert got == PIECES[: READ_AHEAD + 3]
        assert isinstance(error, SlowConsumer)
        assert "spool_limit (35 bytes)" in str(error)
        await bench.body.aclose()
        assert bench.room.taken == 0


async def test_spools_share_their_room(autojump_clock):
    """The limit is one for all spools of a session."""
    async with trio.open_nursery() as nursery:
        first = await Bench(nursery, *PIECES, None, limit=100).open()
        second = Bench(nursery, *PIECES, None)
        second.room = first.room
        await second.open()
        await first.spool()
        await first.fill()
        await second.spool()
        await second.fill()
        assert first.room.taken == 100
        assert isinstance((await second.read())[1], SlowConsumer)
        await first.body.aclose()
        await second.body.aclose()
        assert first.room.taken == 0


class FullDisk:
    """A file on a disk that takes so many bytes, a few at a time."""

    def __init__(self, file, space):
        self._file, self._space = file, space

    def write(self, data):
        if not self._space:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = self._file.write(data[: min(self._space, 16)])
        self._space -= taken
        return taken

    def __getattr__(self, name):
        return getattr(self._file, name)


@pytest.mark.parametrize("space", [0, 40, 50])
async def test_a_full_disk_is_slow_consumer_after_what_fitted(
    space, small_memory, files, monkeypatch
):
    """What was kept before the disk was full is read in order, then SlowConsumer says why."""
    make = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *a, **k: FullDisk(make(*a, **k), space))
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES, None).open()
        await bench.spool()
        await bench.ended()
        got, error = await bench.read()
        # What did not fit is still in memory: 40 bytes went there, or as many after the file's.
        assert b"".join(got) == b"".join(PIECES[: READ_AHEAD + (8 if space >= 40 else 4)])
        assert isinstance(error, SlowConsumer)
        assert "No space left on device" in str(error)
        assert f"in {tempfile.gettempdir()}: set TMPDIR" in str(error)
        await bench.body.aclose()
        assert bench.room.taken == 0


async def test_a_disk_that_makes_no_files_is_slow_consumer(small_memory, monkeypatch):
    """Where no temporary file can be made at all, it is said so."""

    def refuse(*args, **kwargs):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES, None).open()
        await bench.spool()
        await bench.ended()
        got, error = await bench.read()
        assert b"".join(got) == b"".join(PIECES[: READ_AHEAD + 4])
        assert "No usable temporary directory" in str(error)
        assert "TMPDIR" in str(error)
        await bench.body.aclose()


async def test_a_machine_without_a_temporary_folder_names_the_remedy(
    small_memory, tmp_path, monkeypatch
):
    """In a read-only container without /tmp the error of an unread answer names TMPDIR."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "none")])
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES, None).open()
        await bench.spool()
        await bench.ended()
        _, error = await bench.read()
        assert isinstance(error, SlowConsumer)
        assert "in any of the usual folders: set TMPDIR" in str(error)
        await bench.body.aclose()


class BadDisk(FullDisk):
    """A file that takes everything and cannot be read."""

    def __init__(self, file, answer):
        super().__init__(file, 1 << 20)
        self._answer = answer

    def read(self, size):
        if self._answer is None:
            raise OSError(errno.EIO, "Input/output error")
        return self._answer


@pytest.mark.parametrize(("answer", "why"), [(None, "Input/output error"), (b"", "cut short")])
async def test_a_disk_that_cannot_be_read_is_slow_consumer(
    answer, why, small_memory, files, monkeypatch
):
    """Bytes that the disk lost are an error and never the end."""
    make = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *a, **k: BadDisk(make(*a, **k), answer))
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES).open()
        await bench.spool()
        await bench.ended()
        got, error = await bench.read()
        assert got == PIECES[:READ_AHEAD]
        assert isinstance(error, SlowConsumer)
        assert why in str(error)
        await bench.body.aclose()
        assert bench.room.taken == 0


@pytest.mark.parametrize("pieces_read", [0, 1, READ_AHEAD + 1, 100])
@pytest.mark.parametrize("ends", [True, False])
async def test_closing_a_spool_leaves_nothing(pieces_read, ends, small_memory, files):
    """Closed while spooling or after, its file, its room and its task are gone."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES * 4, *([] if ends else [None])).open()
        await bench.spool()
        for _ in range(min(pieces_read, READ_AHEAD + 30)):
            await bench.body.receive()
        await bench.body.aclose()
        assert (bench.room.taken, bench.lease.released, bench.reply.closed) == (0, True, 1)
        assert all(file.closed for file in files)
        await wait_all_tasks_blocked()
        assert not nursery.child_tasks
        await bench.body.aclose()
        assert bench.room.taken == 0


async def test_closing_waits_for_a_reader_at_the_file(small_memory, files):
    """A body closed by one task while another's thread reads the file raises nothing of files."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES * 40).open()
        await bench.spool()
        await bench.ended()
        seen = []

        async def read():
            seen.append(await bench.read())

        async with trio.open_nursery() as readers:
            readers.start_soon(read)
            for _ in range(20):
                await trio.lowlevel.checkpoint()
            await bench.body.aclose()
        ((got, error),) = seen
        assert b"".join(PIECES * 40).startswith(b"".join(got))
        assert error is None or isinstance(error, SessionClosed)
        assert bench.room.taken == 0


async def test_a_spool_taken_over_as_its_reader_reads(autojump_clock):
    """Reader and limiter may act in one moment, before the pump has seen either."""
    async with trio.open_nursery() as nursery:
        bench = await Bench(nursery, *PIECES).open()
        await bench.fill()
        first = await bench.body.receive()
        bench.lease.spool()
        got, error = await bench.read()
        assert ([first, *got], error) == (PIECES, None)
        await bench.ended()
