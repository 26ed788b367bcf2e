"""Every operation, held to a table written by hand."""

import pytest

from tests.testing.catalogue import EVERY, NEWER, TABLE
from tests.testing.client import REQUESTS, ask_operation, body_at, body_of, rows_at, shared, small
from thetatrio.testing._catalogue import OPERATIONS
from thetatrio.testing._operations import Refusal

ORDER = ("free", "value", "standard", "pro")


def test_the_table_is_whole():
    """66 published operations, 15 newer ones; each has a declaration, a row, a request."""
    assert (len(TABLE), len(NEWER)) == (66, 15)
    assert {operation.name for operation in OPERATIONS} == set(EVERY) == set(REQUESTS)
    assert len(OPERATIONS) == 81
    assert {operation.name for operation in OPERATIONS if operation.newer} == set(NEWER)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_columns(name):
    """A CSV head has the columns, in order."""
    head = body_of(shared(), name).split(b"\r\n", 1)[0].decode()
    assert head == EVERY[name][1].replace(" ", ",")


@pytest.mark.parametrize("tier", ORDER)
async def test_tiers(tier, autojump_clock):
    """An operation above the account's tier is refused with 471, any other answers."""
    terminal = small(tier=tier, flat_file_rows=1)
    allowed = set(ORDER[: ORDER.index(tier) + 1])
    for name, (needed, _) in EVERY.items():
        if needed not in allowed:
            with pytest.raises(Refusal) as refused:
                body_of(terminal, name)
            assert refused.value.status == 471, name
        elif tier != "pro":
            assert body_of(terminal, name), name
    assert (await ask_operation(small(tier="pro"), "option_snapshot_greeks_all")).status == 200


def test_what_takes_a_slot():
    """Snapshots take none of the account's slots, all others do."""
    for operation in OPERATIONS:
        assert operation.counted == ("_snapshot_" not in operation.name), operation.name


def test_what_a_tier_bounds():
    """History, moments and contract lists go back as far as the tier does; no others are bound."""
    for operation in OPERATIONS:
        words = ("_history_", "_at_time_", "option_list_contracts")
        bound = any(word in operation.name for word in words)
        bound = bound and not operation.name.startswith("interest_rate")
        assert operation.limited_history == bound, operation.name


@pytest.mark.parametrize("name", sorted(EVERY))
def test_published_terminals(name):
    """A terminal of the published release has no newer operation, and every other."""
    terminal = published()
    if name in NEWER:
        with pytest.raises(Refusal) as refused:
            body_of(terminal, name)
        assert refused.value.status == 404
    else:
        assert body_of(terminal, name) == body_of(shared(), name)


def published(found=[]):  # noqa: B006 - made once
    if not found:
        found.append(small(flat_file_rows=20, release="published"))
    return found[0]


def test_published_terminals_ignore_newer_parameters():
    """What a newer terminal refuses or obeys, an older one does not see."""
    path, query = REQUESTS["option_history_greeks_all"]
    plain = rows_at(shared(), path, **query)
    paid = rows_at(shared(), path, **query, annual_dividend_amount="9")
    assert paid != plain
    assert rows_at(shared(), path, **query, annual_dividend="9") == paid
    both = rows_at(shared(), path, **query, annual_dividend="3", annual_dividend_amount="9")
    assert both == paid
    assert rows_at(published(), path, **query, annual_dividend_amount="9") == plain
    path, query = REQUESTS["stock_snapshot_quote"]
    assert rows_at(published(), path, **query, current_day_only="perhaps")
    with pytest.raises(Refusal, match="current_day_only"):
        body_at(shared(), path, **query, current_day_only="perhaps")


def test_required():
    """Without a required parameter, 473 that names it."""
    needed = [(each, one.name) for each in OPERATIONS for one in each.parameters if one.required]
    assert len(needed) > 150
    for operation, word in needed:
        path, query = REQUESTS[operation.name]
        with pytest.raises(Refusal, match=word) as refused:
            body_at(shared(), path, **{key: value for key, value in query.items() if key != word})
        assert refused.value.status == 473


@pytest.mark.parametrize("name", [name for name in sorted(EVERY) if "date" in REQUESTS[name][1]])
def test_no_data_on_a_closed_day(name):
    """A holiday has no rows: 472; only the calendar knows it."""
    path, query = REQUESTS[name]
    if name == "calendar_on_date":
        assert rows_at(shared(), path, **query)
        return
    assert rows_at(shared(), path, **(query | {"date": "20240704"})) == []


@pytest.mark.parametrize(
    "name",
    [name for name in sorted(EVERY) if "symbol" in REQUESTS[name][1] and "interest" not in name],
)
def test_no_data_of_an_unknown_symbol(name):
    """A symbol nobody trades has no rows, wherever it is asked for."""
    path, query = REQUESTS[name]
    assert rows_at(shared(), path, **(query | {"symbol": "ZZZZ"})) == []


@pytest.mark.parametrize("name", [name for name in sorted(EVERY) if "_snapshot_" in name])
def test_snapshots_end_with_the_day(name):
    """On a closed day nothing; nor of a time after the day's last moment."""
    path, query = REQUESTS[name]
    assert rows_at(small(day="2024-11-03"), path, **query) == []
    assert rows_at(shared(), path, **query, min_time="16:00:01") == []


def test_expirations_that_may_not_be_every():
    """Where the vendor takes one expiration only, `*` is 473; a range with `*` is 570."""
    names = {name for name in EVERY if name.startswith("option_history_greeks_")}
    names -= {"option_history_greeks_eod"}
    names |= {"option_history_ohlc", "option_snapshot_trade", "option_list_strikes"}
    for name in sorted(names):
        with pytest.raises(Refusal) as refused:
            body_of(shared(), name, expiration="*")
        assert refused.value.status == 473
    for name in ("option_history_eod", "option_at_time_quote", "option_history_greeks_eod"):
        with pytest.raises(Refusal) as refused:
            body_of(shared(), name, expiration="*")
        assert refused.value.status == 570


@pytest.mark.parametrize("steps", ["1", "1001", "many"])
def test_steps_have_bounds(steps):
    """A tree has 2 to 1000 steps."""
    with pytest.raises(Refusal, match="binomial_steps"):
        body_of(shared(), "option_snapshot_binomial_greeks_all", binomial_steps=steps)
