"""What the simulated market trades: declarations only.

Levels are the closes of 2024-11-04, rounded; they anchor each price path.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec

ANCHOR: Final = dt.date(2024, 11, 4)
"""The day on which every price path passes through its instrument's `level`."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """A stock, an ETF or an index."""

    symbol: str
    level: float
    """Dollars or points on the anchor day."""
    volatility: float
    """Annual, of daily returns; also the level of its options' implied volatility."""
    driver: str
    """Names its stream of returns: two instruments that follow one thing share it."""
    trades: int = 0
    """Trades of an ordinary day; 0 for an index."""
    average_size: int = 90
    """Shares a trade, the closing auction apart."""
    drift: float = 0.10
    """Annual."""
    half_life: float = 0.0
    """Trading days in which half of a deviation from `level` is gone; 0: it stays."""

    @property
    def is_index(self) -> bool:
        """Whether this is an index, which has a value and no trades."""
        return self.trades == 0


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """A root that options trade under."""

    symbol: str
    underlying: str
    step: float
    """Dollars between strikes near the money."""
    cycle: str = "weekly"
    """Expirations: `daily`, `weekly` (Fridays) or `monthly` (third Fridays)."""
    penny: bool = False
    """Quoted in cents at every price; otherwise in nickels from 3.00."""
    morning_settled: bool = False
    """Settled at the open: no data on the expiration day."""


def _stock(
    symbol: str, level: float, volatility: float, trades: int, driver: str = ""
) -> Instrument:
    return Instrument(
        symbol=symbol,
        level=level,
        volatility=volatility,
        driver=driver or symbol,
        trades=trades,
        average_size=max(40, min(400, round(24_000 / level))),
    )


STOCKS: Final = {
    stock.symbol: stock
    for stock in (
        _stock("AAPL", 222.01, 0.27, 8_000),
        _stock("AMZN", 195.78, 0.33, 6_000),
        _stock("BRK.B", 439.41, 0.16, 1_500),
        _stock("F", 10.55, 0.38, 3_000),
        _stock("GOOGL", 169.24, 0.30, 5_000),
        _stock("IWM", 219.58, 0.21, 5_000, "small"),
        _stock("JPM", 219.78, 0.23, 3_000),
        _stock("META", 560.68, 0.36, 5_000),
        _stock("MSFT", 408.46, 0.25, 6_000),
        _stock("NVDA", 136.05, 0.52, 9_000),
        _stock("QQQ", 486.00, 0.21, 8_000, "growth"),
        _stock("SPY", 569.81, 0.16, 9_000, "broad"),
        _stock("TSLA", 242.84, 0.60, 9_000),
    )
}

INDICES: Final = {
    index.symbol: index
    for index in (
        Instrument(symbol="NDX", level=19_963.62, volatility=0.21, driver="growth"),
        Instrument(symbol="RUT", level=2_219.03, volatility=0.21, driver="small"),
        Instrument(symbol="SPX", level=5_712.69, volatility=0.16, driver="broad"),
        Instrument(
            symbol="VIX", level=21.98, volatility=1.1, driver="VIX", drift=0.0, half_life=20.0
        ),
    )
}

INSTRUMENTS: Final = STOCKS | INDICES

ROOTS: Final = {
    root.symbol: root
    for root in (
        Root(symbol="AAPL", underlying="AAPL", step=2.5),
        Root(symbol="AMZN", underlying="AMZN", step=2.5),
        Root(symbol="BRKB", underlying="BRK.B", step=5.0),
        Root(symbol="F", underlying="F", step=0.5, penny=True),
        Root(symbol="GOOGL", underlying="GOOGL", step=2.5),
        Root(symbol="IWM", underlying="IWM", step=1.0, penny=True),
        Root(symbol="JPM", underlying="JPM", step=2.5),
        Root(symbol="META", underlying="META", step=5.0),
        Root(symbol="MSFT", underlying="MSFT", step=2.5),
        Root(symbol="NDX", underlying="NDX", step=50.0, cycle="monthly", morning_settled=True),
        Root(symbol="NDXP", underlying="NDX", step=50.0, cycle="daily"),
        Root(symbol="NVDA", underlying="NVDA", step=2.5),
        Root(symbol="QQQ", underlying="QQQ", step=1.0, cycle="daily", penny=True),
        Root(symbol="RUT", underlying="RUT", step=10.0, cycle="monthly", morning_settled=True),
        Root(symbol="RUTW", underlying="RUT", step=10.0, cycle="daily"),
        Root(symbol="SPX", underlying="SPX", step=25.0, cycle="monthly", morning_settled=True),
        Root(symbol="SPXW", underlying="SPX", step=5.0, cycle="daily"),
        Root(symbol="SPY", underlying="SPY", step=1.0, cycle="daily", penny=True),
        Root(symbol="TSLA", underlying="TSLA", step=2.5),
        Root(symbol="VIX", underlying="VIX", step=0.5, cycle="monthly", morning_settled=True),
        Root(symbol="VIXW", underlying="VIX", step=0.5),
    )
}

RATES: Final = {
    "sofr": 4.82,
    "treasury_m1": 4.75,
    "treasury_m3": 4.61,
    "treasury_m6": 4.42,
    "treasury_y1": 4.24,
    "treasury_y2": 4.17,
    "treasury_y3": 4.13,
    "treasury_y5": 4.17,
    "treasury_y7": 4.23,
    "treasury_y10": 4.31,
    "treasury_y20": 4.61,
    "treasury_y30": 4.50,
}
"""Interest rates in percent, the same on every day: early November 2024."""
