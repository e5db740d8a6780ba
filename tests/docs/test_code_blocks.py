"""Every block of code in the documentation does what it says.

- python: it runs by itself, in an empty folder, warnings being errors; tests in it pass. That of
  Airflow, which has an environment of its own, runs in tests/servers, that of Spark in
  tests/spark, and those of Dask, Ray and Kafka in tests/recipes.
- text: it is what the Python block before it prints; all else is a drawing.
- console: it is what the local collector prints, as the test of the README checks.
- sh, or none: commands. `python` runs; `make` and `pip` do not, which take minutes or change the
  machine: their targets, variables and extras exist.
- toml, diff: it names this distribution.
"""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from importlib.util import find_spec

import pytest
from tests.docs.named_tests import ROOT
from tests.docs.pages import PAGES, blocks

from snowplow_tracker.cli.completion import completion_parser
from snowplow_tracker.cli.options import parser_for
from snowplow_tracker.cli.store import store_parser
from snowplow_tracker.collector import CollectorServer

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMANDS = [
    (block.page, line)
    for block in blocks("sh", "")
    for line in re.sub(r" +#.*", "", block.text).splitlines()
]
KNOWN = {"python", "text", "console", "sh", "", "toml", "diff"}
COLUMNS = 88  # what fits beside the navigation of the site


@pytest.fixture(scope="module")
def collector():
    with CollectorServer() as running:
        yield running


def test_there_is_no_other_language():
    languages = set(re.findall(r"^```(\w+)$", "\n".join(PAGES.values()), re.MULTILINE))
    assert languages - KNOWN == set()


@pytest.mark.parametrize("block", blocks(*KNOWN), ids=str)
def test_a_block_fits_its_column(block):
    assert [line for line in block.text.splitlines() if len(line) > COLUMNS] == []


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_program_runs(block, collector, tmp_path):
    if "import airflow" in block.text or "from airflow" in block.text:
        pytest.skip("make test-airflow runs it")
    if block.page == "docs/guides/spark.md":
        pytest.skip("make test-spark runs it")
    if re.search(r"^(import|from) (dask|ray|confluent_kafka)\b", block.text, re.MULTILINE):
        pytest.skip("make test-recipes runs it")
    collector.reset()
    program = tmp_path / "test_program.py"
    program.write_text(block.text.replace("9090", str(collector.port)), encoding="utf-8")
    how = ["pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in block.text else []
    command = [sys.executable, "-W", "error", *(f"-m{name}" for name in how[:1]), *how[1:]]
    done = subprocess.run(
        [*command, program.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout == block.output or how
    assert collector.journal.counts()["bad"] == 0


@pytest.mark.parametrize(("page", "line"), [each for each in COMMANDS if "make" in each[1]])
def test_a_target_of_make_exists_and_uses_its_variables(page, line):
    make, target, *settings = shlex.split(line)
    assert make == "make"
    assert re.search(rf"^{target}:.*##", MAKEFILE, re.MULTILINE), page
    assert all(f"$({setting.partition('=')[0]})" in MAKEFILE for setting in settings)


@pytest.mark.parametrize("page", PAGES)
def test_a_target_of_make_within_a_text_exists(page):
    targets = set(re.findall(r"`make ([a-z-]+)[ `]", PAGES[page]))
    assert {
        name for name in targets if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)
    } == set()


@pytest.mark.parametrize(("page", "line"), [each for each in COMMANDS if "pip" in each[1]])
def test_what_pip_installs_has_the_extras(page, line):
    assert re.match(r"(\.venv/bin/python -m )?pip (un)?install ", line), page
    extras = re.findall(r"(?:\.|snowplow-tracker-rs)\[(\w+)\]", line)
    assert set(extras) <= PROJECT["optional-dependencies"].keys()


@pytest.mark.parametrize(
    "line", [line for _, line in COMMANDS if "-m snowplow_tracker.coll" in line]
)
def test_the_collectors_command_starts_it(line):
    name, *arguments = shlex.split(line)
    assert (name, arguments[:2]) == ("python", ["-m", "snowplow_tracker.collector"])
    command = [sys.executable, *arguments, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("collector listening at http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.parametrize("line", [line for _, line in COMMANDS if "tracker.iglu" in line])
def test_a_command_for_schemas_succeeds(line, tmp_path):
    name, *arguments = shlex.split(line)
    assert name == "python"
    (tmp_path / "schemas-repository" / "schemas").mkdir(parents=True)
    subprocess.run([sys.executable, *arguments], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize(
    "line",
    [
        line
        for block in blocks("sh")
        for line in block.text.replace("\\\n", " ").splitlines()
        if line.startswith("snowplow-tracker ")
    ],
)
def test_a_command_of_the_package_has_these_options(line):
    _, group, *arguments = shlex.split(line)
    if group == "store":
        assert store_parser().parse_args(arguments).path
    elif group == "completion":
        assert completion_parser().parse_args(arguments[: arguments.index(">")]).shell
    else:
        assert parser_for(group).parse_args(arguments).collector


def test_no_command_is_left_out():
    own = r"python -m snowplow_tracker\.(?:collector|iglu) ?.*"
    tested = rf"make [a-z-]+( [A-Z0-9_]+=\S+)*|.*pip .*|{own}|snowplow-tracker .*|  .*"
    rest = [line for _, line in COMMANDS if not re.fullmatch(tested, line)]
    modules = [re.fullmatch(r"\.venv/bin/python -m (\w+) .*", line) for line in rest]
    assert all(module is not None and find_spec(module[1]) for module in modules), rest


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_a_project_depends_on_this_one(block):
    assert PROJECT["name"] in tomllib.loads(block.text)["project"]["dependencies"]


@pytest.mark.parametrize("block", blocks("diff"), ids=str)
def test_a_changed_requirement_names_this_one(block):
    before, after = (line.lstrip("+- ") for line in block.text.splitlines())
    assert before.partition("==")[0] == "snowplow-tracker"
    assert after == PROJECT["name"]
