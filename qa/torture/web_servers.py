"""Scenarios: web servers whose workers track an event for each request, are killed, and end."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome
from qa.torture.processes import Program
from qa.torture.serving import Load, free_port, plan_of, problems, server

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["gunicorn", "uvicorn", "uwsgi"]

_SETTINGS = {"batch_size": 25, "request_timeout": 2.0, "max_retry_delay_seconds": 0.3}
_FAULTS = ["503", "cuts answer", "cuts body"]
_WORKERS = 2
_AT_ONCE = 8  # requests in progress
_WSGI = "qa.torture.programs.wsgi:application"
_ASGI = "qa.torture.programs.asgi:application"
# Without the hook, uWSGI reloads on SIGTERM.
_UWSGI = [
    *("-c", "import pyuwsgi; pyuwsgi.run()", "--module", _WSGI, "--need-app", "--master"),
    *("--hook-master-start", "unix_signal:15 gracefully_kill_them_all"),
]


def gunicorn(
    folder: Path, seed: int, *, kind: str, worker: str = "sync", preload: bool = False, **how: Any
) -> Outcome:
    """Serve in two workers, by the program that the master has loaded or by their own."""
    port = free_port()
    program = _ASGI if "uvicorn" in worker else _WSGI
    options = f"--bind 127.0.0.1:{port} --workers 2 --worker-class {worker} {program}"
    options += " --threads 4" * (worker == "gthread") + " --preload" * preload
    name = f"gunicorn {worker.rsplit('.', maxsplit=1)[-1]}{', preloaded' * preload}"
    return _serve(name, folder, seed, port, ["-m", "gunicorn", *shlex.split(options)], kind, **how)


def uwsgi(
    folder: Path, seed: int, *, kind: str, threads: int = 1, lazy: bool = False, **how: Any
) -> Outcome:
    """Serve in two workers, which C code forks after loading, or which load by themselves."""
    port = free_port()
    options = ["--http-socket", f"127.0.0.1:{port}", "--processes", "2", "--enable-threads"]
    options += ["--threads", str(threads)] * (threads > 1) + ["--lazy-apps"] * lazy
    name = f"uWSGI{', lazy-apps' * lazy}{f', {threads} threads' * (threads > 1)}"
    return _serve(name, folder, seed, port, [*_UWSGI, *options], kind, **how)


def uvicorn(
    folder: Path, seed: int, *, kind: str, workers: int = 1, opts_in: bool = False, **how: Any
) -> Outcome:
    """Serve; the lifespan closes the tracker, or `flush_on_sigterm` delivers.

    Args:
        opts_in: Whether it is the latter.
    """
    port = free_port()
    options = f"{_ASGI} --host 127.0.0.1 --port {port} --workers {workers} --no-access-log"
    name = f"uvicorn, {workers} workers, {'flush_on_sigterm' if opts_in else 'lifespan'}"
    command = ["-m", "uvicorn", *shlex.split(options)]
    how |= {"workers": workers, "opts_in": opts_in}
    return _serve(name, folder, seed, port, command, kind, **how)


def _serve(
    name: str,
    folder: Path,
    seed: int,
    port: int,
    command: list[str],
    kind: str,
    *,
    kills: int = 0,
    responses: int = 1_000,
    workers: int = _WORKERS,
    opts_in: bool = False,
) -> Outcome:
    """Serve while the collector has faults, and end by SIGTERM under load; lose nothing.

    Args:
        kills: So many workers are killed meanwhile, and the events are in a durable store.
        workers: The number of workers.
        opts_in: Whether the program calls `flush_on_sigterm`.
    """
    outcome = Outcome(f"{name}, {kind}{', durable' * (kills > 0)}")
    storms = {"every": responses // 10, "seconds": 0.1, "kinds": _FAULTS}
    with FaultyCollector(folder, seed, **storms) as collector:
        plan = plan_of(folder, collector, kind, _SETTINGS)
        plan |= {"opts_in": opts_in, "flushes": _runs_no_exit_handlers_in_its_master(command)}
        plan["store"] = str(folder / "store.db") if kills else None
        with server(folder, command, plan) as process:
            with Load(port, _AT_ONCE) as load:
                killed = [_kill_after(load, responses // (kills + 1)) for _ in range(kills)]
                load.wait_for(responses)
                collector.calm()  # at exit, workers try once
                if workers == _WORKERS:
                    load.wait_for_both()  # servers forget the signal for a worker that is starting
                if load.failures and not kills:
                    outcome.problems.append(f"requests failed: {load.failures[:3]}")
                process.terminate()
            outcome.problems += problems(process, folder)
        if kills:
            outcome.problems += _deliver_the_rest(folder, plan)
        outcome.judge(folder, collector, dict.fromkeys(killed, _AT_ONCE + 2))
        summary = collector.summary()
    outcome.met = f"{kills} kills, SIGTERM, {summary['storms']} storms"
    return outcome.conclude()


def _runs_no_exit_handlers_in_its_master(command: list[str]) -> bool:
    return _UWSGI[1] in command and "--lazy-apps" not in command


def _kill_after(load: Load, responses: int) -> str:
    """Kill a worker after so many further responses. Returns what the collector knows it by."""
    load.wait_for(len(load.processes) + responses)
    return f"worker-{load.kill_one()}"


def _deliver_the_rest(folder: Path, plan: dict[str, Any]) -> list[str]:
    again = {**plan, "kind": "Emitter", "name": "heir", "count": 1, "limit": 60}
    del again["folder"]
    with Program("tracking", folder, **again) as heir:
        return heir.problems(70)
