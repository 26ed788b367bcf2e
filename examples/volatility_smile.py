"""Fetch an option chain at one moment and plot its implied volatilities to a PNG file.

Runs on the simulated terminal; for your own, leave `open_terminal` out. Needs
matplotlib. Give the file; without it, it is `smile.png` in this folder.
"""

import sys

import trio
from matplotlib.figure import Figure

import thetatrio
from thetatrio.testing import open_terminal


def plotted(chain: thetatrio.OptionChain) -> Figure:
    """Return a picture of what is out of the money on either side, where prices say most."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    money = chain.underlying_price
    puts = [entry for entry in chain.puts if entry.greeks and entry.contract.strike < money]
    calls = [entry for entry in chain.calls if entry.greeks and entry.contract.strike >= money]
    for name, entries in (("puts", puts), ("calls", calls)):
        strikes = [entry.contract.strike for entry in entries]
        axes.plot(strikes, [100 * entry.greeks.implied_vol for entry in entries], ".-", label=name)
    axes.axvline(money, color="grey", linestyle=":", label=f"underlying at {money}")
    axes.set(xlabel="strike in dollars", ylabel="implied volatility in %")
    axes.set_title(f"{chain.symbol} {chain.expiration}, {chain.at:%Y-%m-%d %H:%M} in New York")
    axes.legend()
    return figure


async def main(path: str) -> None:
    async with (
        open_terminal(contracts=2000) as terminal,  # for a wide chain
        thetatrio.open_session(terminal.config) as session,
    ):
        chain = await session.chain("SPY", expiration="2024-11-15")
    plotted(chain).savefig(path, dpi=150)
    print(f"{len(chain.entries)} contracts; their picture is {path}")


if __name__ == "__main__":
    trio.run(main, sys.argv[1] if len(sys.argv) > 1 else "smile.png")
