"""The forms that values of settings take: addresses, and files that hold secrets."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from agents.settings_errors import WrongSetting, one_line

_MAX_SECRET_FILE_BYTES = 65_536


def is_loopback(host: str) -> bool:
    """Whether only this machine can be meant."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_port(name: str, text: str) -> tuple[str, int]:
    """`host:port` or `[IPv6]:port` in parts. Raises WrongSetting, naming the variable `name`."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None or port == 0 or parts.path or parts.username is not None or parts.query:
        raise WrongSetting(f"{name} must be host:port, separated by commas, got {one_line(repr(text))}")
    return host, port


def redis_address(name: str, url: str) -> tuple[str | None, bool]:
    """Host (None for a unix socket) and whether TLS is spoken. Raises WrongSetting; never shows the address."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WrongSetting(f"{name} must be redis://host:port/number, got something else") from None
    if parts.password is not None or parts.username is not None or "password=" in parts.query.lower():
        raise WrongSetting(
            f"{name} must not hold a user or password: "
            "LAUNCHPULSE_REDIS_USERNAME and LAUNCHPULSE_REDIS_PASSWORD_FILE are for them"
        )
    database = parts.path.strip("/")
    if parts.scheme == "unix" and parts.path:
        return None, False
    if parts.scheme not in ("redis", "rediss") or not host or (database and not database.isdecimal()) or parts.query:
        raise WrongSetting(f"{name} must be redis:// or rediss://host:port/number, or unix://path, got {url!r}")
    return host, parts.scheme == "rediss"


def http_address(name: str, url: str) -> tuple[str, bool]:
    """Host and whether TLS is spoken. Raises WrongSetting; never shows an address that may hold a password."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WrongSetting(f"{name} must be http:// or https://host:port, got something else") from None
    if parts.password is not None or parts.username is not None:
        raise WrongSetting(f"{name} must not hold a user or password")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise WrongSetting(f"{name} must be http:// or https://host:port, got {one_line(repr(url))}")
    return host, parts.scheme == "https"


def check_readable(name: str, path: Path) -> None:
    """Raises WrongSetting unless the file can be read."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise WrongSetting(f"{name} must be a file that can be read, got {str(path)!r}: {error.strerror}") from None


def read_secret(name: str, path: Path, *, min_bytes: int = 1, max_bytes: int = 4_096) -> SecretStr:
    """What the file holds, without the line break at its end. Raises WrongSetting; the secret is never in its text."""
    # Who puts the secret itself where its file belongs must not find it in the log.
    shown = repr(str(path)) if path.is_absolute() or path.exists() else "no path of a file"
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_SECRET_FILE_BYTES)
    except OSError as error:
        raise WrongSetting(f"{name} must be a file that can be read, got {shown}: {error.strerror}") from None
    except ValueError:
        raise WrongSetting(f"{name} must be a file that can be read, got {shown}") from None
    raw = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not min_bytes <= len(raw) <= max_bytes:
        raise WrongSetting(f"{name} must hold {min_bytes} to {max_bytes} bytes, got {len(raw)} in {shown}")
    try:
        return SecretStr(raw.decode())
    except UnicodeDecodeError:
        raise WrongSetting(
            f"{name} must hold UTF-8 text (such as 32 random bytes in hex), got other bytes in {shown}"
        ) from None
