"""Every request and row held against a catalogue of the vendor's v3 operations.

Not part of the suite: the catalogue is not published with this project. Run
by `nox -s conformance`, with THETATRIO_CATALOGUE naming the folder that has
it as `v3_endpoints.json`, and what only newer terminals have as
`v3_newer.json`.
"""

import ast
import copy
import datetime as dt
import json
import os
import re
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

# Samples in which the vendor's documentation contradicts itself, and what the
# library makes of such an answer. An entry that is no longer needed fails too.
SLIPS = {
    ("calendar_year", "ndjson"): (
        "its first row is another day's, and the order is reversed: rows come as they are sent"
    ),
    ("calendar_on_date", "ndjson"): (
        "another type of day than in the other forms: rows say what was sent"
    ),
    **dict.fromkeys(
        (("option_snapshot_market_value", form) for form in ("json", "ndjson", "columns")),
        "there is no timestamp, which CSV has: rows have None for it",
    ),
}
# Slips that the decoders see through: the sample must not parse as plain JSON, or have the text.
MENDED = {
    ("interest_rate_history_eod", "json"): "no comma between rows, each on its line",
    ("interest_rate_history_eod", "csv"): "spaces before dates, and 20251108 among dashed dates",
    ("calendar_year", "csv"): "blank lines",
}
# What may be given for `right` beside the documented words; terminals take them.
ALIASES = {"right": {"C", "P"}}


# Without the variable or the file, pytest cannot collect this module, and fails.
FOLDER = Path(os.environ["THETATRIO_CATALOGUE"])
CATALOGUE = {
    endpoint["operation"]: endpoint
    for endpoint in json.loads(Path(FOLDER, "v3_endpoints.json").read_bytes())["endpoints"]
}
NEWER = json.loads(Path(FOLDER, "v3_newer.json").read_bytes())


def newer_operation(newer):
    """Return an operation that the vendor's own library has, as the catalogue would have it.

    What is not known of it is taken from the operation whose columns it has.
    """
    elder = CATALOGUE.get(newer["columns_as"]) or {
        **CATALOGUE["option_flat_file_eod"], "columns": [],
    }  # fmt: skip
    words = {p["name"]: p["enum"] for p in elder.get("params", ()) if "enum" in p}
    params = [
        {
            "name": p["name"],
            "required": p["required"],
            "default": None if p["default"] is None else ast.literal_eval(p["default"]),
            "enum": words.get(p["name"]),
        }
        for p in newer["params"]
    ]
    return {
        **elder,
        "operation": newer["operation"],
        "path": newer["path_inferred"],
        "params": params,
    }


assert len(CATALOGUE) == 66
CATALOGUE |= {newer["operation"]: newer_operation(newer) for newer in NEWER["newer_operations"]}
# Older terminals ignore these, so the library sends them only when they are given.
for newer in NEWER["newer_parameters"]:
    CATALOGUE[newer["operation"]]["params"] += [
        {"name": p["name"], "required": False} for p in newer["params"]
    ]


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
    """Yield what differs between the vendor's columns and the row's fields, or the file's."""
    if request.flat_file:
        if tuple(column["name"] for column in endpoint["columns"]) != request.columns:
            yield f"columns: {endpoint['columns']} at the vendor, {request.columns} here"
        return
    theirs = {column["name"] for column in endpoint["columns"]}
    ours = {field.encode_name for field in msgspec.structs.fields(request.row_type())}
    if theirs != ours:
        yield f"columns that only one side has: {sorted(theirs ^ ours)}"


def samples(endpoint, request):
    """Yield what differs between the rows that each form of the vendor's sample decodes to.

    The terminal's fourth form, columns as older accounts get them, is made from the third.
    """
    if request.flat_file:
        if endpoint["sample"]:
            yield "there is a sample now: hold it"
        return
    operation, texts = endpoint["operation"], dict(endpoint["sample"])
    if (operation, "json") not in MENDED:
        texts["columns"] = as_columns(json.loads(texts["json"]))
    rows = {}
    for form, text in texts.items():
        decoder = decoder_for("json" if form == "columns" else form, request.row_type())
        try:
            rows[form] = [*decoder.feed(text.encode()), *decoder.finish()]
        except DecodeError as problem:
            rows[form] = problem
    slips = {form for form in rows if (operation, form) in SLIPS}
    chosen = next(form for form in ("json", "csv", "ndjson") if form not in slips)
    if not rows[chosen]:
        yield "the sample has no rows"
    for form, found in rows.items():
        if (found != rows[chosen] or isinstance(found, DecodeError)) != (form in slips):
            yield (
                f"the {form} sample has no slip any more: take it out of SLIPS"
                if form in slips
                else f"{form} gives {found!r}, and {chosen} gives {rows[chosen]!r}"
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
@pytest.mark.parametrize("operation", CATALOGUE)
def test_operation(operation, aspect):
    """An operation has the vendor's path, tier, parameters, columns, and reads its samples."""
    assert operation in OPERATIONS, "the library has no operation of this name"
    assert not list(aspect(CATALOGUE[operation], OPERATIONS[operation]))


def test_the_library_has_the_vendors_operations_and_no_others():
    """Both lists are there whole, and only what is newer says so. Each slip is of an operation."""
    assert set(OPERATIONS) == set(CATALOGUE)
    newer = {operation["operation"] for operation in NEWER["newer_operations"]}
    assert {name for name, request in OPERATIONS.items() if request.since} == newer
    assert {operation for operation, _ in (*SLIPS, *MENDED)} <= set(OPERATIONS)


@pytest.mark.parametrize(("operation", "form"), MENDED)
def test_slips_that_are_seen_through_are_there(operation, form):
    """Each slip that decoders see through is still in the vendor's sample."""
    text = CATALOGUE[operation]["sample"][form]
    if form == "json":
        with pytest.raises(ValueError, match="delimiter"):
            json.loads(text)
    else:
        assert re.search(r"\n[ \r\n]", text)


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
    altered = json.loads(Path(FOLDER, "v3_endpoints.json").read_bytes())["endpoints"]
    for endpoint in altered:
        if endpoint["operation"] == "stock_history_eod":
            endpoint["path"] = "/v3/stock/history/eods"
    Path(tmp_path, "v3_endpoints.json").write_text(json.dumps({"endpoints": altered}))
    nothing = {"newer_operations": [], "newer_parameters": []}
    Path(tmp_path, "v3_newer.json").write_text(json.dumps(nothing))
    run = run_with(tmp_path, "-k", "test_operation and stock_history_eod")
    assert run.returncode == 1, run.stdout
    assert "eods" in run.stdout


def test_a_run_without_the_catalogue_fails(tmp_path):
    """A folder that has no catalogue is a failure that names it, not an empty success."""
    run = run_with(tmp_path)
    assert run.returncode == 2
    assert str(tmp_path) in run.stdout
