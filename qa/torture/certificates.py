"""Scenario: a collector with an untrusted certificate."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from qa.torture.collector import FaultyCollector
from qa.torture.outcome import Outcome
from qa.torture.processes import Program
from qa.torture.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["bad_certificate"]


def bad_certificate(folder: Path, seed: int, *, kind: str, count: int = 100) -> Outcome:
    """Send nothing to a collector that cannot prove who it is, and say so."""
    outcome = Outcome(f"bad certificate, {kind}")
    settings = {"batch_size": 10, "exit_timeout": 1, "max_retry_delay_seconds": 0.1}
    with FaultyCollector(folder, seed, certificate=_self_signed(folder)) as collector:
        plan: dict[str, Any] = {
            "url": collector.url,
            "settings": settings,
            "drains": False,
            "limit": 30,
        }
        with Program("tracking", folder, name="tls", kind=kind, count=count, **plan) as program:
            outcome.problems += program.problems(40)
            output = program.output()
        accepted = collector.summary()["accepted"]
    outcome.met = "all refused"
    outcome.verdict = Verdict(count, accepted, 0, 0, 0, [])
    if accepted:
        outcome.problems.append(f"{accepted} events were sent to a stranger")
    told = f"{count} events were not delivered"
    if told not in output or "CERTIFICATE_VERIFY_FAILED" not in output:
        outcome.problems.append(f"the log does not tell: {output}")
    return outcome.conclude()


def _self_signed(folder: Path) -> str:
    """Make a certificate. Returns the path of a file that holds it and its key."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command = ["openssl", "req", *kind, *names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + key.read_text())
    return str(certificate)
