"""How the scripts read their options, and how they end: one sentence and the exit code that tint has for it."""

import argparse
import sys

USAGE, BAD_INPUT, MISSING_INPUT, CANNOT_CREATE = 64, 65, 66, 73


class Parser(argparse.ArgumentParser):
    """The script's docstring is its help; an option is given by its whole name; a wrong one ends with USAGE."""

    def __init__(self, description):
        formatter = argparse.RawDescriptionHelpFormatter
        super().__init__(description=description, formatter_class=formatter, allow_abbrev=False)

    def error(self, message):
        sys.exit(stop(self.prog, f"{message}; --help explains", USAGE))


def stop(program, message, code):
    print(f"{program}: {message}", file=sys.stderr)
    return code


def run(program, work):
    """The exit code of work(): 0, or what its error stands for."""
    try:
        work()
    except ModuleNotFoundError as error:
        remedy = "run scripts/setup --export, then .venv/bin/python"
        return stop(program, f"no Python package '{error.name}': {remedy}", MISSING_INPUT)
    except FileNotFoundError as error:
        return stop(program, f"{error.filename}: is not there" if error.filename else str(error), MISSING_INPUT)
    except OSError as error:
        return stop(program, str(error), CANNOT_CREATE)
    except ValueError as error:
        return stop(program, str(error), BAD_INPUT)
    return 0
