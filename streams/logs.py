"""What does a worker say, and to whom?

One line per event: JSON for programs, words for a terminal. No names, no addresses: nothing that could hold one is ever logged.
"""

import logging
import sys
import time

import structlog

#: Seconds for which further complaints of the Kafka client are only counted: with the broker away it has hundreds a minute.
QUIET_SECONDS = 10.0


class Collapsed(logging.Handler):
    """Turns a client library's flood of complaints into a line of ours now and then."""

    def __init__(self, event: str, level: int) -> None:
        super().__init__(level)
        self._event = event
        self._last = -QUIET_SECONDS
        self._swallowed = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Log the first complaint, count the rest for a while."""
        if time.monotonic() - self._last < QUIET_SECONDS:
            self._swallowed += 1
            return
        self._last = time.monotonic()
        structlog.get_logger().warning(self._event, first=record.getMessage(), more_before=self._swallowed)
        self._swallowed = 0


def configure() -> None:
    """Set up logging for this process: our lines to standard error, the libraries' collapsed."""
    renderer: structlog.typing.Processor
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    logging.getLogger().handlers = [Collapsed("failure", logging.ERROR)]
    for library in ("aiokafka", "faust", "mode", "aiosmtplib"):
        logger = logging.getLogger(library)
        logger.handlers = [Collapsed(f"{library}_complains", logging.WARNING)]
        logger.propagate = False
