"""thetatrio._files: temporary files that are never shared, and removed when nobody writes them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import thetatrio
from tests.network import answer, scripted
from tests.test_answer import history
from thetatrio import _files
from thetatrio._files import UnfinishedFile, local_path, remove_unfinished, sync_folder

POSIX = pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
CSV = b"timestamp,price\r\n2024-11-04T09:31:00,5728.56\r\n"

KILLED = """
import os, sys
from pathlib import Path
from thetatrio._files import UnfinishedFile
file = UnfinishedFile(Path(sys.argv[1]), "a.csv")
file.file.write(b"half")
file.file.flush()
print(file.path.name, flush=True)
if sys.argv[2] == "wait":
    sys.stdin.read()
os._exit(9)
"""


def process(folder, what):
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder), what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )


def test_two_writers_with_one_process_id_never_share_a_file(tmp_path, monkeypatch):
    """Two containers that save to one volume, both as process 1, write two temporary files."""
    monkeypatch.setattr(os, "getpid", lambda: 1)
    one, two = UnfinishedFile(tmp_path, "a.csv"), UnfinishedFile(tmp_path, "a.csv")
    assert one.path != two.path
    one.file.write(b"one")
    two.file.write(b"second")
    one.discard()
    assert two.path.exists()
    two.commit(tmp_path / "a.csv")
    two.discard()
    assert (tmp_path / "a.csv").read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["a.csv"]


def test_a_name_that_exists_is_not_opened(tmp_path, monkeypatch):
    """A file or a link under the random name is left alone, and another name is tried."""
    names = iter(["0" * 16, "1" * 16, "2" * 16])
    monkeypatch.setattr(_files.os, "urandom", lambda _: bytes.fromhex(next(names)))
    (tmp_path / f"a.csv.{'0' * 16}.part").write_bytes(b"somebody's")
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / f"a.csv.{'1' * 16}.part").symlink_to(victim)
    file = UnfinishedFile(tmp_path, "a.csv")
    file.file.write(b"mine")
    file.commit(tmp_path / "a.csv")
    assert (tmp_path / f"a.csv.{'0' * 16}.part").read_bytes() == b"somebody's"
    assert victim.read_bytes() == b"precious"


def test_no_free_name_is_an_error(tmp_path, monkeypatch):
    """When every random name is taken, creating the file fails instead of sharing one."""
    monkeypatch.setattr(_files.os, "urandom", bytes)
    first = UnfinishedFile(tmp_path, "a.csv")
    with pytest.raises(FileExistsError, match="no temporary name"):
        UnfinishedFile(tmp_path, "a.csv")
    first.discard()


def test_a_commit_that_fails_leaves_nothing(tmp_path):
    """A target that is a folder cannot be replaced; the temporary file is removed."""
    (tmp_path / "a.csv").mkdir()
    file = UnfinishedFile(tmp_path, "a.csv")
    with pytest.raises(OSError, match=r"a\.csv"):
        file.commit(tmp_path / "a.csv")
    file.discard()
    file.discard()
    assert os.listdir(tmp_path) == ["a.csv"]


@POSIX
def test_a_killed_writers_file_is_removed(tmp_path):
    """What a killed process left is removed by the next writer to the same target."""
    with process(tmp_path, "die") as child:
        name = child.stdout.readline().strip()
        assert child.wait(30) == 9
    assert os.listdir(tmp_path) == [name]
    remove_unfinished(tmp_path, "a.csv")
    assert os.listdir(tmp_path) == []


@POSIX
def test_a_live_writers_file_stays(tmp_path):
    """A file that another process is writing is not removed, however old it is."""
    with process(tmp_path, "wait") as child:
        name = child.stdout.readline().strip()
        os.utime(tmp_path / name, (0, 0))
        remove_unfinished(tmp_path, "a.csv")
        assert os.listdir(tmp_path) == [name]
        child.stdin.close()
        child.wait(30)
    remove_unfinished(tmp_path, "a.csv")
    assert os.listdir(tmp_path) == []


@POSIX
def test_only_files_with_our_names_are_removed(tmp_path):
    """Other targets' files, other names, links and folders stay."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    kept = ["b.csv.0123456789abcdef.part", "a.csv.part", "a.csv.1-1.part", "a.csv", "victim"]
    for name in kept:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / f"a.csv.{'1' * 16}.part").symlink_to(victim)
    (tmp_path / f"a.csv.{'2' * 16}.part").mkdir()
    os.mkfifo(tmp_path / f"a.csv.{'3' * 16}.part")
    (tmp_path / f"a.csv.{'4' * 16}.part").write_bytes(b"left")
    before = set(os.listdir(tmp_path))
    remove_unfinished(tmp_path, "a.csv")
    assert before - set(os.listdir(tmp_path)) == {f"a.csv.{'4' * 16}.part"}


@POSIX
def test_without_locks_age_decides(tmp_path, monkeypatch):
    """Where the file system has no locks, a file is left over after a day without a write."""

    def no_locks(*_):
        raise OSError(95, "not supported")

    monkeypatch.setattr(_files.fcntl, "flock", no_locks)
    file = UnfinishedFile(tmp_path, "a.csv")
    remove_unfinished(tmp_path, "a.csv")
    assert file.path.exists()
    day_ago = time.time() - _files.STALE_AFTER - 60
    os.utime(file.path, (day_ago, day_ago))
    remove_unfinished(tmp_path, "a.csv")
    assert not file.path.exists()
    with pytest.raises(FileNotFoundError):  # its writer learns it, and publishes nothing
        file.commit(tmp_path / "a.csv")
    file.discard()
    assert os.listdir(tmp_path) == []


@POSIX
@pytest.mark.parametrize("moment", ["holds it", "has removed it"])
def test_a_cleaner_between_creating_and_locking_costs_one_name(tmp_path, monkeypatch, moment):
    """A file that is taken for a leftover before it is locked is given up for another one."""
    flock, calls = _files.fcntl.flock, []

    def quicker(number, how):
        calls.append(number)
        if len(calls) > 1:
            return flock(number, how)
        if moment == "holds it":
            raise BlockingIOError
        for name in os.listdir(tmp_path):
            (tmp_path / name).unlink()
        return flock(number, how)

    monkeypatch.setattr(_files.fcntl, "flock", quicker)
    file = UnfinishedFile(tmp_path, "a.csv")
    assert len(calls) == 2
    file.file.write(b"whole")
    file.commit(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"whole"


def test_a_long_name_leaves_space_for_the_random_part(tmp_path):
    """A target whose name is as long as the file system allows can be written."""
    name = "ä" * 120 + ".csv"
    file = UnfinishedFile(tmp_path, name)
    file.commit(tmp_path / name)
    assert os.listdir(tmp_path) == [name]


def test_a_folder_that_is_not_there_is_no_reason_to_fail_twice(tmp_path):
    """Looking for leftovers in a missing folder is silent; creating the file is the error."""
    remove_unfinished(tmp_path / "none", "a.csv")
    with pytest.raises(FileNotFoundError):
        UnfinishedFile(tmp_path / "none", "a.csv")


def test_a_folder_that_cannot_be_read_is_not_flushed(tmp_path, monkeypatch):
    """A folder without read permission can be written to: its entries are then not flushed."""
    opened = []

    def denied(path, *_):
        opened.append(path)
        raise PermissionError

    monkeypatch.setattr(os, "open", denied)
    sync_folder(tmp_path)
    assert opened == [tmp_path]


async def test_save_removes_the_leftovers_of_killed_saves(tmp_path):
    """A save removes what killed saves to the same path left, and nothing of a live one."""
    live = UnfinishedFile(tmp_path, "a.csv")
    left = tmp_path / f"a.csv.{'4' * 16}.part"
    left.write_bytes(b"left")
    async with scripted(answer(CSV, content_type="text/csv")) as (_, session):
        await history(session).save(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == CSV
    assert not left.exists()
    assert live.path.exists()
    live.discard()


# ---------------------------------------------------------------- URLs are no paths


URLS = ["s3://bucket/x", "gs://b/x.csv", "file:///tmp/x.csv", "https://h/x.csv", "s3:/bucket/x"]


@pytest.mark.parametrize("url", [*URLS, Path("s3://bucket/x.csv")])
async def test_a_url_is_refused_before_anything_is_sent(tmp_path, monkeypatch, url):
    """`save` and `download` to a URL raise InvalidRequest that names it; no folder is made."""
    monkeypatch.chdir(tmp_path)
    async with scripted(answer(CSV)) as (script, session):
        query = history(session)
        for form in ("csv", "parquet"):
            with pytest.raises(thetatrio.InvalidRequest, match=r"save: .*:/.* is a URL"):
                await query.save(url, format=form)
        with pytest.raises(thetatrio.InvalidRequest, match="is a URL"):
            await session.file_query(query.request).save(url, format="csv")
        with pytest.raises(thetatrio.InvalidRequest, match=r"download: .*:/.* is a URL"):
            session.download(query, url)
        assert script.heads == []
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "path", ["C:/data/x.csv", "C:\\x.csv", "a:b.csv", "./s3:/x", "/tmp/x", b"x"]
)
def test_local_paths_are_taken(path):
    """Drives, colons in names and bytes are local paths."""
    assert local_path(path, "save") == os.fsdecode(path)
