"""What the stream's benchmarks send: contracts, and messages of a real feed's shape."""

from __future__ import annotations

import datetime as dt
import json
import random

from thetatrio.contracts import Option

CONTRACTS = 200
BLOCKS = 100
TRADES = 0.1
"""Of ten messages, one is a trade and nine are quotes."""

# A sending time has to keep its message's length, so it is written in ten digits:
# microseconds of the clock, of which the upper part is left out.
CLOCK_RANGE = 1_000_000_000
CLOCK_MARK = 1_999_999_999

DAY = dt.date(2024, 3, 15)
ROOTS = ("SPXW", "SPY", "QQQ", "AAPL")


def option(number: int) -> Option:
    """Return the contract of that number; different ones for different numbers."""
    series, place = divmod(number, 500)
    expiration = DAY + dt.timedelta(days=series)
    return Option(ROOTS[number % 4], expiration, 1000 + 5 * (place // 2), "CP"[place // 4 % 2])


def options(count: int = CONTRACTS) -> list[Option]:
    return [option(number) for number in range(count)]


def message(
    about: Option, kind: str, chance: random.Random, ms_of_day: int, bid_size: int
) -> bytes:
    """Return a message as the terminal writes it, without spaces."""
    price = round(chance.random() * 400, 2)
    bodies = {
        "QUOTE": {
            "ms_of_day": ms_of_day,
            "bid_size": bid_size,
            "bid_exchange": chance.randrange(70),
            "bid": price,
            "bid_condition": 50,
            "ask_size": chance.randrange(500),
            "ask_exchange": chance.randrange(70),
            "ask": round(price + 0.5, 2),
            "ask_condition": 50,
            "date": 20240112,
        },
        "TRADE": {
            "ms_of_day": ms_of_day,
            "sequence": chance.randrange(-(1 << 31), 1 << 31),
            "size": chance.randrange(1, 100),
            "condition": 18,
            "price": price,
            "exchange": chance.randrange(70),
            "date": 20240112,
        },
    }
    contract = {
        "security_type": "OPTION",
        "root": about.symbol,
        "expiration": int(about.expiration.strftime("%Y%m%d")),
        "strike": about.strike_thousandths,
        "right": about.right,
    }
    header = {"status": "CONNECTED", "type": kind}
    whole = {"header": header, "contract": contract, kind.lower(): bodies[kind]}
    return json.dumps(whole, separators=(",", ":")).encode()


def blocks() -> list[list[tuple[str, bytes]]]:
    """Return kinds and messages in blocks that have one message of each contract.

    So what any number of whole blocks holds for a contract is known beforehand,
    while the order within a block is another one each time.
    """
    chance = random.Random(11)
    numbers = options()
    tape = []
    for block in range(BLOCKS):
        chance.shuffle(numbers)
        kinds = ["TRADE" if chance.random() < TRADES else "QUOTE" for _ in numbers]
        ms_of_day = 35_934_120 + 40 * block
        tape.append(
            [
                (kind, message(each, kind, chance, ms_of_day, chance.randrange(500)))
                for each, kind in zip(numbers, kinds, strict=True)
            ]
        )
    return tape


def timed_quotes() -> list[tuple[bytes, bytes]]:
    """Return quotes in two parts, between which their sending time belongs."""
    chance = random.Random(12)
    mark = str(CLOCK_MARK).encode()
    parts = []
    for about in options():
        before, _, after = message(about, "QUOTE", chance, 35_934_120, CLOCK_MARK).partition(mark)
        parts.append((before, after))
    return parts
