"""What `tint demo draw` draws, as arrays; and what is said of it."""

import pathlib
import subprocess

import numpy as np
import torch
from PIL import Image

SIDE, SMALL_SIDE = 64, 32  # pictures of the pool, and those of the data set
LENGTH = 16  # tokens of a prompt


def draw(tint, folder, splits, per_class, side, seed=0):
    """Splits of the world in `folder`; what is there stays."""
    options = {"out": folder, "splits": ",".join(splits), "pictures-per-class": per_class, "side": side, "seed": seed}
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    subprocess.run([tint, "demo", "draw", *flags], check=True)


def load(folder):
    """A split's pictures uint8 [N, 3, S, S], their classes int64 [N], and the classes' names in alphabetic order. They
    are kept in one file beside the folder: a second reading takes a second."""
    folder = pathlib.Path(folder)
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    files = [path for name in names for path in sorted((folder / name).iterdir())]
    kept = folder.with_name(folder.name + ".npy")
    if not kept.exists():
        pictures = np.stack([np.asarray(Image.open(file).convert("RGB")).transpose(2, 0, 1) for file in files])
        np.save(kept, pictures)
    pictures = np.load(kept)
    if len(pictures) != len(files):
        raise ValueError(f"{kept}: holds {len(pictures)} pictures, the folder {len(files)}; remove it")
    labels = [names.index(path.parent.name) for path in files]
    return torch.from_numpy(pictures), torch.tensor(labels), names


def article(word):
    return "an" if word[0] in "aeiou" else "a"


class Captions:
    """Token ids of prompts. Of three pictures in four the prompt names all that the class is; else a part of it, or
    nothing: so words get meanings of their own, "object" stands for anything, and the empty prompt for everything."""

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
        """All ids that ever stand in a prompt."""
        return torch.cat([self.whole, self.parts.flatten(0, 1), self.object[None], self.empty[None]]).unique()

    def draw(self, labels, generator):
        """[B, LENGTH] for pictures of these classes."""
        ids = self.whole[labels].clone()
        kind = torch.rand(len(labels), generator=generator)
        part = torch.randint(len(self.parts), (len(labels),), generator=generator)
        partly = (kind >= self.WHOLE) & (kind < self.WHOLE + self.PART)
        ids[partly] = self.parts[part, labels][partly]
        ids[(kind >= self.WHOLE + self.PART) & (kind < 1 - self.EMPTY)] = self.object
        ids[kind >= 1 - self.EMPTY] = self.empty
        return ids
