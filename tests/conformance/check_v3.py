"""Every request and row held against a catalogue of the vendor's v3 operations.

Not part of the suite: the catalogue is not published with this project. Run
by `nox -s conformance`, with THETATRIO_CATALOGUE naming the folder that has
it as `v3_endpoints.json`.
"""

import copy
import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import thetatrio.requests
from thetatrio._rest.decode import decoder_for
from thetatrio.config import Tier
from thetatrio.errors import DecodeError

OPERATIONS = thetatrio.requests.operations()

# Samples in which the vendor's documentation contradicts itself. An entry that
# is no longer needed fails too.
SLIPS = {
    ("calendar_year", "ndjson"): "its first row is another day's, and the order is reversed",
}
# What may be given for `right` beside the documented words; terminals take them.
ALIASES = {"right": {"C", "P"}}


# Without the variable or the file, pytest cannot collect this module, and fails.
FILE = Path(os.environ["THETATRIO_CATALOGUE"], "v3_endpoints.json")
CATALOGUE = {
    endpoint["operation"]: endpoint for endpoint in json.loads(FILE.read_bytes())["endpoints"]
}


def as_text(value):
    """Return a default in the one spelling that both sides are compared in."""
    if isinstance(value, dt.time):
        return value.isoformat("seconds")
    return None if value is None else str(value)


def facts(endpoint, request):
    """Yield what the vendor says of an operation and what the library does, for those that differ.

    These are path, tier, whether it takes a slot, and whether the tier limits its history.
    """
    tier = {"professional": "pro"}.get(endpoint["tier"], endpoint["tier"])
    for name, theirs, ours in (
        ("path", endpoint["path"], request.path),
        ("tier", Tier(tier), request.tier),
        ("takes_slot", endpoint["counts_against_concurrency"], request.takes_slot),
        ("history_limited", endpoint["history_limited_by_tier"], request.history_limited),
    ):
        if theirs != ours:
            yield f"{name}: {theirs!r} at the vendor, {ours!r} here"


def parameters(endpoint, request):
    """Yield what differs between the vendor's parameters of an operation and the library's."""
    theirs = {p["name"]: p for p in endpoint["params"] if p["name"] != "format"}
    ours = {p.name: p for p in request.parameters()}
    if set(theirs) != set(ours):
        yield f"parameters that only one side has: {sorted(set(theirs) ^ set(ours))}"
    for name in sorted(set(theirs) & set(ours)):
        their, our = theirs[name], ours[name]
        default = their.get("default")
        if (their["required"] and default is None) != our.required:
            yield f"{name}: required is {their['required']} at the vendor, {our.required} here"
        if as_text(default) != as_text(our.default):
            yield f"{name}: default {default!r} at the vendor, {our.default!r} here"
        words = {str(word) for word in their.get("enum") or ()}
        extra = set(our.choices or ()) - ALIASES.get(name, set())
        if words != extra:
            yield f"{name}: words that only one side has: {sorted(words ^ extra)}"


def columns(endpoint, request):
    """Yield what differs between the vendor's columns and the row's fields."""
    theirs = {column["name"] for column in endpoint["columns"]}
    ours = {field.encode_name for field in msgspec.structs.fields(request.row_type())}
    if theirs != ours:
        yield f"columns that only one side has: {sorted(theirs ^ ours)}"


def samples(endpoint, request):
    """Yield what differs between the rows that each form of the vendor's sample decodes to.

    The terminal's fourth form, columns as older accounts get them, is made from the third.
    """
    texts = dict(endpoint["sample"])
    texts["columns"] = as_columns(json.loads(texts["json"]))
    rows = {}
    for form, text in texts.items():
        decoder = decoder_for("json" if form == "columns" else form, request.row_type())
        try:
            rows[form] = [*decoder.feed(text.encode()), *decoder.finish()]
        except DecodeError as problem:
            rows[form] = problem
    slips = {form for form in rows if (endpoint["operation"], form) in SLIPS}
    if not rows["json"]:
        yield "the sample has no rows"
    for form, found in rows.items():
        if (found != rows["json"] or isinstance(found, DecodeError)) != (form in slips):
            yield (
                f"the {form} sample has no slip any more: take it out of SLIPS"
                if form in slips
                else f"{form} gives {found!r}, and JSON gives {rows['json']!r}"
            )


def as_columns(document):
    """Return a JSON sample in the form that accounts from before 2025-10-31 get."""
    rows = []
    for item in document["response"]:
        if "data" in item:
            rows.extend({**item["contract"], **row} for row in item["data"])
        else:
            rows.append(item)
    return json.dumps({name: [row[name] for row in rows] for name in (rows or [{}])[0]})


ASPECTS = [facts, parameters, columns, samples]


@pytest.mark.parametrize("aspect", ASPECTS, ids=lambda aspect: aspect.__name__)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operation(operation, aspect):
    """An operation has the vendor's path, tier, parameters, columns, and reads its samples."""
    assert operation in CATALOGUE, "the vendor has no operation of this name"
    assert not list(aspect(CATALOGUE[operation], OPERATIONS[operation]))


def test_there_is_something_to_hold():
    """The library has operations, and each slip is of one of them."""
    assert OPERATIONS
    assert {operation for operation, _ in SLIPS} <= set(OPERATIONS)


def put(where, key, value):
    where[key] = value


def named(endpoint, name):
    return next(p for p in endpoint["params"] if p["name"] == name)


ALTERATIONS = {
    "another path": (facts, lambda e: put(e, "path", e["path"] + "s")),
    "another tier": (facts, lambda e: put(e, "tier", "free")),
    "no slot": (facts, lambda e: put(e, "counts_against_concurrency", False)),
    "unlimited history": (facts, lambda e: put(e, "history_limited_by_tier", False)),
    "a parameter more": (
        parameters,
        lambda e: e["params"].append({"name": "venue", "required": False}),
    ),
    "a parameter less": (parameters, lambda e: e["params"].remove(named(e, "strike"))),
    "required": (parameters, lambda e: put(named(e, "date"), "required", True)),
    "not required": (parameters, lambda e: put(named(e, "symbol"), "required", False)),
    "another default": (parameters, lambda e: put(named(e, "interval"), "default", "1m")),
    "another default time": (
        parameters,
        lambda e: put(named(e, "start_time"), "default", "09:30:01"),
    ),
    "a word more": (parameters, lambda e: named(e, "interval")["enum"].append("2h")),
    "a word less": (parameters, lambda e: named(e, "right")["enum"].remove("both")),
    "a column more": (columns, lambda e: e["columns"].append({"name": "vwap"})),
    "a column less": (columns, lambda e: e["columns"].pop()),
    "another price in CSV": (
        samples,
        lambda e: put(e["sample"], "csv", e["sample"]["csv"].replace("4.55", "4.56")),
    ),
    "another time in NDJSON": (
        samples,
        lambda e: put(e["sample"], "ndjson", e["sample"]["ndjson"].replace("09:31", "09:36")),
    ),
    "a row less in JSON": (samples, lambda e: put(e["sample"], "json", '{"response": []}')),
    "no JSON row": (
        samples,
        lambda e: put(e["sample"], "json", e["sample"]["json"].replace('"bid"', '"bet"')),
    ),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_each_alteration_is_found(name):
    """The check can fail: whatever of an operation is altered, the aspect it belongs to tells."""
    aspect, alter = ALTERATIONS[name]
    endpoint = copy.deepcopy(CATALOGUE["option_history_quote"])
    request = OPERATIONS["option_history_quote"]
    assert not list(aspect(endpoint, request))
    alter(endpoint)
    assert list(aspect(endpoint, request))


def run_with(folder, *arguments):
    """Run this file in a process of its own with another catalogue."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", __file__, "-q", "-p", "no:cacheprovider", *arguments],
        env={**os.environ, "THETATRIO_CATALOGUE": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_run_with_an_altered_catalogue_fails(tmp_path):
    """The whole run, from the variable to the exit code, fails for one altered path."""
    altered = copy.deepcopy(list(CATALOGUE.values()))
    for endpoint in altered:
        if endpoint["operation"] == "stock_history_eod":
            endpoint["path"] = "/v3/stock/history/eods"
    Path(tmp_path, "v3_endpoints.json").write_text(json.dumps({"endpoints": altered}))
    run = run_with(tmp_path, "-k", "test_operation and eod")
    assert run.returncode == 1, run.stdout
    assert "eods" in run.stdout


def test_a_run_without_the_catalogue_fails(tmp_path):
    """A folder that has no catalogue is a failure that names it, not an empty success."""
    run = run_with(tmp_path)
    assert run.returncode == 2
    assert str(tmp_path) in run.stdout
