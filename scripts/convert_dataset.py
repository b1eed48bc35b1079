#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Converts pickled few-shot data sets to class folders or archives of PNG files, which tint reads.

  .venv/bin/python scripts/convert_dataset.py miniImageNet_category_split_*.pickle --out DATA/miniimagenet-png
  .venv/bin/python scripts/convert_dataset.py mini-imagenet-cache-*.pkl --out DATA/mini-l2l --zip
  .venv/bin/python scripts/convert_dataset.py train_images.npz val_images.npz test_images.npz --out DATA/tiered
  .venv/bin/python scripts/convert_dataset.py cifar-100-python --out DATA/cifar-fs

Reads MetaOptNet's pickles (miniImageNet, CIFAR_FS, FC100: data, labels), learn2learn's caches (image_data, class_dict),
tieredImageNet's *_images.npz with *_labels.pkl next to it, and the folder of CIFAR-100's Python pickles, which is
merged and split by class as CIFAR-FS. Writes OUT/SPLIT/CLASS/NNNNN.png (--zip: OUT/SPLIT.zip), where NNNNN is the row
of the image in its file. The split is taken from the file's name (train, val, test) or from --split. Pixels are not
changed.

No code in a file is run: pickles may contain only numpy arrays and plain Python values; others are rejected.

Exit codes: 64 invalid option, 65 unusable file, 66 missing file, 73 the output cannot be written.
"""

import pathlib
import sys

from tint_export.command_line import Parser, run


def parse(arguments):
    parser = Parser(__doc__)
    parser.add_argument("files", type=pathlib.Path, metavar="FILE", nargs="+")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument(
        "--split", choices=("train", "val", "test"), help="split of a file whose name does not contain it"
    )
    parser.add_argument("--zip", action="store_true", help="write archives instead of folders")
    parser.add_argument(
        "--channels", choices=("rgb", "bgr"), default="rgb", help="order of the colour channels in the file (rgb)"
    )
    parser.add_argument(
        "--class-names",
        type=pathlib.Path,
        metavar="FILE",
        help="class names, one per line in the order of the labels, for pickles without names",
    )
    options = parser.parse_args(arguments)
    if options.split and len(options.files) != 1:
        parser.error(f"--split needs exactly one file; {len(options.files)} were given")
    return options


def convert(options):
    from tint_export import datasets

    names = datasets.read_names(options.class_names) if options.class_names else None
    parts = []
    for path in options.files:
        parts += datasets.read(path, options.split, names, options.channels)
    repeated = [split for split in ("train", "val", "test") if sum(part.split == split for part in parts) > 1]
    if repeated:
        raise ValueError(f"{', '.join(map(str, options.files))}: more than one file contains the split {repeated[0]}")
    datasets.require_free(options.out, [part.split for part in parts])
    for part in parts:
        where = datasets.write(part, options.out, options.zip)
        print(f"{where}: {len(part.images)} images of {len(set(part.classes))} classes")


def main(arguments=None):
    options = parse(arguments)
    return run("convert_dataset.py", lambda: convert(options))


if __name__ == "__main__":
    sys.exit(main())
