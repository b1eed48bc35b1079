#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Converts pickled learned words to safetensors, which tint reads; no code in the file is executed.

  .venv/bin/python scripts/convert_embedding.py learned_embeds.bin --out word.safetensors
  .venv/bin/python scripts/convert_embedding.py specialization.pth --out DIR --class bird

Reads embeddings (.pt, .bin, .safetensors) of diffusers, A1111, kohya and OneTrainer, and writes the layout of
diffusers: one tensor, named by the placeholder, [vectors, width] in float32. `tint ... --embedding FILE` takes it.

Reads specialization.pth of TINT's published code as well, and writes the files of two stages of tint:
DIR/textual-inversion/CLASS.safetensors ("#object": [1, width]) and DIR/null-text-inversion/CLASS.safetensors (latents
[K,C,h,w], unconditional [K,N,L,F], timesteps [N]; K photos in the order of the file). A specialization.pth belongs to
one class and contains neither the name of the class, nor losses, nor encoded photos.

Exit codes: 64 invalid option, 65 unusable file, 66 missing file, 73 the output cannot be written.
"""

import pathlib
import sys

from tint_export.command_line import Parser, run


def parse(arguments):
    parser = Parser(__doc__)
    parser.add_argument("file", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="PATH", help=".safetensors file, or folder")
    parser.add_argument("--placeholder", metavar="WORD", help="name of the word (default: the name in the file)")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="class of a specialization.pth (object)")
    options = parser.parse_args(arguments)
    name = options.class_name
    if name is not None and (name != pathlib.PurePath(name).name or name in ("", ".", "..")):
        parser.error(f"--class is {name!r}; expected a name without a folder")
    for option, word in (("--placeholder", options.placeholder),):
        if word is not None and (not word or any(c.isspace() for c in word)):
            parser.error(f"{option} is {word!r}; expected one word without spaces")
    return options


def convert(options):
    """The files written, with their tensors."""
    from tint_export import embeddings

    content = embeddings.read(options.file)
    if embeddings.is_specialization(content):
        files = embeddings.specialization(content, options.file, options.class_name or "object", options.placeholder)
        return [embeddings.write(options.out / name, tensors) for name, tensors in files.items()]
    if options.class_name:
        raise ValueError(f"{options.file}: contains a learned word; --class needs a specialization.pth")
    word, vectors = embeddings.learned_word(content, options.file, options.placeholder)
    if options.out.suffix != ".safetensors":
        raise ValueError(f"--out is {options.out}; expected a file name that ends in .safetensors")
    return [embeddings.write(options.out, {word: vectors})]


def convert_and_report(options):
    for path, tensors in convert(options):
        shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in tensors.items())
        print(f"{path}: {shapes}")


def main(arguments=None):
    options = parse(arguments)
    return run("convert_embedding.py", lambda: convert_and_report(options))


if __name__ == "__main__":
    sys.exit(main())
