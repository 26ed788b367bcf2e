"""The sub-commands and their options."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from thetatrio import __version__
from thetatrio._secrets import redact_url
from thetatrio.cli import chain as chain_command
from thetatrio.cli import demo as demo_command
from thetatrio.cli import doctor as doctor_command
from thetatrio.cli import download as download_command
from thetatrio.cli import fetch as fetch_command
from thetatrio.cli import operations as operations_command
from thetatrio.cli import simulate as simulate_command
from thetatrio.cli import status as status_command
from thetatrio.cli import stream as stream_command
from thetatrio.cli._console import PipeConsole, carry_out, note
from thetatrio.cli._words import StreamKind
from thetatrio.config import (
    Api,
    Config,
    ConfigOptions,
    Secret,
    StreamApi,
    StreamForm,
    StreamSockets,
    Tier,
    key_from_file,
)
from thetatrio.download import DatasetFormat
from thetatrio.errors import InvalidConfig
from thetatrio.requests import operations as known_operations
from thetatrio.testing import TerminalOptions
from thetatrio.testing._rules import DEFAULT_PROFILE, Profile
from thetatrio.testing._v2 import Face

__all__ = ["app"]

app = typer.Typer(
    name="thetatrio",
    help="ThetaData's Theta Terminal from the command line.",
    epilog="To see it work without a terminal: `thetatrio demo`, or `thetatrio simulate`.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Url: TypeAlias = Annotated[str, typer.Option(help="Where the terminal is: scheme, host and port.")]
AccountTier: TypeAlias = Annotated[
    Tier | None, typer.Option(help="The account's tier: how many requests may run at once.")
]
DEFAULT_URL = Config().base_url
DEFAULT_STREAM_URL = Config().stream_url
# What the options before the sub-command say; of one run of the program.
_GIVEN: list[ConfigOptions] = []
DEFAULT_BUFFER = Config().buffer


def _operation_names(incomplete: str) -> list[str]:
    return [name for name in known_operations() if name.startswith(incomplete)]


def _options(url: str, tier: Tier | None) -> ConfigOptions:
    options: ConfigOptions = {"base_url": redact_url(url), "tier": tier}
    for given in _GIVEN:
        options = {**options, **given}
    return options


def _read_key(path: str) -> Secret:
    try:
        return key_from_file(path)
    except InvalidConfig as error:
        note(f"thetatrio: {error}")
        raise typer.Exit(2) from None


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer hands it over by position
    if wanted:
        typer.echo(f"thetatrio {__version__}")
        raise typer.Exit


@app.callback()
def thetatrio(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            callback=_show_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
    api: Annotated[
        Api, typer.Option(help="What the terminal speaks; `auto` asks it.", show_default=True)
    ] = "v3",
    key_file: Annotated[
        str | None,
        typer.Option(help="A file with a gateway's key; or set THETATRIO_API_KEY."),
    ] = None,
) -> None:
    """ThetaData's Theta Terminal from the command line."""
    del version  # its callback has said it
    given: ConfigOptions = {}
    if api != "v3":
        given["api"] = api
    if key_file is not None:
        given["api_key"] = _read_key(key_file)
    _GIVEN[:] = [given]


@app.command()
def demo(
    symbol: Annotated[str, typer.Option(help="A stock or ETF that has options.")] = "SPY",
    day: Annotated[str, typer.Option(help="The day of the bars, YYYY-MM-DD.")] = "2024-11-04",
    seed: Annotated[int, typer.Option(help="Another seed is another market.")] = 7,
    url: Annotated[
        str | None,
        typer.Option(
            help="Ask this terminal, such as http://127.0.0.1:25503, not a simulated one."
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(min=0.0, help="How long live data is shown; 0 leaves it out."),
    ] = 10.0,
) -> None:
    """Show a session at work: an option chain with Greeks, minute bars, live quotes and trades.

    Starts a simulated terminal, which needs no account and no market hours,
    and asks it as a program would ask a real one.
    """
    url = None if url is None else redact_url(url)
    carry_out(
        lambda: demo_command.run(
            PipeConsole(), symbol=symbol, day=day, seed=seed, url=url, seconds=seconds
        )
    )


@app.command()
def fetch(
    operation: Annotated[
        str,
        typer.Argument(
            help="An operation by its vendor name, such as stock_history_ohlc.",
            autocompletion=_operation_names,
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SYMBOL] [NAME=VALUE]...", help="Its symbol and parameters."),
    ] = None,
    format: Annotated[  # noqa: A002
        fetch_command.OutputFormat | None,
        typer.Option(help="A table, a file format. Default: table, csv when piped."),
    ] = None,
    out: Annotated[str | None, typer.Option(help="Save to this file, whole or not at all.")] = None,
    url: Url = DEFAULT_URL,
    tier: AccountTier = None,
) -> None:
    """Fetch any operation's answer and show it, pipe it or save it.

    For example: thetatrio fetch option_history_quote SPY expiration=2024-11-15
    date=2024-11-04 interval=1m --format csv
    """
    carry_out(
        lambda: fetch_command.run(
            operation, words or (), format=format, out=out, options=_options(url, tier)
        )
    )


@app.command()
def download(
    operation: Annotated[
        str,
        typer.Argument(
            help="An operation by its vendor name, such as option_history_quote.",
            autocompletion=_operation_names,
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SYMBOL,...] [NAME=VALUE]...", help="Symbols and parameters."),
    ] = None,
    *,
    out: Annotated[str, typer.Option(help="The dataset's folder.")],
    format: Annotated[  # noqa: A002
        DatasetFormat, typer.Option(help="What the files are.")
    ] = "parquet",
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all files again, and replace damaged ones.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again for what the terminal did not give.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Ask for everything again.")] = False,
    url: Url = DEFAULT_URL,
    tier: AccountTier = None,
) -> None:
    """Download history into a folder; again, and only what is missing is asked for.

    For example: thetatrio download option_history_quote SPY,QQQ expiration=*
    start_date=2024-10-01 end_date=2024-10-31 interval=1m --out data
    """
    switches: download_command.Switches = {
        "format": format,
        "verify": verify,
        "retry_failed": retry_failed,
        "force": force,
    }
    carry_out(
        lambda: download_command.run(
            operation, words or (), out=out, switches=switches, options=_options(url, tier)
        ),
        output_is_data=False,
    )


@app.command()
def operations(
    name: Annotated[
        str | None,
        typer.Argument(help="One operation, in full.", autocompletion=_operation_names),
    ] = None,
) -> None:
    """List the operations; or one's parameters, tier, columns and terminals."""
    carry_out(lambda: operations_command.run(PipeConsole(), name))


@app.command()
def chain(
    symbol: Annotated[str, typer.Argument(help="A root, such as SPY or SPXW.")],
    expiration: Annotated[
        str | None, typer.Option(help="YYYY-MM-DD. Default: the next one that is a week away.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="A past moment in New York, 'YYYY-MM-DD HH:MM'. Default: now."),
    ] = None,
    strikes: Annotated[int, typer.Option(min=1, help="Strikes shown on each side.")] = 8,
    url: Url = DEFAULT_URL,
    tier: AccountTier = None,
) -> None:
    """Show an option chain around the money: quotes, open interest and Greeks."""
    carry_out(
        lambda: chain_command.run(
            PipeConsole(),
            symbol,
            expiration=expiration,
            at=at,
            strikes=strikes,
            options=_options(url, tier),
        )
    )


@app.command()
def stream(
    kind: Annotated[StreamKind, typer.Argument(help="What of them.", show_default=False)],
    contracts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CONTRACT",
            help="ROOT, ROOT:EXPIRATION:STRIKE:RIGHT, or an OCC symbol; of full-trades:"
            " option or stock.",
        ),
    ] = None,
    format: Annotated[  # noqa: A002
        stream_command.StreamFormat | None,
        typer.Option(help="A table, or an object for each event. Default: table, ndjson piped."),
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    duration: Annotated[
        float | None, typer.Option(min=0.0, help="End after so many seconds.")
    ] = None,
    buffer: Annotated[
        int, typer.Option(min=1, help="Events held while they cannot be shown.")
    ] = DEFAULT_BUFFER,
    stream_url: Annotated[
        str | None,
        typer.Option(help=f"Where the stream is. Default: {DEFAULT_STREAM_URL}, or a gateway's."),
    ] = None,
    stream_api: Annotated[
        StreamApi, typer.Option(help="What is spoken there; a gateway's has quotes and trades.")
    ] = "terminal",
    stream_sockets: Annotated[
        StreamSockets, typer.Option(help="A gateway's: one for each kind under the URL, or one.")
    ] = "per_kind",
    stream_form: Annotated[
        StreamForm, typer.Option(help="Format of a gateway's subscribe command.")
    ] = "json",
) -> None:
    """Show live data until Ctrl-C: a line for each contract, or NDJSON when piped.

    What is missing is said: beneath the table, or on stderr beside the data.
    For example: thetatrio stream quotes SPXW:2024-03-15:4800:C AAPL
    """
    url = None if stream_url is None else redact_url(stream_url)
    options: ConfigOptions = {"stream_url": stream_command.with_path(url or DEFAULT_STREAM_URL)}

    def settings() -> ConfigOptions:
        if stream_api == "terminal":
            return options
        given = _GIVEN[-1] if _GIVEN else ConfigOptions()
        return stream_command.gateway_options(url, stream_sockets, stream_form, given)

    carry_out(
        lambda: stream_command.run(
            PipeConsole(),
            kind,
            contracts or (),
            format=format,
            count=count,
            duration=duration,
            options={**settings(), "buffer": buffer},
        ),
        url="--stream-url",
    )


@app.command()
def status(url: Url = DEFAULT_URL) -> None:
    """Say whether a terminal is there, what it speaks, and what to do if not."""
    carry_out(lambda: status_command.run(PipeConsole(), _options(url, None)))


@app.command()
def doctor(
    url: Url = DEFAULT_URL,
    tier: AccountTier = None,
    json: Annotated[
        str | None, typer.Option(help="A file for the report, fit to attach to an issue.")
    ] = None,
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Probe a simulated terminal instead.")
    ] = False,
    profile: Annotated[
        Profile, typer.Option(help="With --offline: which kind of terminal.")
    ] = DEFAULT_PROFILE,
) -> None:
    """Compare what a terminal does with what the library assumes, by some small requests.

    Takes a minute or two; nothing is shut down, and nothing subscribed to.
    """
    carry_out(
        lambda: doctor_command.run(
            PipeConsole(), _options(url, tier), json, offline=offline, profile=profile
        )
    )


@app.command()
def simulate(
    port: Annotated[int, typer.Option(help="On 127.0.0.1; 0 is a free one.")] = 0,
    stream_port: Annotated[int, typer.Option(help="Of its stream, likewise.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed is the same market.")] = 7,
    day: Annotated[str, typer.Option(help="Its today, YYYY-MM-DD.")] = "2024-11-04",
    tier: Annotated[Tier, typer.Option(help="Its account's tier.")] = Tier.PRO,
    contracts: Annotated[int, typer.Option(min=2, help="Options of each root and day.")] = 200,
    speaks: Annotated[
        Face, typer.Option(help="A v3 terminal's language, a v2 terminal's, or a gateway's.")
    ] = "v3",
    *,
    profile: Annotated[
        Profile, typer.Option(help="Like the terminals that users saw, or as documented.")
    ] = DEFAULT_PROFILE,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Another name that it is reached by; may be given several times."),
    ] = None,
    allow_real_port: Annotated[
        bool, typer.Option("--allow-real-port", help="Take a real terminal's port if asked to.")
    ] = False,
) -> None:
    """Serve a simulated terminal to other programs until Ctrl-C."""
    options: TerminalOptions = {
        "seed": seed,
        "day": day,
        "tier": tier,
        "contracts": contracts,
        "api": speaks,
        "profile": profile,
        "allow_hosts": allow_host or (),
    }
    carry_out(
        lambda: simulate_command.run(port, stream_port, options, allow_real_port=allow_real_port),
        output_is_data=False,
    )
