"""A worker of `toolyard serve --workers`, which starts it; it is not for users to type."""

from __future__ import annotations

import sys

from toolyard.cli.standard_streams import open_standard_streams, tolerate_any_letter
from toolyard.cli.terminal import start_logging
from toolyard.wiring.worker import Channels, work


def main() -> None:
    """Serve as told over the descriptors in the arguments, until told to end."""
    open_standard_streams()
    tolerate_any_letter()
    channels = Channels.of(map(int, sys.argv[1:]))
    order = channels.order()
    start_logging(order.log_level)
    sys.exit(work(order, channels))


if __name__ == "__main__":
    main()
