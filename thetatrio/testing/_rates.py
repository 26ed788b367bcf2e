"""Interest rates day by day: a curve that moves together, through its declared anchor."""

from __future__ import annotations

import datetime as dt
import math
from functools import lru_cache
from typing import Final

from thetatrio.testing._instruments import ANCHOR, RATES
from thetatrio.testing._seeding import stable_number

# Percent points and days: what a policy, a season and a month move rates by.
_WAVES: Final = ((0.55, 2_200.0), (0.12, 260.0), (0.03, 23.0))
_KEPT: Final = 4_096


@lru_cache(maxsize=_KEPT)
def rate_percent(seed: object, rate_type: str, date: dt.date) -> float:
    """Return a rate in percent, to two decimals; on the anchor day the declared one."""
    days = (date - ANCHOR).days
    turn = math.tau / 4_096
    moved = 0.0
    for index, (height, period) in enumerate(_WAVES):
        phase = turn * (stable_number(seed, "rates", index) % 4_096)
        moved += height * (math.sin(math.tau * days / period + phase) - math.sin(phase))
    if days:
        moved += (stable_number(seed, rate_type, date) % 5 - 2) / 100
    return max(0.01, round(RATES[rate_type] + moved, 2))
