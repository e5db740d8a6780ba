"""A process of the comparison: runs programs on the package that is first on its path.

Writes the package's version to standard output. Then reads requests from standard input, each a
program and the names of the differences whose patches are to be in place, and answers each with
what came of it, until its input ends. All of it is pickled.
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import sys
import warnings
from typing import IO, TYPE_CHECKING, Any

from qa.differential import stage
from qa.differential.differences import in_place
from qa.differential.programs import Outcome, Program, StepOutcome

import snowplow_tracker

if TYPE_CHECKING:
    from types import CodeType

_FILE = "<step>"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def run(program: Program) -> Outcome:
    """Run a program from nothing."""
    stage.collector.answer(program.answers)
    names = {name: getattr(stage, name) for name in stage.__all__}
    try:
        return Outcome(tuple(_run_step(step, names) for step in program.steps))
    finally:
        snowplow_tracker.enable_contracts()
        if hasattr(snowplow_tracker, "Snowplow"):
            snowplow_tracker.Snowplow.reset()


def _run_step(step: str, names: dict[str, Any]) -> StepOutcome:
    raised, returned = None, None
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            returned = _evaluated(_code(step), names)
        except Exception as error:  # noqa: BLE001 - what is raised is what is compared
            raised = type(error).__name__
    return StepOutcome(
        raised=raised,
        returned=returned,
        warned=sum(issubclass(one.category, DeprecationWarning) for one in warned),
        requests=stage.collector.take(),
        inputs=stage.inbox.take(),
        heard=stage.heard.take(),
    )


def _code(step: str) -> CodeType:
    try:
        return compile(step, _FILE, "eval")
    except SyntaxError:
        return compile(step, _FILE, "exec")


def _evaluated(code: CodeType, names: dict[str, Any]) -> Any:
    value = eval(code, names)
    if value is not None and value is names.get("tracker"):
        return "the tracker"
    if type(value) is str and _UUID.fullmatch(value):
        return "a UUID"
    return stage.describe(value)


def main() -> None:
    logging.disable(logging.CRITICAL)
    answers, sys.stdout = os.fdopen(os.dup(1), "wb"), sys.stderr
    _say(snowplow_tracker.__version__, answers)
    while True:
        try:
            program, differences = pickle.load(sys.stdin.buffer)
        except EOFError:
            os._exit(0)  # what a program left unsent is nobody's
        with in_place(differences):
            outcome = run(program)
        _say(outcome, answers)


def _say(answer: object, answers: IO[bytes]) -> None:
    pickle.dump(answer, answers)
    answers.flush()


if __name__ == "__main__":
    main()
