#!/usr/bin/env python3
"""Turns pickled learned words into safetensors, which tint reads; no code in the file is executed.

  .venv/bin/python scripts/convert_embedding.py learned_embeds.bin --out word.safetensors
  .venv/bin/python scripts/convert_embedding.py specialization.pth --out DIR --class bird

Reads embeddings (.pt, .bin, .safetensors) as diffusers, A1111, kohya and OneTrainer write them; writes the layout of
diffusers: one tensor, named by the placeholder, [vectors, width] in float32. `tint ... --embedding FILE` takes it.

Reads specialization.pth of TINT's published code as well, and writes what two stages of tint write:
DIR/textual-inversion/CLASS.safetensors ("#object": [1, width]) and DIR/null-text-inversion/CLASS.safetensors (latents
[K,C,h,w], unconditional [K,N,L,F], timesteps [N]; K photos in the order of the file). Losses and encoded photos are not
in that file. It is one class's; the name of the class is not in it either.

Exit codes: 64 a wrong option, 65 a file that cannot be used, 66 a missing file, 73 the output cannot be written.
"""

import pathlib
import sys

from tint_export.command_line import Parser, run


def parse(arguments):
    parser = Parser(__doc__)
    parser.add_argument("file", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="PATH", help=".safetensors file, or folder")
    parser.add_argument("--placeholder", metavar="WORD", help="the word's name, if not the file's own")
    parser.add_argument("--class", dest="class_name", metavar="NAME", help="of a specialization.pth (object)")
    options = parser.parse_args(arguments)
    name = options.class_name
    if name is not None and (name != pathlib.PurePath(name).name or name in ("", ".", "..")):
        parser.error(f"--class is {name!r}; expected a name without a folder part")
    for option, word in (("--placeholder", options.placeholder),):
        if word is not None and (not word or any(c.isspace() for c in word)):
            parser.error(f"{option} is {word!r}; expected one word without blanks")
    return options


def convert(options):
    """The files written, each with its tensors."""
    from tint_export import embeddings

    content = embeddings.read(options.file)
    if embeddings.is_specialization(content):
        files = embeddings.specialization(content, options.file, options.class_name or "object", options.placeholder)
        return [embeddings.write(options.out / name, tensors) for name, tensors in files.items()]
    if options.class_name:
        raise ValueError(f"{options.file}: holds one learned word; --class is for a specialization.pth")
    word, vectors = embeddings.learned_word(content, options.file, options.placeholder)
    if options.out.suffix != ".safetensors":
        raise ValueError(f"--out is {options.out}; expected a file name that ends in .safetensors")
    return [embeddings.write(options.out, {word: vectors})]


def convert_and_tell(options):
    for path, tensors in convert(options):
        shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in tensors.items())
        print(f"{path}: {shapes}")


def main(arguments=None):
    options = parse(arguments)
    return run("convert_embedding.py", lambda: convert_and_tell(options))


if __name__ == "__main__":
    sys.exit(main())
