#!/usr/bin/env python3
"""Writes a model set for tint: TorchScript files, CLIP's tokenizer and models.json (configs/models.schema.md).

  scripts/setup --export                                           once: the Python environment .venv
  .venv/bin/python scripts/export_models.py --size tiny --out DIR  the real architectures at small width, under 20 MB
  .venv/bin/python scripts/export_models.py --size bench --out DIR Stable Diffusion's architecture, 35 M U-Net parameters
  .venv/bin/python scripts/export_models.py --size sd15 --out DIR  Stable Diffusion 1.5's, in full size; random weights
  .venv/bin/python scripts/export_models.py --tokenizer FILE       only CLIP's vocabulary as a SentencePiece model

The tiny set needs no download: its weights are random numbers from --seed, and single layers are fitted in closed form
on drawn pictures, so that its autoencoder encodes, its U-Net removes noise and heeds prompts, and every stage of tint
does on it what it does on Stable Diffusion. Images have 64 x 64 pixels. The same seed gives the same bytes.
"""

import argparse
import pathlib
import resource
import sys
import time

# Exit codes as tint's own.
USAGE, BAD_INPUT, MISSING_INPUT, CANNOT_CREATE = 64, 65, 66, 73


class Parser(argparse.ArgumentParser):
    def error(self, message):
        sys.exit(stop(f"{message}; --help explains", USAGE))


def stop(message, code):
    print(f"export_models.py: {message}", file=sys.stderr)
    return code


def say(message):
    print(message, file=sys.stderr, flush=True)


def peak_gigabytes():
    """Largest memory of this process so far; Linux counts it in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def parse(arguments):
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--size", choices=["tiny", "bench", "sd15"], help="a set of seeded weights")
    what.add_argument("--tokenizer", type=pathlib.Path, metavar="FILE", help="write the tokenizer alone")
    parser.add_argument("--out", type=pathlib.Path, metavar="DIR", help="folder for the set; made if absent")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of all weights, 0 to 1000000 (1)")
    parser.add_argument("--force", action="store_true", help="write over a set that is already in DIR")
    parser.add_argument("--verify", action="store_true", help="compare each file with its module at other sizes too")
    options = parser.parse_args(arguments)
    if options.size and not options.out:
        parser.error("--size needs --out DIR")
    if options.tokenizer and options.out:
        parser.error("--tokenizer names its file itself; --out is for a set")
    if not 0 <= options.seed <= 1_000_000:
        parser.error(f"--seed is {options.seed}; expected 0 to 1000000")
    return options


def write_set(options):
    from tint_export import archive, bench, tiny, tokenizer, verify

    started = time.monotonic()
    writer = archive.SetWriter(options.out)
    merges = "CLIP's merges (github.com/openai/CLIP), from the open_clip_torch wheel"
    models = tiny.models(options.seed) if options.size == "tiny" else bench.models(options.seed, options.size)
    for model in models:
        loaded = writer.add(model)
        difference = f", differs from its module by {verify.verify(model, loaded):.1g}" if options.verify else ""
        size = (options.out / archive.FILES[model.role]).stat().st_size
        seconds = time.monotonic() - started
        say(f"{archive.FILES[model.role]}: {size / 1e6:.2f} MB{difference} ({seconds:.1f} s, peak {peak_gigabytes():.2f} GB)")
    writer.add_file("tokenizer", tokenizer.clip_model(), "MIT", merges)
    writer.finish()
    print(options.out / "models.json")


def silence():
    """Tracing warns about every Python branch on a shape; --verify looks at what could go wrong there."""
    import logging
    import warnings

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)


def main(arguments=None):
    options = parse(arguments)
    if options.size and (options.out / "models.json").exists() and not options.force:
        return stop(f"{options.out} holds a model set; --force writes over it", CANNOT_CREATE)
    silence()
    try:
        if options.tokenizer:
            from tint_export import archive, tokenizer

            archive.write_durably(options.tokenizer, tokenizer.clip_model())
        else:
            write_set(options)
    except ModuleNotFoundError as error:
        return stop(f"no Python package '{error.name}': run scripts/setup --export, then .venv/bin/python", MISSING_INPUT)
    except FileNotFoundError as error:
        return stop(str(error), MISSING_INPUT)
    except OSError as error:
        return stop(str(error), CANNOT_CREATE)
    except ValueError as error:
        return stop(str(error), BAD_INPUT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
