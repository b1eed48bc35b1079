#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a model set for tint: TorchScript files, CLIP's tokenizer and models.json (configs/models.schema.md).

  scripts/setup --export                                           once: the Python environment .venv
  .venv/bin/python scripts/export_models.py --out DIR --stable-diffusion FOLDER|FILE --hat FILE --dino FILE \\
      --inception FILE                                             public checkpoints (docs/models.md), one or more
  .venv/bin/python scripts/export_models.py --size tiny --out DIR  the real architectures at small width, under 20 MB
  .venv/bin/python scripts/export_models.py --size bench --out DIR  a small Stable Diffusion for benchmarks
  .venv/bin/python scripts/export_models.py --size sd15 --out DIR  Stable Diffusion 1.5 at full size, random weights
  .venv/bin/python scripts/export_models.py --tokenizer FILE       only CLIP's vocabulary, as a SentencePiece model

The tiny set needs no download: its weights are random numbers from --seed, and single layers are fitted in closed form
to synthetic images, so that its autoencoder encodes, its U-Net removes noise and follows prompts, and every stage of
tint works as with Stable Diffusion. Images have 64 x 64 pixels. The same seed gives the same bytes.

Weight files are read as tensors only: a pickle that would run code is rejected. Exit codes: 64 invalid option, 65
unusable file, 66 missing file, 73 DIR cannot be written.
"""

import pathlib
import resource
import sys
import time

from tint_export.command_line import CANNOT_CREATE, Parser, run, say, stop

PROGRAM = "export_models.py"
DTYPES = ("float32", "float16", "bfloat16")
ROLES = ("denoiser", "autoencoder", "text_encoder", "upscaler", "teacher", "inception", "clip")
SOURCES = ("stable_diffusion", "hat", "dino", "inception", "clip")


def peak_gigabytes():
    """Peak memory of this process so far; Linux reports it in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def make_parser():
    parser = Parser(__doc__)
    path = dict(type=pathlib.Path, metavar="FILE")
    parser.add_argument("--size", choices=["tiny", "bench", "sd15"], help="export a set of seeded random weights")
    parser.add_argument("--tokenizer", help="write the tokenizer only", **path)
    parser.add_argument("--stable-diffusion", help="diffusers folder, or checkpoint in a single file", **path)
    parser.add_argument("--hat", help="HAT checkpoint, for super-resolution", **path)
    parser.add_argument("--dino", help="DINO ViT checkpoint, for the teacher", **path)
    parser.add_argument("--inception", help="pytorch-fid's weights, for FID", **path)
    parser.add_argument("--clip", help="transformers folder with CLIP's two towers", **path)
    parser.add_argument("--out", type=pathlib.Path, metavar="DIR", help="folder of the set; created if missing")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the --size sets, 0 to 1000000 (1)")
    parser.add_argument(
        "--dtype", action="append", default=[], metavar="[ROLE=]TYPE",
        help="float32 (default), float16 or bfloat16; for all roles except the autoencoder, or for ROLE only",
    )  # fmt: skip
    parser.add_argument(
        "--teacher-size", type=int, default=224, metavar="N", help="side length of the teacher's images (224)"
    )
    parser.add_argument(
        "--image-size", type=int, metavar="N", help="side length of generated images (default: that of the model)"
    )
    parser.add_argument(
        "--licence", action="append", default=[], metavar="ROLE=TEXT", help="licence of a role in models.json"
    )
    parser.add_argument("--force", action="store_true", help="overwrite an existing set in DIR")
    parser.add_argument("--add", action="store_true", help="keep the other roles of an existing set in DIR")
    parser.add_argument("--verify", action="store_true", help="compare each file with its module, at several sizes")
    return parser


def parse(arguments):
    parser = make_parser()
    options = parser.parse_args(arguments)
    sources = any(getattr(options, name) for name in SOURCES)
    if bool(options.size) + bool(options.tokenizer) + sources != 1:
        parser.error("expected either --size, or --tokenizer, or sources (--stable-diffusion, --hat, --dino, ...)")
    if not options.tokenizer and not options.out:
        parser.error("--out DIR is required for a set")
    if options.tokenizer and options.out:
        parser.error("--out cannot be combined with --tokenizer, which names its own file")
    if not 0 <= options.seed <= 1_000_000:
        parser.error(f"--seed is {options.seed}; expected 0 to 1000000")
    if options.image_size is not None and (options.image_size < 64 or options.image_size % 64):
        parser.error(f"--image-size is {options.image_size}; expected a multiple of 64")
    options.dtypes = parse_dtypes(parser, options.dtype)
    options.licences = dict(parse_pair(parser, "--licence", text) for text in options.licence)
    return options


def parse_pair(parser, option, text):
    role, equals, value = text.partition("=")
    if not equals or role not in ROLES or not value:
        parser.error(f"{option} is {text!r}; expected ROLE=..., ROLE one of {', '.join(ROLES)}")
    return role, value


def parse_dtypes(parser, given):
    """Role -> name of its dtype. The autoencoder overflows in half precision: it stays float32 unless it is named."""
    named = dict(parse_pair(parser, "--dtype", text) for text in given if "=" in text)
    common = [text for text in given if "=" not in text] or ["float32"]
    for value in [*named.values(), *common]:
        if value not in DTYPES:
            parser.error(f"--dtype is {value!r}; expected {', '.join(DTYPES)}")
    return {role: named.get(role, "float32" if role == "autoencoder" else common[-1]) for role in ROLES}


def make_models(options):
    """Generator of archive.Model, one in memory at a time."""
    from tint_export import bench, checkpoints, tiny

    if options.size == "tiny":
        return tiny.models(options.seed)
    if options.size:
        return bench.models(options.seed, options.size)
    return checkpoints.models(options)


def write_set(options):
    import torch
    from tint_export import archive, tokenizer, verify

    started = time.monotonic()
    writer = archive.SetWriter(options.out, keep=options.add)
    for model in make_models(options):
        loaded = writer.add(model, getattr(torch, options.dtypes[model.role]))
        difference = f", differs from its module by {verify.verify(model, loaded):.1g}" if options.verify else ""
        size = (options.out / archive.FILES[model.role]).stat().st_size / 1e6
        elapsed = f"{time.monotonic() - started:.1f} s, peak {peak_gigabytes():.2f} GB"
        say(f"{archive.FILES[model.role]}: {size:.2f} MB{difference} ({elapsed})")
        del model, loaded  # before the next one is made
    if options.size or options.stable_diffusion or options.clip:
        merges = "CLIP's merges (github.com/openai/CLIP), from the open_clip_torch wheel"
        writer.add_file("tokenizer", tokenizer.clip_model(), "MIT", merges)
    writer.finish()
    print(options.out / "models.json")


def write_tokenizer(options):
    from tint_export import archive, tokenizer

    archive.write_durably(options.tokenizer, tokenizer.clip_model())


def silence():
    """Hides tracing's warnings about Python branches on shapes; --verify checks their effect."""
    import logging
    import warnings

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)


def main(arguments=None):
    options = parse(arguments)
    if options.out and (options.out / "models.json").exists() and not (options.force or options.add):
        remedy = "Use --force to overwrite it, or --add to keep its other roles."
        message = f"{options.out}: already contains a model set. {remedy}"
        return stop(PROGRAM, message, CANNOT_CREATE)
    silence()
    return run(PROGRAM, lambda: (write_tokenizer if options.tokenizer else write_set)(options))


if __name__ == "__main__":
    sys.exit(main())
