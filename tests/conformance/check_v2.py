"""The dialect of v2 held against a catalogue of the vendor's v2 operations.

Not part of the suite, as `check_v3.py` is not: run by `nox -s conformance`,
with THETATRIO_CATALOGUE naming the folder that has the catalogue as
`v2_endpoints.json`, beside v3's.
"""

import json
import os
from pathlib import Path

import msgspec
import pytest

import thetatrio.requests.v2
from thetatrio import requests
from thetatrio._rest import dialect_v2
from thetatrio._rest.decode import decoder_for
from thetatrio._rest.dialect import Target
from thetatrio._rest.pages import envelope_of
from thetatrio._rest.v2_rows import V2Rows
from thetatrio._rest.v2_table import ABSENT, MOMENTS, OPERATIONS
from thetatrio.testing import _v2_table as simulated

FOLDER = Path(os.environ["THETATRIO_CATALOGUE"])
CATALOGUE = {
    endpoint["path"]: endpoint
    for endpoint in json.loads(Path(FOLDER, "v2_endpoints.json").read_bytes())["endpoints"]
}
NEW = {
    endpoint["operation"]: endpoint
    for endpoint in json.loads(Path(FOLDER, "v3_endpoints.json").read_bytes())["endpoints"]
}
KNOWN = requests.operations() | thetatrio.requests.v2.operations()
CONTROL = {dialect_v2.MDDS_STATUS, dialect_v2.FPSS_STATUS, dialect_v2.SHUTDOWN}
# Sent or said by other means: part of the path, the form of the answer.
ELSEWHERE = {"sec", "req", "use_csv", "pretty_time"}
WORDS = {"{sec}": ("stock", "option", "index"), "{req}": ("trade", "quote", "{request_type}")}


def paths_of(template):
    """Return all paths that a catalogue's path can mean."""
    found = [template]
    for gap, words in WORDS.items():
        found = [path.replace(gap, word) for path in found for word in words]
    return set(found)


def ours(path):
    """Return the dialect's lines for a path of the catalogue, with their operations."""
    wanted = paths_of(path)
    return [
        (operation, old)
        for operation, several in OPERATIONS.items()
        for old in several
        if old.path in wanted
    ]


def test_all_of_the_vendors_operations_are_reachable():
    """Each of the 73 is a line of the dialect's table or a method of `session.terminal`."""
    assert len(CATALOGUE) == 73
    assert not [path for path in CATALOGUE if path not in CONTROL and not ours(path)]
    every = set().union(*map(paths_of, CATALOGUE))
    assert {old.path for several in OPERATIONS.values() for old in several} <= every
    assert set(OPERATIONS) <= set(KNOWN)


# Said by client code and not by the vendor's pages, or the other way round.
SAID_ELSEWHERE = {
    # The page demands a root, and says what happens without one.
    "/v2/list/contracts/option/{req}": set(),
}


@pytest.mark.parametrize("path", sorted(set(CATALOGUE) - CONTROL))
def test_parameters_are_the_vendors(path):
    """The dialect sends parameters that the vendor's page has, and can send all of them."""
    theirs = {parameter["name"] for parameter in CATALOGUE[path]["params"]} - ELSEWHERE
    said = set().union(*(old.parameters for _, old in ours(path)))
    assert said - theirs == SAID_ELSEWHERE.get(path, set())
    # End-of-day reports have no Greeks: what terms they would need says nothing there.
    pointless = (
        {"annual_div", "rate", "rate_value"} if path == "/v2/bulk_hist/option/eod" else set()
    )
    assert theirs - said <= pointless


def columns_of(operation):
    return [field.encode_name for field in msgspec.structs.fields(KNOWN[operation].row_type())]


@pytest.mark.parametrize("path", sorted(set(CATALOGUE) - CONTROL))
def test_every_column_is_found_or_known_to_be_absent(path):
    """Of each v3 column the dialect knows where it comes from among those that v2 sends."""
    theirs = set(CATALOGUE[path]["columns"] or ())
    for operation, old in ours(path):
        if old.scalar:
            continue
        fixed = {"symbol", "expiration", "strike", "right"}
        lost = {
            column
            for column in columns_of(operation)
            if column not in theirs | fixed and MOMENTS.get(column) not in theirs
        }
        assert lost <= set(ABSENT), operation


@pytest.mark.parametrize("path", sorted(set(CATALOGUE) - CONTROL))
def test_the_simulated_terminal_has_the_vendors_columns(path):
    """The simulator's v2 face sends each answer's columns, in the vendor's order."""
    endpoint = CATALOGUE[path]
    found = [simulated.REQUESTS[one] for one in paths_of(path) if one in simulated.REQUESTS]
    if path in simulated.FILES or path.endswith(("/split", "/dividend")):
        assert not found
        return
    if path == "/v2/snapshot/stock/trade":
        return  # contested: the vendor's page has the columns of a history
    assert found
    for request in found:
        assert list(request.columns) == endpoint["columns"]
        assert request.bulk == (endpoint["response_kind"] == "bulk")
        assert request.scalar == (endpoint["response_kind"] == "list_scalar")


def page_of(endpoint):
    """Return the sample as the terminal would send it."""
    sample = endpoint["sample"]
    if isinstance(sample, dict) and "response" in sample:
        sample = sample["response"]
    header = {"error_type": "null", "next_page": "null", "format": endpoint["columns"]}
    return json.dumps({"header": header, "response": sample}).encode()


SAMPLED = sorted(path for path in CATALOGUE if CATALOGUE[path].get("sample"))


def decoded(path, operation, old):
    """Return the rows that the sample of a path becomes."""
    fixed = {"symbol": "AAPL", "expiration": "2024-01-19", "strike": "170.000", "right": "CALL"}
    rows = V2Rows(columns_of(operation), "csv", scalar=old.scalar)
    if old.scalar == "path":
        content, envelope, kind = CATALOGUE[path]["sample"].encode(), None, "text/plain"
    else:
        content, kind = page_of(CATALOGUE[path]), "application/json"
        envelope = envelope_of(content)
    text = rows.head() + rows.rows(Target("", fixed), kind, content, envelope)
    decoder = decoder_for("csv", KNOWN[operation].row_type())
    return [*decoder.feed(text), *decoder.finish()]


@pytest.mark.parametrize("path", SAMPLED)
def test_every_sample_decodes(path):
    """Each documented sample becomes rows, as many as it has, with the sample's numbers."""
    endpoint = CATALOGUE[path]
    assert ours(path)
    for operation, old in ours(path):
        rows = decoded(path, operation, old)
        assert rows
        sample = endpoint["sample"]
        if old.scalar or endpoint["response_kind"] == "text_path":
            continue
        ticks = [t for item in sample for t in item["ticks"]] if old.bulk else sample
        assert len(rows) == len(ticks)
        for row, tick in zip(rows, ticks, strict=True):
            named = dict(zip(endpoint["columns"], tick, strict=True))
            for field in msgspec.structs.fields(type(row)):
                name = field.encode_name
                if name in named and name not in ("strike", "right", "expiration"):
                    assert getattr(row, field.name) == named[name], name


def as_kind(value):
    """Return what kind of value it is, whole numbers and others being numbers alike."""
    return float if isinstance(value, int) else type(value)


@pytest.mark.parametrize("path", [path for path in SAMPLED if ours(path)])
def test_v2_and_v3_samples_agree(path):
    """Where the vendor shows an operation in v2 and in v3, rows have the same types and scale."""
    for operation, old in ours(path):
        if operation not in NEW or not NEW[operation].get("sample"):
            continue
        text = NEW[operation]["sample"]["csv"].encode()
        decoder = decoder_for("csv", KNOWN[operation].row_type())
        new = [*decoder.feed(text), *decoder.finish()][0]
        mine = decoded(path, operation, old)[0]
        for name in mine.__struct_fields__:
            assert as_kind(getattr(mine, name)) is as_kind(getattr(new, name)), name
        for name, bound in (("delta", 1.0), ("dual_delta", 1.0), ("strike", 10_000)):
            for row in (mine, new):
                value = getattr(row, name, 0.0)
                assert value != value or abs(value) <= bound  # noqa: PLR0124
