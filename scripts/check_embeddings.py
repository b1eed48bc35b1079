#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Loads the learned words of a run with diffusers' load_textual_inversion and compares the loaded vectors.

  .venv/bin/python scripts/check_embeddings.py RUN/episodes/0000/textual-inversion/KEY

Every .safetensors file of the folder (layout of diffusers, or of kohya, where the word is the file's name) is loaded
into a text encoder of the same width (with seeded weights: only its token table matters). The placeholder must become
one token per vector, with exactly the vectors of the file. Exits with 1 if a file does not load correctly.
Needs `scripts/setup --export`.
"""

import pathlib
import sys

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from tint_export import tokenizer as clip_tokenizer  # noqa: E402


def text_encoder(width):
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=49408, hidden_size=width, intermediate_size=width, num_hidden_layers=1, num_attention_heads=1
    )
    return CLIPTextModel(config)


def check(file):
    [(key, vectors)] = load_file(file).items()
    placeholder = file.stem if key == "emb_params" else key
    pipeline = StableDiffusionPipeline(
        vae=None,
        text_encoder=text_encoder(vectors.shape[1]),
        tokenizer=clip_tokenizer.reference_tokenizer(),
        unet=None,
        scheduler=None,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.load_textual_inversion(str(file), token=placeholder)
    names = [placeholder] + [f"{placeholder}_{i}" for i in range(1, vectors.shape[0])]
    ids = pipeline.tokenizer.convert_tokens_to_ids(names)
    table = pipeline.text_encoder.get_input_embeddings().weight
    return ids, bool(torch.equal(table[ids], vectors))


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        sys.exit(__doc__)
    files = sorted(pathlib.Path(arguments[0]).glob("*.safetensors"))
    if not files:
        sys.exit(f"{arguments[0]}: contains no learned words (<class>.safetensors)")
    good = 0
    for file in files:
        ids, equal = check(file)
        good += equal
        print(f"{file.name}: tokens {ids}, vectors {'equal' if equal else 'DIFFER'}")
    print(f"{good} of {len(files)} learned words load in diffusers")
    return int(good != len(files))


if __name__ == "__main__":
    sys.exit(main())
