"""Whose certificates are believed."""

from __future__ import annotations

import os
import ssl
from functools import cache

import httpx2

from toolyard.core.errors import ConfigError


@cache
def well_known_authorities() -> ssl.SSLContext:
    """The authorities of this machine; reading them takes a tenth of a second, so it is once."""
    return httpx2.create_ssl_context(trust_env=False)


def authorities_and(ca_file: str | os.PathLike[str]) -> ssl.SSLContext:
    """The well-known authorities and those in `ca_file`, one or more certificates in PEM.

    Raises:
        ConfigError: The file cannot be read, or holds no certificate.
    """
    if not _certificates_in(ca_file):
        raise _unusable(ca_file, "it holds no certificate in PEM")
    context = httpx2.create_ssl_context(trust_env=False)
    context.load_verify_locations(ca_file)
    return context


def _certificates_in(ca_file: str | os.PathLike[str]) -> int:
    alone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        alone.load_verify_locations(ca_file)
    except ssl.SSLError:
        return 0
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise _unusable(ca_file, reason) from None
    return alone.cert_store_stats()["x509"]


def _unusable(ca_file: str | os.PathLike[str], reason: str) -> ConfigError:
    return ConfigError(f"ca_file: {os.fspath(ca_file)!r} cannot be used: {reason}.")
