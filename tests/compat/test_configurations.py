"""`EmitterConfiguration` and `TrackerConfiguration`."""

from __future__ import annotations

import copy
import logging
import pickle
from typing import Any

import pytest

from snowplow_tracker import EmitterConfiguration, TrackerConfiguration, disable_contracts
from snowplow_tracker.contracts import enable_contracts

SETTINGS: dict[str, Any] = {
    "batch_size": 5,
    "on_success": print,
    "on_failure": repr,
    "byte_limit": 4000,
    "request_timeout": (1.0, 2.0),
    "buffer_capacity": 100,
    "custom_retry_codes": {500: False},
    "event_store": object(),
    "session": object(),
    "max_retry_delay_seconds": 120,
    "exit_timeout": 1.5,
    "when_full": "block",
    "block_timeout": 2.5,
    "custom_headers": {"X-A": "b"},
    "post_path": "com.acme/track",
    "get_path": "pixel",
    "server_anonymous": True,
}
DEFAULTS = dict.fromkeys(SETTINGS) | {
    "custom_retry_codes": {},
    "max_retry_delay_seconds": 60,
    "exit_timeout": 5.0,
    "when_full": "refuse",
    "block_timeout": 30.0,
    "post_path": "com.snowplowanalytics.snowplow/tp2",
    "get_path": "i",
    "server_anonymous": False,
}
COUNTS = ["batch_size", "byte_limit", "buffer_capacity"]


def settings_of(config: EmitterConfiguration) -> dict[str, Any]:
    return {name: getattr(config, name) for name in SETTINGS}


def test_defaults():
    assert settings_of(EmitterConfiguration()) == DEFAULTS


def test_settings_by_position():
    assert settings_of(EmitterConfiguration(*SETTINGS.values())) == SETTINGS


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_by_keyword_and_by_assignment(name):
    assigned = EmitterConfiguration()
    setattr(assigned, name, SETTINGS[name])
    for config in (EmitterConfiguration(**{name: SETTINGS[name]}), assigned):
        assert settings_of(config) == DEFAULTS | {name: SETTINGS[name]}


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", [None, 0, 1, 10**9])
def test_counts_that_are_taken(name, value):
    assert getattr(EmitterConfiguration(**{name: value}), name) == value


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("value", [-1, True, False, 1.5, "5", [5]])
def test_counts_that_are_refused(name, value):
    config = EmitterConfiguration()
    setattr(config, name, 7)
    with pytest.raises(ValueError, match=f"^{name} "):
        EmitterConfiguration(**{name: value})
    with pytest.raises(ValueError, match=f"^{name} "):
        setattr(config, name, value)
    assert getattr(config, name) == 7


def test_counts_are_checked_without_contracts_too():
    disable_contracts()
    try:
        with pytest.raises(ValueError, match=r"^batch_size "):
            EmitterConfiguration(batch_size=-1)
    finally:
        enable_contracts()


def test_retry_rules_of_one_configuration_are_its_own():
    config = EmitterConfiguration()
    assert config.set_retry_code(403)
    assert config.set_retry_code(500, False)
    assert config.set_retry_code(-1, retry=False)
    assert config.custom_retry_codes == {403: True, 500: False, -1: False}
    assert EmitterConfiguration().custom_retry_codes == {}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("403",), "status_code"),
        ((None,), "status_code"),
        ((True,), "status_code"),
        ((403.0,), "status_code"),
        ((403, 1), "retry"),
        ((403, None), "retry"),
        ((200,), "status_code"),
        ((299, True), "status_code"),
    ],
)
def test_a_bad_retry_rule_is_logged_and_has_no_effect(arguments, complaint, caplog):
    config = EmitterConfiguration()
    assert config.set_retry_code(*arguments) is False
    assert config.custom_retry_codes == {}
    assert caplog.records[0].levelno == logging.WARNING
    assert caplog.messages[0].startswith(complaint)


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda config: pickle.loads(pickle.dumps(config))]
)
def test_duplicates_keep_the_settings(duplicate):
    config: Any = EmitterConfiguration(batch_size=5, custom_retry_codes={500: False})
    config.label = "mine"
    twin = duplicate(config)
    assert settings_of(twin) == settings_of(config)
    assert twin.label == "mine"
    assert twin != config


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda config: pickle.loads(pickle.dumps(config))]
)
def test_duplicates_check_what_is_assigned(duplicate):
    twin = duplicate(EmitterConfiguration(batch_size=5))
    with pytest.raises(ValueError, match="batch_size"):
        twin.batch_size = -1
    assert twin.batch_size == 5


def test_a_setting_that_is_not_set_yet_is_no_attribute():
    class Early(EmitterConfiguration):
        def __init__(self) -> None:
            assert not hasattr(self, "batch_size")
            super().__init__()

    assert Early().batch_size is None


def test_repr_names_the_settings():
    text = repr(EmitterConfiguration(batch_size=5))
    assert text.startswith("EmitterConfiguration(batch_size=5, on_success=None, ")
    assert repr(TrackerConfiguration()) == (
        "TrackerConfiguration(encode_base64=True, json_encoder=None, "
        "use_scope=False, before_send=None)"
    )


def test_tracker_configuration():
    config = TrackerConfiguration()
    assert (config.encode_base64, config.json_encoder) == (True, None)
    config = TrackerConfiguration(False, repr)
    assert (config.encode_base64, config.json_encoder) == (False, repr)
    config.encode_base64 = True
    assert config.encode_base64
