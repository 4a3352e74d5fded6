"""The command line of interbrain."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from interbrain import __version__
from interbrain.app import listings
from interbrain.data.errors import IncompleteWarning, InterbrainError

DONE, LOST_DATA, NOTHING = 0, 1, 2

_EXISTING = click.Path(path_type=Path)


def _no_traceback(command: Callable[..., int]) -> Callable[..., None]:
    """Errors as one clear line and an exit status; ``--debug`` shows the traceback."""

    @wraps(command)
    def told(*args: Any, **kwargs: Any) -> None:
        debug, hidden = bool(kwargs.get("debug")), bool(kwargs.get("deidentify"))
        try:
            if debug and hidden:
                raise InterbrainError("--debug shows what files hold, --deidentify hides it; give one of them.")
            status = command(*args, **kwargs)
        except InterbrainError as error:
            status = _say(error, str(error), debug)
        except KeyboardInterrupt:
            click.echo("\ninterbrain: stopped; the same command continues from here.", err=True)
            status = 130
        except BrokenPipeError:  # the reader of a pipe has left, e.g. head: not the user's error
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = DONE
        except OSError as error:
            where = "a file" if hidden else error.filename or "file"
            status = _say(error, f"{where}: {error.strerror or (type(error).__name__ if hidden else error)}", debug)
        except Exception as error:  # noqa: BLE001 - the outermost boundary: a user gets a sentence, never a traceback
            told = type(error).__name__ if hidden else f"{type(error).__name__}: {error}"
            text = f"an error that interbrain did not foresee: {told}; --debug shows it whole"
            status = _say(error, text, debug)
        sys.exit(status)

    return told


def _say(error: BaseException, text: str, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    click.echo(f"interbrain: {text}", err=True)
    return NOTHING


_debug = click.option("--debug", is_flag=True, help="Show the traceback of an error.")
_workers = click.option(
    "--workers",
    type=click.IntRange(1),
    default=None,
    help="Processes (default: all cores); the tables do not depend on it.",
)
_deidentify = click.option(
    "--deidentify",
    is_flag=True,
    help="Write no names, dates, serial numbers or paths: neutral ids, no text of files (see Study files).",
)
_quiet = click.option("--quiet", is_flag=True, help="No progress bar.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="interbrain")
def main() -> None:
    """Measure, track and simulate how two brains learn to synchronise over a course of psychotherapy.

    \b
    interbrain demo                        simulate a small study and run everything on it
    interbrain check STUDY                 what would run, and all that is wrong with the study
    interbrain run STUDY OUT               recordings to synchrony, chance, course, outcome, report
    interbrain pair A.snirf B.snirf -m wtc --band slow=0.03-0.12
    interbrain measures wtc                formula, range, what it cannot see, citation
    interbrain measures --for 40min --rate 10 --modality fnirs

    A STUDY is a BIDS folder, or a folder with a study.toml. For research and supervision; it diagnoses nobody.
    """


@main.command()
@click.argument("study", type=_EXISTING)
@click.argument("out", type=_EXISTING)
@click.option("--plan", type=_EXISTING, help="plan.toml; absent, the study's own or the defaults of its modalities.")
@_workers
@click.option("--cluster", metavar="ADDRESS", help="Use the workers of this Dask scheduler (see Beyond one machine).")
@_deidentify
@_quiet
@_debug
@_no_traceback
def run(
    study: Path,
    out: Path,
    plan: Path | None,
    workers: int | None,
    cluster: str | None,
    deidentify: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Run the whole analysis of STUDY and write tables and report.html into OUT.

    \b
    interbrain run my_study results
    interbrain run my_study results --plan plan.toml --workers 8
    interbrain run my_study results --cluster tcp://10.0.0.1:8786
    interbrain run my_study results --deidentify

    Interrupted, the same command continues. Exit status: 0 all done; 1 done, but problems.tsv has rows that cost
    data; 2 nothing usable.
    """
    from interbrain.study import run as run_study

    if workers is not None and cluster is not None:
        raise InterbrainError("--workers takes cores of this computer, --cluster those of a cluster; give one of them.")
    outcome = run_study(
        study,
        out,
        plan,
        workers=workers or _cores(),
        cluster=cluster,
        progress=not quiet,
        debug=debug,
        deidentify=deidentify,
    )
    listings.show_outcome(outcome)
    return LOST_DATA if outcome.lost_data else DONE


@main.command()
@click.argument("study", type=_EXISTING)
@click.option("--plan", type=_EXISTING, help="plan.toml to check the study against.")
@_quiet
@_debug
@_no_traceback
def check(study: Path, plan: Path | None, quiet: bool, debug: bool) -> int:
    """Say what would run and everything that is wrong with STUDY, all at once; nothing is written.

    \b
    interbrain check my_study
    interbrain check my_study --plan plan.toml

    Exit status: 0 nothing wrong; 1 data would be lost; 2 nothing usable.
    """
    from interbrain.study import check_study

    checked = check_study(study, plan, progress=not quiet)
    listings.show_check(checked)
    if not checked.usable:
        click.echo(f"interbrain: nothing usable: {checked.why}.", err=True)
        return NOTHING
    return LOST_DATA if any(p.costs_data for p in checked.problems) else DONE


@main.command()
@click.argument("out", type=_EXISTING, default=Path("demo"))
@_workers
@_quiet
@_debug
@_no_traceback
def demo(out: Path, workers: int | None, quiet: bool, debug: bool) -> int:
    """Simulate a small study, run everything on it, and say what was found beside what was planted.

    Eight dyads of two plastic brains in six sessions of therapy, a third of them without recordings, as fNIRS records
    them. The settings of the therapy were chosen so that so small a study shows growth.

    \b
    interbrain demo                        into the folder demo
    interbrain demo somewhere --workers 2
    """
    from interbrain.study.demo import demonstrate

    listings.show_demo(demonstrate(out, workers=workers or _cores(), progress=not quiet, debug=debug))
    return DONE


@main.command()
@click.argument("out", type=_EXISTING)
@click.option("--therapy", default=None, help="See: interbrain therapies (default cbt).")
@click.option("--sessions", type=int, default=None, help="How many (default 12).")
@click.option("--dyads", type=int, default=None, help="How many (default 20).")
@click.option("--seed", type=int, default=None, help="Of all that is drawn (default 20260101).")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any setting of the course; repeatable.")
@click.option("--without", "off", multiple=True, metavar="MECHANISM", help="Switch a mechanism off; repeatable.")
@click.option(
    "--record", metavar="DEVICE,…", help="Also what these record of it: fnirs, motion, … (interbrain devices)."
)
@click.option("--minutes", type=float, default=None, help="Recorded of each session (default 10).")
@click.option("--rest", type=float, default=None, help="Recorded before it without contact, in s (default 120).")
@click.option("--missing", type=float, default=None, help="Share of sessions without recordings (default 0).")
@click.option("--expected/--no-expected", default=None, help="Work out the growth that a run should find (minutes).")
@click.option("--assess/--no-assess", default=None, help="Also talks with therapist and stranger, before and after.")
@click.option("--plan", type=_EXISTING, help="sim.toml: a course, and what is recorded; absent, the defaults.")
@click.option(
    "--threads", type=click.IntRange(1), default=None, help="Default: all cores; results do not depend on it."
)
@_quiet
@_debug
@_no_traceback
def simulate(
    out: Path,
    plan: Path | None,
    settings: tuple[str, ...],
    off: tuple[str, ...],
    quiet: bool,
    debug: bool,
    **asked: Any,
) -> int:
    """Simulate a course of therapy into OUT.

    Two plastic brains in each dyad over a course of sessions: tables, what was planted, every setting, a figure and a
    page. With --record, also what devices record of it, as a study in BIDS that interbrain run takes.

    \b
    interbrain simulate course
    interbrain simulate course --therapy cbt --sessions 12 --dyads 20 --seed 1
    interbrain simulate course --set stress=0.9 --without oxytocin
    interbrain simulate study --sessions 8 --dyads 6 --record fnirs,motion --minutes 10
    interbrain run study results
    interbrain simulate again --plan study/sim.toml
    interbrain simulate longer --plan study/sim.toml --minutes 20

    A plan is any part of a sim.toml, which holds every setting of the course and, in its table [record], of what is
    recorded: the same files again. What stands on the command line goes before it.
    """
    listings.simulate_course(out, plan, settings, off, asked, quiet)
    return DONE


@main.command()
@click.argument("a", type=_EXISTING)
@click.argument("b", type=_EXISTING)
@click.option("-m", "--measure", required=True, help="See: interbrain measures.")
@click.option("--band", "bands", multiple=True, metavar="NAME=LOW-HIGH", help="In Hz; may be repeated.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the measure; may be repeated."
)
@click.option("--modality", default=None, help="fnirs, eeg, motion, …; absent, told by the format.")
@click.option("--modality-b", default=None, help="B's, where it is another than A's, e.g. heart and eda.")
@click.option("--read", "options", multiple=True, metavar="KEY=VALUE", help="For the reader: rate=25, columns=pat, …")
@click.option("--read-a", "options_a", multiple=True, metavar="KEY=VALUE", help="For A's reader only: stream=…")
@click.option("--read-b", "options_b", multiple=True, metavar="KEY=VALUE", help="For B's reader only.")
@click.option("--channels-a", default=None, metavar="NAME,…", help="A's channels, where one file holds both people.")
@click.option("--channels-b", default=None, metavar="NAME,…", help="B's channels.")
@click.option("--surrogate", default=None, help="Null; absent, the measure's default. 'none' for no null.")
@click.option("-n", "--n-surrogates", type=int, default=199, show_default=True)
@click.option("--seed", type=int, default=20260101, show_default=True)
@click.option("--out", type=_EXISTING, default=None, help="Write a TSV instead of printing.")
@_deidentify
@_quiet
@_debug
@_no_traceback
def pair(a: Path, b: Path, out: Path | None, quiet: bool, debug: bool, **asked: Any) -> int:
    """Synchrony of two recordings beside its null: two files in, a table out. A positive lag means that A leads.

    \b
    interbrain pair parent/ child/ -m wtc --band slow=0.03-0.12
    interbrain pair 200_01.txt 200_01.txt -m wlcc --modality motion --read rate=25 --channels-a pat --channels-b th
    interbrain pair heart.tsv skin.tsv -m wlcc --modality heart --modality-b eda --read-a rate=4 --read-b rate=5

    With two kinds of signal, every kind of A is measured with every kind of B; a measure that needs one kind says so.

    Exit status: 0 all done; 1 done, but something is not in the table, a null for instance (stderr says why); 2
    nothing usable.
    """
    from interbrain.study import two_files

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IncompleteWarning)  # show_pair says its sentences
        table = two_files.pair(a, b, **listings.pair_arguments(asked), progress=not quiet)
    listings.show_pair(table, out)
    return LOST_DATA if table.attrs["incomplete"] else DONE


@main.command()
@click.argument("out", type=_EXISTING)
@_debug
@_no_traceback
def report(out: Path, debug: bool) -> int:
    """Draw OUT/report.html again from the tables in OUT.

    \b
    interbrain report results
    """
    from interbrain.report import write_report

    click.echo(f"The report is {write_report(out)}")
    return DONE


@main.command()
@_debug
@_no_traceback
def warmup(debug: bool) -> int:
    """Compile the kernels once, a minute or two, so that the next run or simulation starts at once.

    \b
    interbrain warmup
    """
    from interbrain.study.warm import warm

    click.echo("Compiling on all processors; what is compiled is kept.", err=True)
    took = warm(told=lambda names: click.echo(f"compiled: {', '.join(names)}", err=True))
    for name, seconds in took.items():
        click.echo(f"{name:<16} {seconds:6.1f} s")
    return DONE


def _listing(name: str, what: str, example: str) -> None:
    about = f"List {what}; with a NAME, everything that is known about it."

    @main.command(name=name, help=f"{about}\n\n\b\ninterbrain {name}\ninterbrain {name} {example}")
    @click.argument("wanted", required=False, metavar="[NAME]")
    @_debug
    @_no_traceback
    def command(wanted: str | None, debug: bool) -> int:
        listings.show_records(name, wanted)
        return DONE


@main.command(name="measures")
@click.argument("wanted", required=False, metavar="[NAME]")
@click.option("--for", "length", metavar="LENGTH", help="Rank them for a recording of 40min, 90s, 1h30min, …")
@click.option("--rate", type=float, help="Samples a second of that recording.")
@click.option("--modality", help="fnirs, eeg, motion, …")
@click.option("--noise", help="white, ar(1), haemodynamic or 1/f; absent, what the modality is likened to.")
@click.option("--strength", type=float, default=0.4, show_default=True, help="Coupling to be found: common variance.")
@_debug
@_no_traceback
def list_measures(wanted: str | None, length: str | None, debug: bool, **asked: Any) -> int:
    """List synchrony measures with formula and citation; with a NAME, everything that is known about it.

    With --for, say which measure finds coupling best in a recording like yours, from a table of simulated pairs.

    \b
    interbrain measures
    interbrain measures wtc
    interbrain measures --for 40min --rate 10 --modality fnirs
    """
    from interbrain.app import advice

    if length is None:
        listings.show_records("measures", wanted)
    else:
        advice.show_advice(wanted, length, **asked)
    return DONE


_listing("formats", "file formats that can be read", "snirf")
_listing("instruments", "questionnaires with range, cut-off and reliable change", "phq_9")
_listing("surrogates", "nulls within a dyad", "circular_shift")
_listing("devices", "devices whose recordings can be simulated", "fnirs")
_listing("therapies", "therapies that can be simulated, as profiles of hypotheses", "cbt")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
