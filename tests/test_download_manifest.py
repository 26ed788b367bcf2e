"""thetatrio.download._manifest: a manifest is untrusted input."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import zlib

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import thetatrio
from tests.test_download import eod, market, quotes, several, tree
from thetatrio.download import _layout
from thetatrio.download._manifest import Manifest, PartRecord
from thetatrio.testing import Status

POSIX = pytest.mark.skipif(os.name == "nt", reason="symbolic links")


def manifest_of(folder):
    return folder / "_thetatrio" / "manifest.ndjson"


def sealed(records):
    """Return a manifest's bytes with right checksums, as somebody who knows the format makes it."""
    before, made = 0, b""
    for record in records:
        text = json.dumps(record, separators=(",", ":")).encode()
        before = zlib.crc32(text, before)
        made += text[:-1] + b',"crc32":"%08x"}\n' % before
    return made


def records_of(folder):
    lines = [json.loads(line) for line in manifest_of(folder).read_bytes().splitlines()]
    return [{name: line[name] for name in line if name != "crc32"} for line in lines]


def loaded(folder):
    manifest = Manifest(folder)
    manifest.load()
    return manifest


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A dataset of quotes and daily bars, made once."""
    folder = tmp_path_factory.mktemp("dataset") / "data"

    async def main():
        async with market() as (_, session):
            await session.download(several(session), folder)

    trio.run(main)
    return folder


@pytest.fixture
def data(dataset, tmp_path):
    """A copy of the dataset, beside a file that is not to be touched."""
    (tmp_path / "precious.txt").write_text("keep")
    return shutil.copytree(dataset, tmp_path / "data")


def test_each_line_has_a_checksum_of_all_before_it(data):
    """The manifest is NDJSON whose last field is the CRC-32 of the lines so far."""
    assert sealed(records_of(data)) == manifest_of(data).read_bytes()
    assert len(loaded(data).parts) == 11


# ---------------------------------------------------------------- a manifest from elsewhere


def first_part(records):
    return next(record for record in records if record["line"] == "part")


def changed_part(**fields):
    return lambda records: first_part(records).update(fields)


def second_header(records):
    records.append(dict(records[0]))


def part_before_operation(records):
    part = first_part(records)
    records.remove(part)
    records.insert(1, part)


def other_settings(records):
    operation = dict(next(record for record in records if record["line"] == "operation"))
    records.append(operation | {"settings": {"interval": "1s"}})


def other_columns(records):
    operation = dict(next(record for record in records if record["line"] == "operation"))
    records.append(operation | {"columns": ["a"]})


def overlapping(records):
    part = dict(first_part(records))
    contracts = "expiration=2024-11-15&strike=*"
    date = _layout.DatasetPart(part["operation"], part["symbol"], part["date"], contracts)
    records.append(part | {"contracts": contracts, "file": _layout.file_of(date, "parquet")})


def month_beside_days(records):
    part = dict(first_part(records))
    date = _layout.DatasetPart(part["operation"], part["symbol"], "2024-10", part["contracts"])
    file = _layout.file_of(date, "parquet")
    records.append(part | {"date": "2024-10", "file": file})


def nothing_chosen(records):
    part = dict(first_part(records))
    date = _layout.DatasetPart(part["operation"], part["symbol"], part["date"])
    del part["contracts"]
    records.append(part | {"file": _layout.file_of(date, "parquet")})


HOSTILE = {
    "a file above": (changed_part(file="../precious.txt"), "not that of its part"),
    "an absolute file": (changed_part(file="/etc/passwd"), "not that of its part"),
    "a drive": (changed_part(file="C:\\precious.txt"), "not that of its part"),
    "dots inside": (changed_part(file="operation=x/../../precious.txt"), "not that of its part"),
    "another part's file": (changed_part(symbol="AAPL"), "not that of its part"),
    "days outside": (changed_part(last="2024-11-30"), "are not inside of"),
    "days backwards": (changed_part(first="2024-10-30", last="2024-10-29"), "are not inside of"),
    "no date": (changed_part(date="20241030"), "neither a day nor a month"),
    "no such date": (changed_part(date="2024-02-30"), "neither a day nor a month"),
    "no choice": (changed_part(contracts="x"), "chooses no contracts"),
    "done without file": (changed_part(file=""), "has no file"),
    "a file of a failure": (changed_part(state="failed"), "a part that is failed"),
    "a file without rows": (changed_part(rows=0), "without rows or bytes"),
    "a negative size": (changed_part(bytes=-1), "without rows or bytes"),
    "no hash": (changed_part(sha256="../x"), "without a hash"),
    "rows without file": (changed_part(state="no_data", file=""), "without a file"),
    "no such state": (changed_part(state="maybe"), "Invalid enum value"),
    "two headers": (second_header, "a second header"),
    "no header": (lambda records: records.pop(0), "no header before it"),
    "a part too early": (part_before_operation, "before that operation"),
    "other settings": (other_settings, "other parameters"),
    "other columns": (other_columns, "other columns"),
    "the same rows twice": (overlapping, "would be there twice"),
    "a month beside days": (month_beside_days, "another kind of part"),
    "all beside some": (nothing_chosen, "another kind of part"),
}


@pytest.mark.parametrize(("change", "problem"), HOSTILE.values(), ids=HOSTILE)
async def test_what_a_manifest_cannot_say_is_an_error(data, change, problem):
    """Right checksums do not help: paths, days, choices and states are checked for themselves."""
    records = records_of(data)
    change(records)
    manifest_of(data).write_bytes(sealed(records))
    before = tree(data.parent)
    async with market() as (terminal, session):
        terminal.faults.append(Status(code=472, text="No data"))
        with pytest.raises(thetatrio.DownloadError, match=problem):
            await session.download(several(session), data, force=True)
        assert not terminal.ledger.requests
    assert tree(data.parent) == before


@pytest.mark.parametrize(("version", "problem"), [(1, "before manifests had"), (9, "newer")])
def test_another_version_says_so(data, version, problem):
    """A manifest of a newer thetatrio, or of one without checksums, names the version."""
    records = records_of(data)
    records[0]["manifest"] = version
    manifest_of(data).write_bytes("\n".join(map(json.dumps, [*records, ""])).encode())
    with pytest.raises(thetatrio.DownloadError, match=problem):
        loaded(data)


def test_a_manifest_without_its_first_lines_is_damaged(data):
    """A manifest whose beginning is gone is not a shorter dataset."""
    lines = manifest_of(data).read_bytes().splitlines(keepends=True)
    manifest_of(data).write_bytes(b"".join(lines[1:]))
    with pytest.raises(thetatrio.DownloadError, match="line 1 is damaged"):
        loaded(data)


# ---------------------------------------------------------------- damage


def flip_bits(content, chance):
    made = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def delete_bytes(content, chance):
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.randint(1, 400) :]


def insert_bytes(content, chance):
    start = chance.randrange(len(content))
    return content[:start] + chance.randbytes(chance.randint(1, 40)) + content[start:]


def repeat_bytes(content, chance):
    start = chance.randrange(len(content))
    return content[: start + chance.randint(1, 400)] + content[start:]


def of_lines(change):
    def changed(content, chance):
        lines = content.splitlines(keepends=True)
        change(lines, chance, chance.randrange(len(lines)))
        return b"".join(lines)

    return changed


def merge(lines, chance, place):
    lines[place] = lines[place].rstrip(b"\n")[: chance.randrange(1, len(lines[place]))]


def swap(lines, chance, place):
    other = chance.randrange(len(lines))
    lines[place], lines[other] = lines[other], lines[place]


MUTATIONS = [
    flip_bits,
    delete_bytes,
    insert_bytes,
    repeat_bytes,
    of_lines(lambda lines, chance, place: lines.insert(chance.randrange(len(lines)), lines[place])),
    of_lines(lambda lines, chance, place: lines.pop(place)),
    of_lines(merge),
    of_lines(swap),
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(), mutations=st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=3))
def test_damage_is_an_error_or_a_shorter_journal(dataset, seed, mutations):
    """Whatever bytes change, a manifest is DownloadError, or is the beginning of what it was."""
    chance = random.Random(seed)
    content = manifest_of(dataset).read_bytes()
    mutated = content
    for mutation in mutations:
        mutated = mutation(mutated, chance) or b"x"
    manifest = Manifest(dataset)
    manifest._path = dataset.parent / "mutated"
    manifest._path.write_bytes(mutated)
    try:
        manifest.load()
    except thetatrio.DownloadError:
        return
    whole = list(loaded(dataset).parts.items())
    assert list(manifest.parts.items()) == whole[: len(manifest.parts)]


@pytest.mark.parametrize("seed", range(12))
async def test_a_damaged_dataset_is_completed_or_refused(data, dataset, seed):
    """A resumed download over damage raises DownloadError or ends with the same dataset."""
    chance = random.Random(seed)
    mutation = MUTATIONS[seed % len(MUTATIONS)]
    manifest_of(data).write_bytes(mutation(manifest_of(data).read_bytes(), chance))
    files = {name: digest for name, digest in tree(data).items() if "manifest" not in name}
    async with market() as (_, session):
        try:
            await session.download(several(session), data)
        except thetatrio.DownloadError:
            after = {name: digest for name, digest in tree(data).items() if "manifest" not in name}
            assert after == files
        else:
            assert tree(data) == tree(dataset)
    assert (data.parent / "precious.txt").read_text() == "keep"


# ---------------------------------------------------------------- links


@POSIX
@pytest.mark.parametrize("name", ["", "lock", "manifest.ndjson", "unfinished"])
@pytest.mark.parametrize("leads", ["somewhere", "nowhere"])
async def test_a_link_in_the_own_folder_is_refused(data, name, leads):
    """A link in place of the lock, manifest or own folder is an error; its target is untouched."""
    path = data / "_thetatrio" / name
    target = data.parent / "elsewhere"
    path.rename(target)
    if leads == "nowhere":
        target.rename(data.parent / "gone")
    path.symlink_to(target)
    before = tree(data.parent)
    async with market() as (terminal, session):
        with pytest.raises(thetatrio.DownloadError, match="is a symbolic link"):
            await session.download(quotes(session), data)
        assert not terminal.ledger.requests
    assert tree(data.parent) == before


@POSIX
@pytest.mark.parametrize("name", ["lock", "manifest.ndjson", "unfinished"])
async def test_something_else_in_the_own_folder_is_refused(data, name):
    """A named pipe in place of the lock or manifest is an error at once, and nothing hangs."""
    path = data / "_thetatrio" / name
    path.rename(data.parent / "elsewhere")
    os.mkfifo(path)
    async with market() as (_, session):
        with pytest.raises(thetatrio.DownloadError, match="is not a"):
            await session.download(quotes(session), data)


@POSIX
@pytest.mark.parametrize("leads", ["outside", "in a circle"])
async def test_a_folder_that_leads_out_of_the_dataset_is_refused(data, leads):
    """A part's folder that is a link to elsewhere is neither written to nor deleted from."""
    folder = data / "operation=stock_history_eod" / "symbol=AAPL"
    outside = data.parent / "outside"
    folder.rename(outside)
    folder.symlink_to(outside if leads == "outside" else folder)
    before = tree(outside)
    async with market() as (terminal, session):
        terminal.faults.append(Status(code=472, text="No data"))
        with pytest.raises(thetatrio.DownloadError, match="leads out of the dataset"):
            await session.download(eod(session), data)
        with pytest.raises(thetatrio.DownloadError, match="leads out of the dataset"):
            await session.download(eod(session), data, force=True)
    assert tree(outside) == before


@POSIX
async def test_a_link_in_place_of_a_parts_file_is_replaced(data, dataset):
    """A part's file that is a link is fetched again; what the link pointed to stays."""
    file = next((data / "operation=stock_history_eod").rglob("*.parquet"))
    outside = data.parent / "outside"
    file.rename(outside)
    file.symlink_to(outside)
    content = outside.read_bytes()
    async with market() as (_, session):
        report = await session.download(several(session), data)
    assert report.asked == 1
    assert not file.is_symlink()
    assert outside.read_bytes() == content
    assert tree(data) == tree(dataset)


@POSIX
async def test_a_dataset_may_be_reached_through_a_link(data, tmp_path):
    """A link to the whole dataset is how large disks are used, and works."""
    (tmp_path / "short").symlink_to(data)
    async with market() as (_, session):
        report = await session.download(several(session), tmp_path / "short", verify=True)
    assert (report.asked, report.done) == (0, 11)


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
async def test_a_manifest_new_of_earlier_versions_is_not_written_to(data, kind):
    """`manifest.new` is no name of the library's any more: a link there is not followed."""
    left = data / "_thetatrio" / "manifest.new"
    if kind == "file":
        left.write_bytes(b"half")
    elif kind == "link":
        left.symlink_to(data.parent / "precious.txt")
    else:
        left.mkdir()
    async with market() as (_, session):
        await session.download(several(session), data, force=True)
    assert left.exists() == (kind == "folder")
    assert (data.parent / "precious.txt").read_text() == "keep"


def test_names_of_months_and_days():
    """A part's days are its day, or all days of its month; anything else is no date."""
    assert _layout.days_of("2024-02") == (dt.date(2024, 2, 1), dt.date(2024, 2, 29))
    assert _layout.days_of("2024-11-04") == (dt.date(2024, 11, 4),) * 2
    for text in ("2024", "2024-13", "0000-01", "2024-11-4", "2024-W45-1", "2024-11-04x", ""):
        assert _layout.days_of(text) is None


def test_a_record_of_every_state_is_read_again(tmp_path):
    """What a download notes can be read, whatever became of the part."""
    part = PartRecord("a", "B", "2024-11-04", dt.date(2024, 11, 4), dt.date(2024, 11, 4), "failed")
    (tmp_path / "_thetatrio" / "unfinished").mkdir(parents=True)
    manifest = loaded(tmp_path)
    manifest.begin("csv", simulated=True)
    from thetatrio.download._manifest import OperationRecord

    manifest.add([OperationRecord("a", {})])
    manifest.add([part])
    manifest.close()
    assert list(loaded(tmp_path).parts.values()) == [part]
