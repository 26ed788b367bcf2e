"""`thetatrio doctor`: each assumption has its probe, and the report names nobody."""

import json
from pathlib import Path

import msgspec
import pytest
import trio

import thetatrio
from tests.network import scripted, simulated
from thetatrio.cli._console import PipeConsole
from thetatrio.cli.doctor import PROBES, run
from thetatrio.cli.doctor._probes import Days, Reply
from thetatrio.cli.doctor._report import lines_of, report_of, safe_text
from thetatrio.cli.doctor._runner import probe_all
from thetatrio.testing import PROFILES, Status

ROOT = Path(__file__).parents[1]
DAY = "2024-11-15"
DAYS = Days(thetatrio.market_time.parse_date(DAY))
REFUSALS = {
    "wildcard_greeks_eod",
    "wildcard_greeks",
    "wildcard_ohlc",
    "month_of_bars",
    "seconds_of_two_days",
    "wrong_interval",
    "right_wildcard",
}
# By profile, what differs from the assumptions.
DIFFERS = {
    "2026": set(),
    "documented": REFUSALS
    | {"eod_366_days", "eod_of_today", "wildcard_today", "reports_twice"}
    | {"wildcard_eod_week", "wildcard_open_interest_week"},
}
BROKEN = [
    ({"eod_days": 400}, {"eod_366_days"}),
    ({"eod_of_today": True}, {"eod_of_today"}),
    ({"eod_twice_until": None}, {"reports_twice"}),
    ({"wildcard_days": None}, {"wildcard_eod_week", "wildcard_open_interest_week"}),
    ({"wildcards": False}, {"wildcard_greeks", "wildcard_ohlc", "wildcard_today"}),
    ({"bad_request": False}, (REFUSALS | {"eod_366_days"}) - {"wildcard_greeks", "wildcard_ohlc"}),
]


async def findings_of(**options):
    """Probe a simulated terminal; return what was found by name."""
    retry = {"retry": thetatrio.RetryPolicy(max_attempts=1)}
    async with simulated(day=DAY, contracts=60, session_options=retry, **options) as (_, session):
        return await probe_all(session, DAYS)


def differing(findings):
    return {found.probe.name for found in findings if found.judged.result == "differs"}


@pytest.mark.parametrize("profile", PROFILES)
async def test_each_profile_passes_its_own_expectations(autojump_clock, profile):
    """A terminal of 2026 does all that is assumed; a documented one differs where that is known."""
    findings = await findings_of(profile=profile)
    assert [found.probe.name for found in findings] == [probe.name for probe in PROBES]
    assert differing(findings) == DIFFERS[profile]
    assert all(found.judged.result != "not judged" for found in findings)


@pytest.mark.parametrize(("change", "names"), BROKEN)
async def test_a_broken_assumption_is_reported_by_its_probe(autojump_clock, change, names):
    """A terminal that differs in one thing is reported by the probes of that thing alone."""
    rules = msgspec.structs.replace(PROFILES["2026"], **change)
    assert differing(await findings_of(rules=rules)) == names


@pytest.mark.parametrize("status", [403, 429, 474, 571])
async def test_what_says_nothing_is_not_judged(autojump_clock, status):
    """A missing permission, or a busy terminal, is no difference."""
    faults = [Status(status, "sorry", path="stock_history_eod")]
    findings = await findings_of(profile="2026", faults=faults)
    assert not differing(findings)
    assert sum(found.judged.result == "not judged" for found in findings) >= 3


async def test_the_report_has_nothing_of_the_account(autojump_clock):
    """A key, a name, an address, a path and a price in a text are not in the JSON."""
    text = (
        "Invalid request of Jane Doe <jane@example.org> with key td1_s3cretkey from 10.1.2.3:25503"
        " (/srv/jane/creds.txt): AAPL at 187.25"
    )
    faults = [Status(400, text, path="stock_history_ohlc")]
    findings = await findings_of(profile="2026", faults=faults)
    report = msgspec.json.encode(report_of(findings, tier="pro", simulated=True)).decode()
    shown = "\n".join(lines_of(findings))
    for secret in ("Jane", "jane", "example", "td1", "s3cret", "10.1", "25503", "creds", "187"):
        assert secret not in report
        assert secret not in shown
    assert "Invalid request of _ _" in report


def test_a_safe_text_has_known_words_only():
    """Words that are not of terminals' refusals become a mark, digits a sign each."""
    assert safe_text("Too late days: 366") == "Too _ days: ###"
    assert len(safe_text("day " * 1000)) <= 200
    assert safe_text("naïve Ω") == "_ _"


def test_days_are_weekdays_in_the_past():
    """Probes ask about days whose data is final."""
    days = Days(thetatrio.market_time.parse_date("2024-11-18"))  # a Monday
    assert (str(days.settled), str(days.before)) == ("2024-11-14", "2024-11-13")
    assert (days.weekend.weekday(), days.weekend < days.before) == (6, True)


async def test_a_terminal_that_is_silent_is_not_judged(autojump_clock):
    """No probe takes more than 20 seconds, and each finding is shown as it comes."""

    async def mute(stream, head):
        await trio.sleep_forever()

    shown = []
    async with scripted(mute) as (_, session):
        findings = await probe_all(session, DAYS, shown.append)
    assert shown == findings
    assert {(found.status, found.judged.result) for found in findings} == {(0, "not judged")}
    assert trio.current_time() == 20 * len(PROBES)


def test_offline_prints_a_report_and_writes_the_json(tmp_path, capsys):
    """`thetatrio doctor --offline --json FILE` needs no terminal; the file has the stated form."""
    file = tmp_path / "report.json"
    assert run(PipeConsole(), {}, str(file), offline=True, profile="documented") == 0
    printed = capsys.readouterr().out
    assert "eod_366_days: accepted" in printed
    assert "13 agrees, 13 differs, 0 not judged" in printed
    report = json.loads(file.read_bytes())
    assert set(report) == {"report", "thetatrio", "tier", "simulated", "probes"}
    assert (report["report"], report["simulated"], report["tier"]) == (1, True, "pro")
    fields = {"name", "result", "detail", "status", "text"}
    assert all(set(probe) == fields for probe in report["probes"])
    assert [probe["name"] for probe in report["probes"]] == [probe.name for probe in PROBES]


def test_a_folder_is_refused_before_anything_is_sent(tmp_path):
    """The message names the option."""
    with pytest.raises(thetatrio.InvalidRequest, match="--json: .* is a folder"):
        run(PipeConsole(), {}, str(tmp_path), offline=True, profile="2026")
    with pytest.raises(thetatrio.InvalidRequest, match="--json: the folder of .* does not exist"):
        run(PipeConsole(), {}, str(tmp_path / "no" / "x"), offline=True, profile="2026")


def test_nobody_there_is_an_error():
    """Without a terminal the usual message comes, and no report."""
    options = {"base_url": "http://127.0.0.1:9"}
    with pytest.raises(thetatrio.ConnectError, match="is it running"):
        run(PipeConsole(), options, None, offline=False, profile="2026")


def test_each_probe_is_named_once_and_says_all():
    """Names are unique; each has its assumption and who saw it."""
    names = [probe.name for probe in PROBES]
    assert len(set(names)) == len(names) >= 25
    for probe in PROBES:
        assert probe.assumption.endswith(".")
        assert probe.certainty
        assert probe.judge(Reply(0)).result == "not judged"


def test_the_page_has_each_probe():
    """The guide "What terminals do" says of each probe what the command says."""
    page = (ROOT / "docs" / "guides" / "terminals.md").read_text()
    for probe in PROBES:
        assert f"| `{probe.name}` | {probe.assumption} | {probe.certainty} |" in page
