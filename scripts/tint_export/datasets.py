# SPDX-License-Identifier: Apache-2.0
"""Reads few-shot data sets that other projects pickled, without running code in the files, and writes PNG."""

import dataclasses
import io
import os
import pathlib
import pickle
import re
import shutil
import zipfile

import numpy
from PIL import Image

try:
    from numpy._core import multiarray, numeric
except ImportError:  # numpy 1
    from numpy.core import multiarray, numeric

# CIFAR-FS (Bertinetto et al., ICLR 2019); train is the other 64 classes of CIFAR-100.
CIFAR_VAL = """beaver beetle butterfly camel cattle crab crocodile flatfish lamp maple_tree motorcycle otter sea shark
    television tractor""".split()
CIFAR_TEST = """baby bed bicycle chimpanzee fox leopard man pickup_truck plain poppy rocket rose snail sweet_pepper
    table telephone wardrobe whale woman worm""".split()


@dataclasses.dataclass
class Part:
    """One split: images uint8 [N, H, W, 3] RGB, and the class name and file name of each."""

    split: str
    images: numpy.ndarray
    classes: list
    files: list


def latin1(text, encoding):
    """How Python 3 writes bytes in the old protocols; no other codec is needed."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"uses the codec {encoding!r}")
    return text.encode("latin1")


# Everything a pickle may name. Old files use numpy.core, new ones numpy._core.
ALLOWED = {
    ("numpy", "ndarray"): numpy.ndarray,
    ("numpy", "dtype"): numpy.dtype,
    ("_codecs", "encode"): latin1,
}
for core in ("numpy.core", "numpy._core"):
    ALLOWED[core + ".multiarray", "_reconstruct"] = multiarray._reconstruct
    ALLOWED[core + ".multiarray", "scalar"] = multiarray.scalar
    ALLOWED[core + ".numeric", "_frombuffer"] = numeric._frombuffer
for builtins in ("builtins", "__builtin__"):
    for kind in (bytearray, bytes, complex, dict, float, frozenset, int, list, set, str, tuple):
        ALLOWED[builtins, kind.__name__] = kind


class SafeUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"names {module}.{name}; only numpy arrays and plain values are allowed")
        return ALLOWED[module, name]


def unpickle(path):
    """The content of a Python 2 or 3 pickle, with text instead of the bytes that Python 2 used as keys."""
    with open(path, "rb") as file:
        try:
            content = SafeUnpickler(file, encoding="latin1").load()
        except OSError:
            raise
        except Exception as error:  # damaged pickles raise all kinds of errors
            raise ValueError(f"{path}: cannot be read as a pickle: {error or type(error).__name__}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path}: contains a {type(content).__name__}; expected a dict")
    return {as_text(key): value for key, value in content.items()}


def as_text(value):
    return value.decode("latin1") if isinstance(value, bytes) else str(value)


def read(path, split=None, names=None, channels="rgb"):
    """The splits in a file (or folder, for CIFAR-100)."""
    if path.is_dir():
        return read_cifar100(path)
    if path.suffix == ".npz":
        images, classes = read_tiered(path)
    else:
        content = unpickle(path)
        if "image_data" in content:
            images, classes = read_learn2learn(content, path)
        elif "data" in content and "labels" in content:
            images, classes = read_metaoptnet(content, path, names)
        else:
            found = ", ".join(sorted(content)[:10])
            raise ValueError(f"{path}: has the keys {found}; expected data and labels, or image_data and class_dict")
    require_images(images, path)
    for name in sorted(set(classes)):
        require_plain(name, path)
    if channels == "bgr":
        images = images[..., ::-1]
    digits = max(5, len(str(len(images) - 1)))
    files = [f"{row:0{digits}d}.png" for row in range(len(images))]
    return [Part(split or split_of(path), images, classes, files)]


def split_of(path):
    """The split in the file's name: ..._train_phase_train, ...-validation, test_images."""
    words = [{"validation": "val"}.get(word, word) for word in re.split("[^a-z]+", path.stem.lower())]
    words = [word for word in words if word in ("train", "val", "test")]
    if "phase" in path.stem and words != ["train", "train"]:
        raise ValueError(
            f"{path}: contains other images of the base classes, not a split. To use it, choose a split with --split."
        )
    if len(set(words)) == 1:
        return words[0]
    raise ValueError(
        f"{path}: the file name does not contain exactly one split. Choose one with --split train, val or test."
    )


def read_names(path):
    return pathlib.Path(path).read_text(encoding="utf-8").split("\n")


def labels_of(values, count, path, field):
    try:
        labels = [int(value) for value in values]
    except (TypeError, ValueError):
        raise ValueError(f"{path}: {field} is not a list of whole numbers") from None
    if len(labels) != count:
        raise ValueError(f"{path}: {field} has {len(labels)} entries for {count} images")
    return labels


def read_metaoptnet(content, path, names):
    images = content["data"]
    require_images(images, path)
    labels = labels_of(content["labels"], len(images), path, "labels")
    if names is None and isinstance(content.get("catname2label"), dict):
        by_label = {int(label): as_text(name) for name, label in content["catname2label"].items()}
    elif names is None:
        by_label = {label: f"class-{label:03d}" for label in labels if label >= 0}
    else:
        by_label = {label: name for label, name in enumerate(names) if name}
    unknown = sorted(set(labels) - set(by_label))
    if unknown:
        raise ValueError(f"{path}: label {unknown[0]} has no name ({len(by_label)} labels have one)")
    return images, [by_label[label] for label in labels]


def read_learn2learn(content, path):
    images, index = content["image_data"], content.get("class_dict")
    require_images(images, path)
    if not isinstance(index, dict):
        raise ValueError(f"{path}: class_dict is missing; expected a dict from class to rows")
    classes = [None] * len(images)
    for name, rows in index.items():
        for row in labels_of(rows, len(rows), path, f"class_dict of {as_text(name)}"):
            if not 0 <= row < len(images) or classes[row] is not None:
                problem = "is in two classes" if 0 <= row < len(images) else f"is out of range (0 to {len(images) - 1})"
                raise ValueError(f"{path}: row {row} of class {as_text(name)} {problem}")
            classes[row] = as_text(name)
    if None in classes:
        raise ValueError(f"{path}: row {classes.index(None)} belongs to no class")
    return images, classes


def read_tiered(path):
    with open(path, "rb") as file:
        try:
            with numpy.load(file, allow_pickle=False) as archive:
                images = archive["images"]
        except OSError:
            raise
        except Exception as error:
            raise ValueError(f"{path}: cannot be read as an archive with images: {error}") from None
    require_images(images, path)
    labels_file = path.with_name(path.name.replace("_images.npz", "_labels.pkl"))
    if labels_file == path:
        raise ValueError(f"{path}: expected a name that ends in _images.npz, with _labels.pkl next to it")
    content = unpickle(labels_file)
    if "label_specific" not in content:
        raise ValueError(f"{labels_file}: has no label_specific")
    labels = labels_of(content["label_specific"], len(images), labels_file, "label_specific")
    names = [as_text(name) for name in content.get("label_specific_str", [])]
    if names and not all(0 <= label < len(names) for label in labels):
        raise ValueError(f"{labels_file}: a label is outside the {len(names)} names of label_specific_str")
    # Names such as "Yorkshire terrier, ..." cannot be folder names: the number keeps the shortened names unique.
    return images, [folder_name(label, names) for label in labels]


def folder_name(label, names):
    if not names:
        return f"class-{label:03d}"
    plain = re.sub("[^A-Za-z0-9]+", "_", names[label]).strip("_")
    return f"{label:03d}-{plain}"[:100]


def read_cifar100(folder):
    """CIFAR-FS: both files merged and split by class; file names as in tint's reader of the binary format."""
    names = [as_text(name) for name in unpickle(folder / "meta").get("fine_label_names", [])]
    if len(set(names)) != 100 or not set(CIFAR_VAL + CIFAR_TEST) <= set(names):
        raise ValueError(f"{folder / 'meta'}: fine_label_names are not the 100 names of CIFAR-100")
    images, classes, files = [], [], []
    for part in ("train", "test"):
        content = unpickle(folder / part)
        data = content.get("data")
        if not isinstance(data, numpy.ndarray) or data.dtype != numpy.uint8 or data.shape[1:] != (3072,):
            raise ValueError(f"{folder / part}: data is not a uint8 array with rows of 3072 values")
        labels = labels_of(content.get("fine_labels", []), len(data), folder / part, "fine_labels")
        if not all(0 <= label < 100 for label in labels):
            raise ValueError(f"{folder / part}: a label in fine_labels is not in 0...99")
        images.append(data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        classes += [names[label] for label in labels]
        files += [f"{part}-{row:05d}.png" for row in range(len(data))]
    images = numpy.concatenate(images)
    homes = {**dict.fromkeys(CIFAR_VAL, "val"), **dict.fromkeys(CIFAR_TEST, "test")}
    parts = []
    for split in ("train", "val", "test"):
        rows = [row for row, name in enumerate(classes) if homes.get(name, "train") == split]
        if rows:
            parts.append(Part(split, images[rows], [classes[row] for row in rows], [files[row] for row in rows]))
    return parts


def require_images(images, path):
    shape = getattr(images, "shape", None)
    good = isinstance(images, numpy.ndarray) and images.dtype == numpy.uint8 and images.ndim == 4
    if not good or images.shape[3] != 3 or images.size == 0:
        kind = f"{images.dtype} {list(shape)}" if shape is not None else type(images).__name__
        raise ValueError(f"{path}: the images are {kind}; expected uint8 [N, H, W, 3]")


def require_plain(name, path):
    """Checks tint's rules for class names."""
    plain = 0 < len(name.encode()) <= 255 and name[0] not in ".-" and name.isprintable()
    if not plain or "/" in name or "\\" in name:
        raise ValueError(
            f"{path}: the class name {name!r} cannot be used as a folder name. Give other names with --class-names."
        )


def require_free(out, splits):
    for split in splits:
        for path in (out / split, out / f"{split}.zip"):
            if path.exists():
                raise OSError(f"{path}: already exists. Remove it or choose another --out.")


def png(image):
    buffer = io.BytesIO()
    Image.fromarray(numpy.ascontiguousarray(image)).save(buffer, "png")
    return buffer.getvalue()


def write(part, out, as_zip):
    """The path that was written. A split gets its name only once it is complete."""
    out.mkdir(parents=True, exist_ok=True)
    partial = out / f".tmp-{os.getpid()}-{part.split}"
    entries = sorted(zip(part.classes, part.files, range(len(part.files))))
    try:
        if as_zip:
            where = out / f"{part.split}.zip"
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
                for name, file, row in entries:  # ZipInfo's date is 1980: the same images give the same bytes
                    archive.writestr(zipfile.ZipInfo(f"{part.split}/{name}/{file}"), png(part.images[row]))
        else:
            where = out / part.split
            for name, file, row in entries:
                (partial / name).mkdir(parents=True, exist_ok=True)
                (partial / name / file).write_bytes(png(part.images[row]))
        partial.rename(where)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        partial.unlink(missing_ok=True)
    return where
