"""Runs the programs in `programs/`, and checks that exactly the expected events arrive."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demo.local_collector import LocalCollector

__all__ = ["PROGRAMS", "Program", "run"]

FOLDER = Path(__file__).with_name("programs")
RUN_SECONDS = 30.0
SITE = "https://www.example.com"
FILM = "iglu:com.example/film/jsonschema/1-0-0"
RENTED = "iglu:com.example/film_rented/jsonschema/1-0-0"
MEASURED = "iglu:com.example/measured/jsonschema/1-0-0"
SNOWPLOW = "iglu:com.snowplowanalytics.snowplow"
MOBILE = "iglu:com.snowplowanalytics.mobile"

Fields = dict[str, Any]


@dataclass(frozen=True)
class Program:
    """A program in `programs/`.

    Attributes:
        name: The name of its file, without the suffix.
        events: For each tracked event, some fields that it must have: those of the request, `api`
            (the version of the protocol), and the decoded `schema`, `data` and `contexts`.
        copies: How many times each event must arrive: once per emitter.
    """

    name: str
    events: tuple[Fields, ...]
    copies: int = 1


RENTAL = {"e": "ue", "schema": RENTED, "data": {"until": "2026-12-31", "price": 2.5}}
PROGRAMS = (
    Program(
        "one_emitter",
        (
            {"e": "pv", "url": f"{SITE}/", "page": "Welcome", "p": "pc"},
            {"e": "se", "se_ca": "shop", "se_ac": "add-to-basket", "se_pr": "pcs", "se_va": "2"},
        ),
    ),
    Program(
        "every_parameter",
        tuple(
            {"tna": "cf", "aid": "aid", "p": "srv", "uid": "user-1", "res": "1920x1080"} | fields
            for fields in (
                {"e": "pv", "url": f"{SITE}/films", "contexts": [FILM]},
                {"e": "pp", "pp_mix": "0", "pp_max": "100", "pp_miy": "0", "pp_may": "500"},
                RENTAL | {"contexts": [FILM]},
                RENTAL | {"contexts": []},
                {"schema": f"{SNOWPLOW}/link_click/jsonschema/1-0-1"},
                {"schema": f"{SNOWPLOW}/screen_view/jsonschema/1-0-0"},
                {"e": "tr", "tr_id": "order-1"},
                {"e": "ti", "ti_id": "order-1", "ti_sk": "film-1", "ti_qu": "2"},
            )
        ),
    ),
    Program(
        "two_emitters",
        (
            {"url": f"{SITE}/both", "page": "Grüße & 你好", "api": "tp2"},
            {"url": f"{SITE}/both", "page": "Grüße & 你好", "api": "tp1"},
        ),
        copies=2,
    ),
    Program(
        "set_subject",
        (
            {"url": f"{SITE}/1", "p": "pc"},
            {"url": f"{SITE}/2", "p": "mob", "uid": "user-2"},
            {"url": f"{SITE}/3", "p": "pc", "uid": "user-3"},
        ),
    ),
    Program(
        "complex_numbers",
        (
            {"schema": MEASURED, "data": {"value": [3.0, 4.0]}},
            {"schema": MEASURED, "data": {"value": "the tracker is still usable"}},
        ),
    ),
    Program(
        "tracker_1x",
        tuple(
            {"tna": "ns", "aid": "shop"} | fields
            for fields in (
                {"e": "pv", "contexts": [FILM]},
                {"e": "pp", "pp_may": "500"},
                {"e": "ue", "schema": f"{MOBILE}/screen_view/jsonschema/1-0-0"},
                {"e": "ue", "schema": FILM, "ttm": "1700000000000"},
                {"e": "se", "se_va": "2.5"},
            )
        ),
    ),
    Program(
        "snowplow_class",
        (
            *({"e": "pv", "url": f"{SITE}/{page}", "tna": "one"} for page in range(7)),
            {"e": "se", "se_ca": "pages", "se_ac": "read", "se_va": "7"},
        ),
    ),
)


def run(program: Program, collector: LocalCollector) -> list[str]:
    """Run a program in a process of its own.

    Args:
        program: The program.
        collector: Where the program sends its events. It is reset before.

    Returns:
        One line of text for each problem: the program failed, or the events that arrived are not
        exactly the expected ones.
    """
    collector.reset()
    command = [sys.executable, str(FOLDER / f"{program.name}.py"), str(collector.port)]
    try:
        subprocess.run(  # noqa: S603  # a program of this folder
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=RUN_SECONDS, check=True
        )
    except subprocess.TimeoutExpired:
        return [f"{program.name}: still running after {RUN_SECONDS:.0f} s"]
    except subprocess.CalledProcessError as error:
        return [f"{program.name}: exit status {error.returncode}: {error.stderr.decode().strip()}"]
    bad = [f"{program.name}: bad event: {row['errors']}" for row in collector.bad()]
    return bad + _differences(program, [_fields(row) for row in collector.good()])


def _fields(row: dict[str, Any]) -> Fields:
    event = row["event"].get("unstruct_event")
    return {
        **row["rawEvent"]["parameters"],
        "api": row["rawEvent"]["api"]["version"],
        "schema": row["schema"],
        "contexts": row["contexts"],
        "data": event["data"]["data"] if event else None,
    }


def _differences(program: Program, arrived: list[Fields]) -> list[str]:
    copies = Counter(event["eid"] for event in arrived)
    problems = [
        f"{program.name}: event {eid} arrived {count} times, expected {program.copies}"
        for eid, count in copies.items()
        if count != program.copies
    ]
    unexpected = list(arrived)
    for expected in program.events:
        match = next((event for event in unexpected if expected.items() <= event.items()), None)
        if match is None:
            problems.append(f"{program.name}: missing: {expected}")
        else:
            unexpected.remove(match)
    return problems + [f"{program.name}: not expected: {event}" for event in unexpected]
