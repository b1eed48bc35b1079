# SPDX-License-Identifier: Apache-2.0
"""scripts/convert_dataset.py on small data sets as other projects pickle them, and on pickles that would run code."""

import contextlib
import io
import os
import pathlib
import pickle
import struct
import sys
import tempfile
import unittest
import zipfile

import numpy
from PIL import Image

# Not from small_models, whose imports take seconds and are not needed here.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

import convert_dataset  # noqa: E402
from tint_export import datasets  # noqa: E402

IMAGES = (numpy.arange(6 * 20 * 24 * 3) * 7 % 251).astype(numpy.uint8).reshape(6, 20, 24, 3)
CIFAR_NAMES = sorted(
    datasets.CIFAR_VAL
    + datasets.CIFAR_TEST
    + """apple aquarium_fish bear bee bottle bowl boy bridge bus can castle caterpillar chair clock cloud
    cockroach couch cup dinosaur dolphin elephant forest girl hamster house kangaroo keyboard lawn_mower lion lizard lobster mountain
    mouse mushroom oak_tree orange orchid palm_tree pear pine_tree plate porcupine possum rabbit raccoon ray road seal
    shrew skunk skyscraper snake spider squirrel streetcar sunflower tank tiger train trout tulip turtle willow_tree
    wolf""".split()
)


def run(*arguments):
    """(exit code, stdout, stderr)."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            code = convert_dataset.main([str(a) for a in arguments])
        except SystemExit as stopped:
            code = stopped.code
    return code, out.getvalue(), errors.getvalue()


def pixels(path):
    return numpy.asarray(Image.open(path).convert("RGB"))


def python2_array(array):
    """An array of bytes in the opcodes of Python 2: text for the data, numpy.core for the module."""
    shape = b"(" + b"".join(b"J" + struct.pack("<i", side) for side in array.shape) + b"t"
    kind = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    raw = b"T" + struct.pack("<i", array.size) + array.tobytes()
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    return empty + b"(K\x01" + shape + kind + b"\x89" + raw + b"tb"


class Hostile:
    """Is pickled as a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


class DatasetTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tint-datasets-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.out = self.folder / "out"

    def save(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol=2))
        return path

    def convert(self, *arguments):
        code, out, errors = run(*arguments, "--out", self.out)
        self.assertEqual(code, 0, errors)
        return out

    def assert_refused(self, expected, *arguments, code=65):
        found, _, errors = run(*arguments, "--out", self.out)
        self.assertEqual(found, code, errors)
        self.assertIn(expected, errors)
        self.assertEqual(len(errors.splitlines()), 1)
        for split in ("train", "val", "test"):
            self.assertFalse((self.out / split).exists())

    def files(self):
        return sorted(str(path.relative_to(self.out)) for path in self.out.rglob("*") if path.is_file())


class FormatsTest(DatasetTest):
    def test_metaoptnet_of_python_2(self):
        text = b"\x80\x02}(U\x04data" + python2_array(IMAGES) + b"U\x06labels](K\x07K\x02K\x07K\x02K\x02K\x09eu."
        path = self.save("miniImageNet_category_split_train_phase_train.pickle", text)
        out = self.convert(path)
        self.assertIn("train: 6 images of 3 classes", out)
        self.assertEqual(
            self.files(),
            [
                "train/class-002/00001.png",
                "train/class-002/00003.png",
                "train/class-002/00004.png",
                "train/class-007/00000.png",
                "train/class-007/00002.png",
                "train/class-009/00005.png",
            ],
        )
        self.assertTrue(numpy.array_equal(pixels(self.out / "train/class-002/00003.png"), IMAGES[3]))

    def test_metaoptnet_with_names(self):
        named = {"data": IMAGES, "labels": [0, 1] * 3, "catname2label": {"n01": 0, "n02": 1}}
        self.convert(self.save("CIFAR_FS_val.pickle", named))
        self.assertEqual(self.files()[0], "val/n01/00000.png")
        given = self.folder / "names.txt"
        given.write_text("ant\nbee\n", encoding="utf-8")
        self.convert(self.save("CIFAR_FS_test.pickle", named), "--class-names", given)
        self.assertIn("test/bee/00001.png", self.files())

    def test_learn2learn(self):
        content = {"image_data": IMAGES, "class_dict": {"n02": [0, 5], "n01": numpy.array([1, 2, 3, 4])}}
        self.convert(self.save("mini-imagenet-cache-validation.pkl", content), "--channels", "bgr")
        self.assertEqual(len(self.files()), 6)
        self.assertTrue(numpy.array_equal(pixels(self.out / "val/n02/00005.png"), IMAGES[5][..., ::-1]))

    def test_tiered(self):
        path = self.folder / "test_images.npz"
        numpy.savez(path, images=IMAGES)
        labels = {"label_specific": numpy.array([0, 0, 1, 1, 1, 0]), "label_specific_str": ["cat, house cat", "ox"]}
        self.save("test_labels.pkl", labels)
        self.convert(path)
        self.assertEqual(self.files()[0], "test/000-cat_house_cat/00000.png")
        self.assertIn("test/001-ox/00004.png", self.files())

    def test_cifar_100(self):
        for part, each in (("train", 2), ("test", 1)):
            labels = list(range(100)) * each
            data = (numpy.arange(100 * each * 3072) % 253).astype(numpy.uint8).reshape(-1, 3072)
            self.save(f"cifar-100-python/{part}", {b"data": data, b"fine_labels": labels})
        self.save("cifar-100-python/meta", {b"fine_label_names": [name.encode() for name in CIFAR_NAMES]})
        self.convert(self.folder / "cifar-100-python")
        files = self.files()
        self.assertEqual(len(files), 300)
        for split, classes in (("train", 64), ("val", 16), ("test", 20)):
            self.assertEqual(len(list((self.out / split).iterdir())), classes)
        worm = CIFAR_NAMES.index("worm")
        self.assertIn(f"test/worm/train-{worm + 100:05d}.png", files)
        # Planes of red, green, blue.
        found = pixels(self.out / f"test/worm/test-{worm:05d}.png")
        row = numpy.arange(worm * 3072, (worm + 1) * 3072) % 253
        self.assertEqual(list(found[5, 7]), [row[plane * 1024 + 5 * 32 + 7] for plane in range(3)])

    def test_archives_have_the_same_bytes_each_time(self):
        path = self.save("test.pickle", {"data": IMAGES, "labels": [1, 0, 1, 0, 1, 0]})
        self.convert(path, "--zip")
        first = (self.out / "test.zip").read_bytes()
        with zipfile.ZipFile(self.out / "test.zip") as archive:
            self.assertEqual(archive.namelist()[0], "test/class-000/00001.png")
            found = pixels(io.BytesIO(archive.read("test/class-000/00001.png")))
            self.assertTrue(numpy.array_equal(found, IMAGES[1]))
        (self.out / "test.zip").unlink()
        self.convert(path, "--zip")
        self.assertEqual((self.out / "test.zip").read_bytes(), first)


class RefusalTest(DatasetTest):
    def test_code_is_not_run(self):
        mark = self.folder / "ran"
        for function, arguments in (
            (os.system, (f"touch {mark}",)),
            (eval, (f"open({str(mark)!r}, 'w')",)),
            (numpy.save, (str(mark), 1)),
            (pathlib.Path, ("/",)),
            (getattr, (numpy.ndarray, "tofile")),
        ):
            for protocol in (0, 2, 4):
                hostile = pickle.dumps({"data": Hostile(function, *arguments), "labels": []}, protocol=protocol)
                self.assert_refused("names ", self.save("test.pickle", hostile))
                self.assertFalse(mark.exists())

    def test_damaged(self):
        good = pickle.dumps({"data": IMAGES, "labels": [0] * 6}, protocol=2)
        for length in (0, 1, 10, len(good) // 2, len(good) - 1):
            self.assert_refused("cannot be read as a pickle", self.save("test.pickle", good[:length]))
        self.assert_refused("expected a dict", self.save("test.pickle", [1]))
        self.assert_refused("has the keys x; expected data and labels", self.save("test.pickle", {"x": 1}))
        self.assert_refused("cannot be read as an archive", self.save("test_images.npz", good))

    def test_content(self):
        def refused(expected, **content):
            self.assert_refused(expected, self.save("test.pickle", content))

        refused("float64 [6, 20, 24, 3]; expected uint8", data=IMAGES / 1.0, labels=[0] * 6)
        refused("expected uint8 [N, H, W, 3]", data=IMAGES[..., 0], labels=[0] * 6)
        refused("are list; expected uint8", data=[1], labels=[0])
        refused("5 entries for 6 images", data=IMAGES, labels=[0] * 5)
        refused("not a list of whole numbers", data=IMAGES, labels=["a"] * 6)
        refused("label 3 has no name", data=IMAGES, labels=[3] * 6, catname2label={"a": 0})
        refused("'../up' cannot be used as a folder name", data=IMAGES, labels=[0] * 6, catname2label={"../up": 0})
        refused("class_dict is missing", image_data=IMAGES)
        refused("row 6 of class a is out of range (0 to 5)", image_data=IMAGES, class_dict={"a": [6]})
        refused("row 1 of class b is in two classes", image_data=IMAGES, class_dict={"a": [1], "b": [1]})
        refused("row 2 belongs to no class", image_data=IMAGES, class_dict={"a": [0, 1, 3, 4, 5]})

    def test_splits(self):
        content = {"data": IMAGES, "labels": [0] * 6}
        self.assert_refused("--split train, val or test", self.save("all.pickle", content))
        phase = self.save("miniImageNet_category_split_train_phase_val.pickle", content)
        self.assert_refused("other images of the base classes", phase)
        twice = [self.save("a_test.pickle", content), self.save("b_test.pickle", content)]
        self.assert_refused("more than one file contains the split test", *twice)
        self.assert_refused("--split needs exactly one file", *twice, "--split", "val", code=64)
        self.assert_refused("no such file", self.folder / "none.pickle", code=66)
        self.convert(phase, "--split", "val")
        code, _, errors = run(phase, "--split", "val", "--out", self.out)
        self.assertEqual(code, 73)
        self.assertIn("already exists", errors)
