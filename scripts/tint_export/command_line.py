# SPDX-License-Identifier: Apache-2.0
"""Option parsing and error handling of the scripts: one-line errors, with the exit codes of tint."""

import argparse
import sys

USAGE, BAD_INPUT, MISSING_INPUT, CANNOT_CREATE = 64, 65, 66, 73


class Parser(argparse.ArgumentParser):
    """The script's docstring is its help; option names cannot be abbreviated; invalid options exit with USAGE."""

    def __init__(self, description):
        formatter = argparse.RawDescriptionHelpFormatter
        super().__init__(description=description, formatter_class=formatter, allow_abbrev=False)

    def error(self, message):
        sys.exit(stop(self.prog, f"{message} (see --help)", USAGE))


def say(message):
    print(message, file=sys.stderr, flush=True)


def stop(program, message, code):
    say(f"{program}: {message}")
    return code


def run(program, work):
    """The exit code of work(): 0, or that of its error."""
    try:
        work()
    except ModuleNotFoundError as error:
        remedy = "run scripts/setup --export, then .venv/bin/python"
        return stop(program, f"Python package '{error.name}' is not installed: {remedy}", MISSING_INPUT)
    except FileNotFoundError as error:
        return stop(
            program, f"{error.filename}: no such file or directory" if error.filename else str(error), MISSING_INPUT
        )
    except OSError as error:
        return stop(program, str(error), CANNOT_CREATE)
    except ValueError as error:
        return stop(program, str(error), BAD_INPUT)
    return 0
