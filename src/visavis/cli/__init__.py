"""The command line: `visavis COMMAND`; each command parses, calls one function of a room, and prints."""

from visavis.cli.app import main

__all__ = ["main"]
