"""Settings: what is taken, and that everything wrong is refused in one line that names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import settings_reference
from agents.settings import Settings, load_settings
from agents.settings_errors import SettingsError, variable
from streams.events.catalogue import TOPICS

KEY = "k" * 32
NAMES = ", ".join(topic.name for topic in TOPICS)


def load(**given: str) -> Settings:
    """Settings of an environment with these variables (without the prefix) and a hash key."""
    return load_settings({variable(name): value for name, value in ({"hash_key": KEY} | given).items()})


def refusal(**given: str) -> str:
    """The one line with which such an environment is refused."""
    with pytest.raises(SettingsError) as caught:
        load(**given)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_an_environment_with_only_a_hash_key_gets_the_defaults() -> None:
    settings = load()
    assert settings.topics == tuple(topic.name for topic in TOPICS)
    assert settings.broker_list == ("127.0.0.1:9092",)
    assert settings.hash_key_bytes == KEY.encode()
    assert settings.web_token is None


def test_values_are_read_in_their_types() -> None:
    settings = load(topics="click, sale", brokers="[::1]:9092,localhost:9093", web_port="0", allow_plaintext="true")
    assert settings.topics == ("click", "sale")
    assert settings.broker_list == ("[::1]:9092", "localhost:9093")
    assert settings.web_port == 0
    assert settings.allow_plaintext is True


def test_variables_of_others_do_not_matter_and_ours_are_not_read_from_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAUNCHPULSE_WEB_PORT", "1")
    settings = load_settings({"LAUNCHPULSE_HASH_KEY": KEY, "PATH": "x", "KAFKA_BROKERS": "y"})
    assert settings.web_port == 6066
    assert Settings().web_port == 6066


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"web_port": "70000"}, "LAUNCHPULSE_WEB_PORT must be at most 65535, got '70000'"),
        ({"web_port": "-1"}, "LAUNCHPULSE_WEB_PORT must be at least 0, got '-1'"),
        ({"web_port": "http"}, "LAUNCHPULSE_WEB_PORT must be a whole number, got 'http'"),
        ({"web_port": ""}, "LAUNCHPULSE_WEB_PORT must be a whole number, got ''"),
        ({"series_budget": "1.5"}, "LAUNCHPULSE_SERIES_BUDGET must be a whole number, got '1.5'"),
        ({"allow_plaintext": "perhaps"}, "LAUNCHPULSE_ALLOW_PLAINTEXT must be true or false, got 'perhaps'"),
        ({"log_format": "xml"}, "LAUNCHPULSE_LOG_FORMAT must be one of 'json' or 'console', got 'xml'"),
        ({"brokers": ""}, "LAUNCHPULSE_BROKERS must name a broker as host:port, got ''"),
        ({"brokers": "localhost"}, "LAUNCHPULSE_BROKERS must be host:port, separated by commas, got 'localhost'"),
        ({"brokers": "a:b"}, "LAUNCHPULSE_BROKERS must be host:port, separated by commas, got 'a:b'"),
        (
            {"topics": "click,clack"},
            f"LAUNCHPULSE_TOPICS must name some of {NAMES}, each once, got 'click,clack'",
        ),
        (
            {"topics": "sale,sale"},
            f"LAUNCHPULSE_TOPICS must name some of {NAMES}, each once, got 'sale,sale'",
        ),
        (
            {"reporting_time_zone": "Mars/Base"},
            "LAUNCHPULSE_REPORTING_TIME_ZONE must be a time zone such as Europe/Berlin, got 'Mars/Base'",
        ),
        (
            {"reporting_time_zone": "../etc/passwd"},
            "LAUNCHPULSE_REPORTING_TIME_ZONE must be a time zone such as Europe/Berlin, got '../etc/passwd'",
        ),
        (
            {"application_id": "My App"},
            "LAUNCHPULSE_APPLICATION_ID must match ^[a-z][a-z0-9-]{0,62}$, got 'My App'",
        ),
        (
            {"brokers": "kafka:9092"},
            "LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL must be SSL or SASL_SSL for a broker on another host (kafka), "
            "or LAUNCHPULSE_ALLOW_PLAINTEXT=true, got 'PLAINTEXT'",
        ),
        (
            {"redis_url": "redis://cache:6379/0"},
            "LAUNCHPULSE_REDIS_URL must be rediss:// (TLS) for a Redis on another host, "
            "or LAUNCHPULSE_ALLOW_PLAINTEXT=true, got 'cache'",
        ),
        (
            {"redis_url": "http://localhost"},
            "LAUNCHPULSE_REDIS_URL must be redis:// or rediss://host:port/number, or unix://path, "
            "got 'http://localhost'",
        ),
        (
            {"web_host": "0.0.0.0"},
            "LAUNCHPULSE_WEB_TOKEN_FILE must be set when LAUNCHPULSE_WEB_HOST is not loopback, got '0.0.0.0'",
        ),
        (
            {"alertmanager_url": "http://alerts:9093"},
            "LAUNCHPULSE_ALERTMANAGER_URL must be https:// for an Alertmanager on another host, "
            "or LAUNCHPULSE_ALLOW_PLAINTEXT=true, got 'alerts'",
        ),
        (
            {"alertmanager_url": "localhost:9093"},
            "LAUNCHPULSE_ALERTMANAGER_URL must be http:// or https://host:port, got 'localhost:9093'",
        ),
        (
            {"kafka_security_protocol": "SASL_SSL"},
            "LAUNCHPULSE_KAFKA_SASL_MECHANISM must be set with SASL_SSL, got nothing",
        ),
        (
            {"kafka_username": "me"},
            "LAUNCHPULSE_KAFKA_USERNAME needs LAUNCHPULSE_KAFKA_SECURITY_PROTOCOL=SASL_SSL, got 'PLAINTEXT'",
        ),
        (
            {"redis_username": "me"},
            "LAUNCHPULSE_REDIS_PASSWORD_FILE must be set with LAUNCHPULSE_REDIS_USERNAME, got nothing",
        ),
        (
            {"test_block_offsets": "10"},
            "LAUNCHPULSE_TEST_BLOCK_OFFSETS needs a LAUNCHPULSE_APPLICATION_ID other than 'launchpulse', got 10",
        ),
        (
            {"hash_key": ""},
            "LAUNCHPULSE_HASH_KEY_FILE must name a file with a secret key of 16 to 64 bytes, got nothing",
        ),
        ({"hash_key": "short"}, "LAUNCHPULSE_HASH_KEY must have 16 to 64 bytes, got 5"),
        ({"web_prot": "1"}, "LAUNCHPULSE_WEB_PROT is no setting, did you mean LAUNCHPULSE_WEB_PORT?"),
        ({"nonsense_at_all": "1"}, "LAUNCHPULSE_NONSENSE_AT_ALL is no setting"),
        ({"port": "6066"}, "LAUNCHPULSE_PORT is no setting, did you mean LAUNCHPULSE_WEB_PORT?"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_it(given: dict[str, str], line: str) -> None:
    assert refusal(**given) == line


def test_a_variable_in_lower_case_is_refused_instead_of_being_ignored() -> None:
    with pytest.raises(SettingsError, match="launchpulse_web_port is no setting, did you mean LAUNCHPULSE_WEB_PORT"):
        load_settings({"LAUNCHPULSE_HASH_KEY": KEY, "launchpulse_web_port": "1"})


def test_several_wrong_values_are_named_together() -> None:
    line = refusal(web_port="x", series_budget="1")
    assert "LAUNCHPULSE_WEB_PORT" in line
    assert "LAUNCHPULSE_SERIES_BUDGET" in line


def test_a_value_with_line_breaks_stays_in_one_line() -> None:
    assert "LAUNCHPULSE_WEB_PORT" in refusal(web_port="1\n2\r\x1b[31m")


def test_what_kubernetes_and_docker_put_beside_a_service_of_our_name_is_ignored() -> None:
    assert load(port="tcp://10.0.0.1:6066", service_host="10.0.0.1", service_port="6066", port_6066_tcp_addr="x")


def test_a_secret_is_read_from_its_file_without_the_line_break(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "token").write_text("t" * 20 + "\r\n")
    settings = load(hash_key="", hash_key_file=str(tmp_path / "key"), web_token_file=str(tmp_path / "token"))
    assert settings.hash_key_bytes == KEY.encode()
    assert settings.web_token is not None
    assert settings.web_token.get_secret_value() == "t" * 20


def test_sasl_over_tls_is_taken_with_all_its_parts(tmp_path: Path) -> None:
    for name in ("password", "ca.pem"):
        (tmp_path / name).write_text("something")
    settings = load(
        brokers="kafka.example.com:9093",
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="SCRAM-SHA-512",
        kafka_username="launchpulse",
        kafka_password_file=str(tmp_path / "password"),
        kafka_ca_file=str(tmp_path / "ca.pem"),
    )
    assert settings.kafka_password is not None
    assert settings.kafka_password.get_secret_value() == "something"


@pytest.mark.parametrize("name", ["hash_key_file", "web_token_file", "redis_password_file", "redis_ca_file"])
def test_a_file_that_is_not_there_is_refused_by_name(name: str, tmp_path: Path) -> None:
    given = {"hash_key": "", name: str(tmp_path / "nothing"), "redis_url": "rediss://localhost/0"}
    line = refusal(**given)
    assert line.startswith(f"{variable(name)} must be a file that can be read, got '{tmp_path}/nothing'")
    assert "No such file" in line


def test_a_directory_in_place_of_a_secret_file_is_refused(tmp_path: Path) -> None:
    assert refusal(web_token_file=str(tmp_path)).endswith("Is a directory")


@pytest.mark.parametrize(("size", "refused"), [(15, True), (16, False), (64, False), (65, True)])
def test_a_hash_key_has_16_to_64_bytes(size: int, refused: bool, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * size)
    given = {"hash_key": "", "hash_key_file": str(tmp_path / "key")}
    if refused:
        assert f"must hold 16 to 64 bytes, got {size}" in refusal(**given)
    else:
        assert len(load(**given).hash_key_bytes) == size


def test_a_hash_key_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    assert refusal(hash_key_file=str(tmp_path / "key")).endswith("must not both be set")


def test_no_refusal_shows_a_secret(tmp_path: Path) -> None:
    secret = "hunter2-hunter2"
    (tmp_path / "short").write_text(secret)
    for given in (
        {"hash_key": secret},
        {"redis_url": f"redis://user:{secret}@localhost/0"},
        {"redis_url": f"http://user:{secret}@localhost/0"},
        {"redis_url": f"redis://localhost/0?password={secret}"},
        {"alertmanager_url": f"http://user:{secret}@localhost:9093"},
        {"web_token_file": secret},
        {"web_token_file": str(tmp_path / "short")},
    ):
        assert secret not in refusal(**given)


def test_no_representation_shows_a_secret(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2")
    settings = load(redis_password_file=str(tmp_path / "password"))
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "hunter2" not in text
        assert KEY not in text


def test_commands_that_hash_nothing_need_no_hash_key() -> None:
    settings = load_settings({}, hash_key_required=False)
    with pytest.raises(SettingsError, match="LAUNCHPULSE_HASH_KEY_FILE"):
        _ = settings.hash_key_bytes


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().web_port = 1


def test_the_reference_has_a_row_with_a_description_for_every_setting() -> None:
    rows = {line.split("`")[1]: line for line in settings_reference.render().splitlines() if line.startswith("| `")}
    assert set(rows) == {variable(name) for name in Settings.model_fields}
    assert all(len(row.split(" | ")[3]) > 5 for row in rows.values())
