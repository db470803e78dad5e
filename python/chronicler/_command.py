"""The command ``chronicler``, as pip installs it. Needs nothing but the extension."""

import signal
import sys

from . import _core


def main() -> int:
    """Run the command that the command line names and return its exit status."""
    # Python's own handlers would turn a closed pipe into an error; the program ends quietly.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return _core.run_command(["chronicler", *sys.argv[1:]])
