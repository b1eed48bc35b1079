#!/usr/bin/env python3
"""Turns pickled few-shot data sets into class folders or archives of PNG, which tint reads; no code in a file is run.

  .venv/bin/python scripts/convert_dataset.py miniImageNet_category_split_*.pickle --out DATA/miniimagenet-png
  .venv/bin/python scripts/convert_dataset.py mini-imagenet-cache-*.pkl --out DATA/mini-l2l --zip
  .venv/bin/python scripts/convert_dataset.py train_images.npz val_images.npz test_images.npz --out DATA/tiered
  .venv/bin/python scripts/convert_dataset.py cifar-100-python --out DATA/cifar-fs

Reads MetaOptNet's pickles (miniImageNet, CIFAR_FS, FC100: data, labels), learn2learn's caches (image_data, class_dict),
tieredImageNet's *_images.npz with *_labels.pkl beside it, and the folder of CIFAR-100's Python pickles, which is merged
and divided by class as CIFAR-FS. Writes OUT/SPLIT/CLASS/NNNNN.png (--zip: OUT/SPLIT.zip), NNNNN being the row of the
picture in its file. The split is told by the file's name (train, val, test) or by --split. Pixels are kept as they are.

Pickles are read with numpy arrays and plain Python values alone: a file that asks for anything else is refused.

Exit codes: 64 a wrong option, 65 a file that cannot be used, 66 a missing file, 73 the output cannot be written.
"""

import pathlib
import sys

from tint_export.command_line import Parser, run


def parse(arguments):
    parser = Parser(__doc__)
    parser.add_argument("files", type=pathlib.Path, metavar="FILE", nargs="+")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR", help="folder of the data set")
    parser.add_argument("--split", choices=("train", "val", "test"), help="of a file whose name does not tell it")
    parser.add_argument("--zip", action="store_true", help="archives instead of folders")
    parser.add_argument("--channels", choices=("rgb", "bgr"), default="rgb", help="order in the file (rgb)")
    parser.add_argument(
        "--class-names", type=pathlib.Path, metavar="FILE", help="a name a line, by label, for pickles without names"
    )
    options = parser.parse_args(arguments)
    if options.split and len(options.files) != 1:
        parser.error(f"--split goes with one file, and there are {len(options.files)}")
    return options


def convert(options):
    from tint_export import datasets

    names = datasets.read_names(options.class_names) if options.class_names else None
    parts = []
    for path in options.files:
        parts += datasets.read(path, options.split, names, options.channels)
    repeated = [split for split in ("train", "val", "test") if sum(part.split == split for part in parts) > 1]
    if repeated:
        raise ValueError(f"{', '.join(map(str, options.files))}: more than one file is of the split {repeated[0]}")
    datasets.require_free(options.out, [part.split for part in parts])
    for part in parts:
        where = datasets.write(part, options.out, options.zip)
        print(f"{where}: {len(part.pictures)} pictures of {len(set(part.classes))} classes")


def main(arguments=None):
    options = parse(arguments)
    return run("convert_dataset.py", lambda: convert(options))


if __name__ == "__main__":
    sys.exit(main())
