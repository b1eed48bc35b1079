# SPDX-License-Identifier: Apache-2.0
"""The images of `tint dataset synthesize` as tensors, and their captions."""

import pathlib
import subprocess

import numpy as np
import torch
from PIL import Image

SIDE, SMALL_SIDE = 64, 32  # images of the pool, and those of the data set
LENGTH = 16  # tokens of a prompt


def synthesize(tint, folder, splits, per_class, side, seed=0):
    """Makes splits of the data set in `folder`; existing splits are cached."""
    options = {"out": folder, "splits": ",".join(splits), "images-per-class": per_class, "side": side, "seed": seed}
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    subprocess.run([tint, "dataset", "synthesize", *flags], check=True)


def load(folder):
    """A split's images uint8 [N, 3, S, S], their classes int64 [N], and the names of the classes in alphabetical order.
    The images are cached in a file next to the folder."""
    folder = pathlib.Path(folder)
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    files = [path for name in names for path in sorted((folder / name).iterdir())]
    cached = folder.with_name(folder.name + ".npy")
    if not cached.exists():
        images = np.stack([np.asarray(Image.open(file).convert("RGB")).transpose(2, 0, 1) for file in files])
        np.save(cached, images)
    images = np.load(cached)
    if len(images) != len(files):
        raise ValueError(f"{cached}: contains {len(images)} images, the folder {len(files)}. Remove the file.")
    labels = [names.index(path.parent.name) for path in files]
    return torch.from_numpy(images), torch.tensor(labels), names


def article(word):
    return "an" if word[0] in "aeiou" else "a"


class Captions:
    """Token ids of prompts. For about three images in four the prompt is the whole name of the class; for the others it
    is a part of the name, "object", or empty. So each word gets a meaning of its own, "object" means any class, and the
    empty prompt can be used for guidance."""

    WHOLE, PART, OBJECT, EMPTY = 0.72, 0.08, 0.1, 0.1

    def __init__(self, names):
        from tint_export.tokenizer import END_ID, START_ID, reference_tokenizer

        self.tokenizer, self.start, self.end = reference_tokenizer(), START_ID, END_ID
        self.whole = self.encode([self.of(name.split("-")) for name in names])
        parts = [[self.of([w for k, w in enumerate(name.split("-")) if keep >> k & 1 or k == 2])
                  for name in names] for keep in range(3)]  # fmt: skip
        self.parts = torch.stack([self.encode(part) for part in parts])
        self.object = self.encode(["a photo of an object"])[0]
        self.empty = self.encode([""])[0]

    @staticmethod
    def of(words):
        return f"a photo of {article(words[0])} {' '.join(words)}"

    def encode(self, texts):
        rows = []
        for text in texts:
            ids = [self.start, *self.tokenizer(text, add_special_tokens=False)["input_ids"], self.end]
            if len(ids) > LENGTH:
                raise ValueError(f"'{text}' has more than {LENGTH} tokens")
            rows.append(ids + [self.end] * (LENGTH - len(ids)))
        return torch.tensor(rows)

    def used(self):
        """All ids that occur in a prompt."""
        return torch.cat([self.whole, self.parts.flatten(0, 1), self.object[None], self.empty[None]]).unique()

    def sample(self, labels, generator):
        """Random prompts [B, LENGTH] for images of these classes."""
        ids = self.whole[labels].clone()
        kind = torch.rand(len(labels), generator=generator)
        part = torch.randint(len(self.parts), (len(labels),), generator=generator)
        partly = (kind >= self.WHOLE) & (kind < self.WHOLE + self.PART)
        ids[partly] = self.parts[part, labels][partly]
        ids[(kind >= self.WHOLE + self.PART) & (kind < 1 - self.EMPTY)] = self.object
        ids[kind >= 1 - self.EMPTY] = self.empty
        return ids
