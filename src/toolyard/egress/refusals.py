"""What is said when a host cannot be asked; never an address that the caller did not give."""

from __future__ import annotations

from toolyard.core.errors import ToolError


def not_reachable(host: str) -> ToolError:
    """For a host without addresses and for one with a refused address alike."""
    return ToolError(
        f"The host {host!r} cannot be reached from here: it has no public address that may be "
        "asked. Check its spelling or use another host."
    )


def too_slow_lookup(host: str) -> ToolError:
    """For a name server that does not answer."""
    return ToolError(f"Looking up the host {host!r} took too long; try again later.")


def no_connection(host: str, port: int) -> ToolError:
    """For a host that does not accept a connection."""
    return ToolError(f"{host!r} accepts no connection on port {port}; check both or try later.")


def untrusted(host: str) -> ToolError:
    """For a certificate that is not the host's, has ended, or is of an unknown authority."""
    return ToolError(
        f"{host!r} did not prove who it is: its TLS certificate is not valid for that name, or "
        "not of an authority that is known here. Nothing was sent; use the name that the "
        "certificate is for, or tell the user."
    )


def cut_off(host: str) -> ToolError:
    """For a connection that ends too early."""
    return ToolError(f"{host!r} ended the connection before its answer was complete; try again.")


def not_http(host: str) -> ToolError:
    """For an answer that is no HTTP."""
    return ToolError(f"{host!r} did not answer in correct HTTP; ask another host.")


def too_slow(host: str, seconds: float) -> ToolError:
    """For an answer that is not complete in time."""
    return ToolError(
        f"{host!r} did not answer in full within {seconds:g} s; ask for less, or try again later."
    )
