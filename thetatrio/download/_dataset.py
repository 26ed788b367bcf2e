"""A dataset's folder: locked, checked against what is asked, extended part by part.

Everything here waits for the disk, so that it runs in worker threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import final

import msgspec

from thetatrio.download._files import (
    HashedFile,
    check_own_folder,
    clear_unfinished,
    hash_of,
    place_in,
    size_of,
)
from thetatrio.download._layout import (
    OWN_FOLDER,
    Contents,
    DatasetFormat,
    file_of,
    overlaps,
    settings_of,
)
from thetatrio.download._lock import FolderLock
from thetatrio.download._manifest import Manifest, OperationRecord, PartRecord
from thetatrio.errors import DecodeError, DownloadError, InvalidRequest
from thetatrio.requests import Request
from thetatrio.rows import Row

__all__ = ["Dataset"]


@final
class Dataset:
    """A dataset's folder. `close()` in any case."""

    def __init__(self, folder: Path, form: DatasetFormat) -> None:
        self.folder: Path = folder
        self.form: DatasetFormat = form
        self.manifest: Manifest = Manifest(folder)
        self._lock = FolderLock(folder / OWN_FOLDER / "lock")
        self._locked = False
        self._one_at_a_time = threading.Lock()

    def open(self, requests: Sequence[Request[Row]], contents: Iterable[Contents]) -> None:
        """Lock and read what is there; nothing is made where nothing is.

        Raises DownloadError where another download is at work there, or what
        is there does not go together with what is asked.
        """
        check_own_folder(self.folder)
        if (self.folder / OWN_FOLDER).is_dir():
            self._take_lock()
        if self.manifest.header is None and any(self.folder.glob("operation=*/*/*/*")):
            raise DownloadError(
                f"{self.folder} has data without a manifest, so that nobody can say what it is;"
                " give another folder, or take it away"
            )
        self._check(requests, contents)

    def begin(
        self, requests: Sequence[Request[Row]], contents: Iterable[Contents], *, simulated: bool
    ) -> None:
        """Make it ready for new parts.

        Raises DownloadError, before anything is written, where real and
        simulated data would be mixed.
        """
        if not self._locked:
            (self.folder / OWN_FOLDER).mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._check(requests, contents)  # another download may have been here since
        header = self.manifest.header
        if header is not None and header.simulated != simulated:
            there, here = ("simulated", "real") if header.simulated else ("real", "simulated")
            raise DownloadError(
                f"{self.folder} has data of a {there} terminal, and this one is {here}: they do"
                " not mix; give another folder"
            )
        clear_unfinished(self.folder)
        self.manifest.begin(self.form, simulated=simulated)
        known = self.manifest.operations
        new = {request.operation: settings_of(request) for request in requests}
        self.manifest.add(
            OperationRecord(name, settings) for name, settings in new.items() if name not in known
        )

    def _take_lock(self) -> None:
        self._lock.take()
        self._locked = True
        self.manifest.load()

    def _check(self, requests: Sequence[Request[Row]], contents: Iterable[Contents]) -> None:
        header = self.manifest.header
        if header is not None and header.format != self.form:
            raise DownloadError(
                f"{self.folder} is a dataset of {header.format} files, and {self.form} was asked"
                " for; give another folder"
            )
        asked: dict[str, dict[str, str]] = {}
        for request in requests:
            settings = settings_of(request)
            if asked.setdefault(request.operation, settings) != settings:
                raise InvalidRequest(
                    f"download: {request.operation} is asked with different parameters, whose rows"
                    " could not be told apart in one dataset"
                )
            problem = self.manifest.settings_problem(request.operation, settings)
            if problem is not None:
                raise DownloadError(
                    f"{self.folder} has {request.operation} with other parameters ({problem});"
                    " give another folder"
                )
        self._check_choices(contents)

    def _check_choices(self, contents: Iterable[Contents]) -> None:
        chosen: dict[tuple[str, str, str], set[str]] = {}
        for part in [*(each.part for each in contents), *self.manifest.parts]:
            if part.contracts:
                place = part.operation, part.symbol, part.date
                chosen.setdefault(place, set()).add(part.contracts)
        for (operation, symbol, date), contracts in chosen.items():
            both = overlaps(contracts) if len(contracts) > 1 else None
            if both is not None:
                raise InvalidRequest(
                    f"download: {operation} {symbol} {date}: {both[0]} and {both[1]} have contracts"
                    " in common, whose rows the dataset would have twice"
                )

    def missing(
        self, contents: Iterable[Contents], *, verify: bool, retry_failed: bool, force: bool
    ) -> list[Contents]:
        """Return what has to be asked for, in order."""
        found: list[Contents] = []
        for each in contents:
            record = self.manifest.parts.get(each.part)
            if each.request is None:
                continue
            if record is None:
                found.append(each)
                continue
            # What an earlier download asked for beyond this one's days stays.
            whole = each.covering(record.first, record.last)
            if (
                force
                or (whole.first, whole.last) != (record.first, record.last)
                or record.state == "pending"
                or (record.state == "failed" and retry_failed)
                or (record.state == "done" and not self._is_there(record, verify=verify))
            ):
                found.append(whole)
        return found

    def _is_there(self, record: PartRecord, *, verify: bool) -> bool:
        path = place_in(self.folder, record.file)
        try:
            if size_of(path) != record.bytes:
                return False
            return not verify or hash_of(path) == record.sha256
        except OSError:
            return False

    def settle(
        self, record: PartRecord, file: HashedFile | None, columns: tuple[str, ...]
    ) -> PartRecord:
        """Give a part's file its name, then note the part. Returns what was noted.

        Raises DecodeError where the file has other columns than those of its
        operation before it, OSError.
        """
        with self._one_at_a_time:
            operation = self.manifest.operations[record.operation]
            if file is not None and operation.columns and operation.columns != columns:
                raise DecodeError(
                    f"the columns were {', '.join(operation.columns)} in files before, and now"
                    f" they are {', '.join(columns)}"
                )
            if file is not None and not operation.columns:
                self.manifest.add([msgspec.structs.replace(operation, columns=columns)])
        if file is not None:
            place = file_of(record.part, self.form)
            file.commit(place_in(self.folder, place))
            record = msgspec.structs.replace(
                record, file=place, bytes=file.size, sha256=file.sha256
            )
        with self._one_at_a_time:
            before = self.manifest.parts.get(record.part)
            old = None
            if before is not None and before.file and not record.file:
                old = place_in(self.folder, before.file)
            self.manifest.add([record])
        if old is not None:
            old.unlink(missing_ok=True)
        return record

    def close(self) -> None:
        """Let others at it."""
        self.manifest.close()
        self._lock.release()
        self._locked = False
