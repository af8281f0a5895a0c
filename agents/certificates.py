"""TLS: the certificates of settings, and why a handshake failed, in one line that names the setting."""

from __future__ import annotations

import ssl
from pathlib import Path

from agents.settings_errors import SettingsError, one_line

_OTHER_NAME = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_OUT_OF_DATE = frozenset({9, 10})  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


def why_refused(error: ssl.SSLError, address: str, ca_file: str, cert_file: str | None) -> str:
    """What is wrong, by the settings that name the address, the authorities and (None: there is no such setting) our
    own certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        told = one_line(error.verify_message)
        if error.verify_code in _OTHER_NAME:
            return f"{address} names a host that the certificate there is not for: {told}"
        if error.verify_code in _OUT_OF_DATE:
            return f"{address} names a host whose certificate is out of date: {told}"
        return f"{ca_file} does not vouch for the certificate there: {told}"
    reason = error.reason or "TLS failed"
    if "ALERT" in reason and cert_file is not None:
        return f"{cert_file} is missing or not accepted there: {reason}"
    return f"{address} names a port where TLS as set does not succeed: {reason}"


def check_authorities(name: str, path: Path | None) -> None:
    """Raises SettingsError, naming the setting `name`, unless the file holds certificates."""
    if path is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(f"{name} must hold certificates in PEM form, got {str(path)!r}: {_told(error)}") from None


def check_own(cert_name: str, cert_file: Path | None, key_name: str, key_file: Path | None) -> None:
    """Raises SettingsError, naming both settings, unless the files are a certificate and its key without a
    passphrase."""
    if cert_file is None or key_file is None:
        return
    try:
        # Without an answer of ours OpenSSL would ask for the passphrase on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert_file, key_file, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise SettingsError(
            f"{cert_name} and {key_name} must hold a certificate and its key in PEM form, without a passphrase: "
            f"{_told(error)}"
        ) from None


def _told(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return one_line(getattr(error, "strerror", None) or str(error))
