"""`snowplow-tracker completion`: what a shell offers, asked of the shell itself."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from tests.cli.commands import run


def completed(folder, *words: str) -> set[str]:
    """Return what bash offers for the last of the words after the command."""
    if not (bash := shutil.which("bash")):
        pytest.skip("no bash here")
    printed = run("completion", "bash", folder=folder)
    assert (printed.returncode, printed.stderr) == (0, "")
    script = folder / "script"
    script.write_text(printed.stdout, encoding="utf-8")
    line = " ".join(["snowplow-tracker", *words])
    program = f"""
    source {script}
    COMP_WORDS=({line} {"''" if words[-1:] == ("",) else ""}) COMP_CWORD={len(words)}
    COMP_LINE="{line}" COMP_POINT={len(line)}
    function=$(complete -p snowplow-tracker | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    $function
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    ended = subprocess.run(
        [bash, "--norc", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return set(ended.stdout.split())


def test_groups(tmp_path):
    assert completed(tmp_path, "s") == {"send", "store", "schemas"}


def test_options_of_a_group(tmp_path):
    assert completed(tmp_path, "send", "--id") == {"--id-from"}
    assert completed(tmp_path, "store", "export", "--h") == {"--help"}


def test_values_and_files(tmp_path):
    (tmp_path / "orders.ndjson").touch()
    assert completed(tmp_path, "send", "--protocol", "http") == {"http", "https"}
    assert "orders.ndjson" in completed(tmp_path, "send", "--dead-letter", "ord")


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_have_a_script(tmp_path, shell):
    ended = run("completion", shell, folder=tmp_path)
    assert ended.returncode == 0
    assert "--dead-letter" in ended.stdout or "dead-letter" in ended.stdout


def test_an_unknown_shell(tmp_path):
    ended = run("completion", "fish", folder=tmp_path)
    assert ended.returncode == 2
    assert "'fish'" in ended.stderr
