"""Where messages go: to the terminal, or to Python's `logging`."""

from __future__ import annotations

import logging
import sys

from .. import config


def print_message(message: str, line_break: bool = True) -> None:
    """Write a message to standard output, or to `logging` if interactive logging is off."""
    if not config.is_interactive_logging_enabled():
        logging.getLogger("chronicler").info(message)
        return
    text = message + "\n" if line_break else message
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        sys.stdout.write(text.replace("━", "=").encode("ascii", "replace").decode("ascii"))
    sys.stdout.flush()
