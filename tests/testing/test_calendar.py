"""The calendar's rules against dates that are known."""

import datetime as dt

import pytest

from thetatrio.testing import _calendar as calendar


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01", "2024-01-15", "2024-02-19", "2024-03-29", "2024-05-27", "2024-06-19",
        "2024-07-04", "2024-09-02", "2024-11-28", "2024-12-25", "2025-01-09", "2025-04-18",
        "2021-07-05", "2021-12-24", "2022-06-20", "2023-01-02", "2012-10-29", "2018-12-05",
        "2024-11-02", "2024-11-03",
    ],
)  # fmt: skip
def test_closed(text):
    """Holidays, observed ones, one-off closings and weekends are no trading days."""
    assert not calendar.is_trading_day(dt.date.fromisoformat(text))


@pytest.mark.parametrize(
    "text", ["2024-11-04", "2021-06-18", "2021-12-31", "2022-01-03", "2024-11-11", "2024-10-14"]
)
def test_open(text):
    """Veterans and Columbus day, Juneteenth before 2022, and the Friday before a Saturday
    New Year are trading days.
    """
    assert calendar.is_trading_day(dt.date.fromisoformat(text))


@pytest.mark.parametrize("text", ["2024-07-03", "2024-11-29", "2024-12-24", "2023-11-24"])
def test_early_closes(text):
    """Half days end at 13:00, their options at 13:15."""
    date = dt.date.fromisoformat(text)
    assert calendar.is_trading_day(date)
    assert calendar.is_early_close(date)
    assert calendar.close_ms(date) == 13 * 3_600_000
    assert calendar.option_close_ms(date) == 13 * 3_600_000 + 900_000


@pytest.mark.parametrize("text", ["2022-12-23", "2020-07-02", "2024-12-26"])
def test_full_days(text):
    """The days beside a moved holiday are whole."""
    date = dt.date.fromisoformat(text)
    assert not calendar.is_early_close(date)
    assert calendar.option_close_ms(date) == calendar.close_ms(date) == calendar.CLOSE_MS


def test_days_between():
    """A range gives its trading days, both ends included."""
    days = calendar.days_between(dt.date(2024, 11, 27), dt.date(2024, 12, 2))
    assert [day.day for day in days] == [27, 29, 2]
    assert calendar.trading_day_before(dt.date(2024, 12, 2)) == dt.date(2024, 11, 29)


def test_a_year_has_about_252_days():
    """No rule is missing or one too many: years have 249 to 253 sessions."""
    for year in range(2012, 2031):
        days = calendar.days_between(dt.date(year, 1, 1), dt.date(year, 12, 31))
        assert 249 <= len(days) <= 253, year
        assert 9 <= sum(not holiday.early for holiday in calendar.holidays(year)) <= 12
