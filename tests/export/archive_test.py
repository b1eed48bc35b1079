# SPDX-License-Identifier: Apache-2.0
"""scripts/tint_export/archive.py: files compute what was traced, and two saves have the same bytes."""

import unittest
import unittest.mock
import zipfile

import torch

from exporting import ExportTest

from tint_export import archive, probes  # small_models puts scripts/ on the path


class Divides(torch.nn.Module):
    """Integer division, whose meaning changed in version 4 of TorchScript files."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, numbers):
        return torch.div(numbers, 2)


class Multiplies(torch.nn.Module):
    """No operator whose meaning has changed: the file's version is the oldest that torch writes."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(7))

    def forward(self, images):
        return images * self.weight


def version_of(path):
    """The version record of a TorchScript file: one of the two names that torch gives it."""
    with zipfile.ZipFile(path) as records:
        names = [name for name in records.namelist() if name.split("/", 1)[1] in ("version", ".data/version")]
        assert len(names) == 1, names
        return int(records.read(names[0]))


class VersionTest(ExportTest):
    NUMBERS = torch.arange(-3, 4)

    def model(self, module=Divides, **inputs):
        given = probes.Input([7], **inputs or dict(low=-3, high=3, dtype="int64"))
        return archive.Model("teacher", module(), {"forward": [given]}, [given], {}, licence="none", source="test")

    def test_integer_division_is_read_as_it_was_traced(self):
        path = self.folder / "divides.pt"
        archive.save(archive.trace(self.model()), path)
        expected = [-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5]  # version 3 would give -1, -1, 0, 0, 0, 1, 1
        self.assertEqual(archive.load(path)(self.NUMBERS).tolist(), expected)
        self.assertEqual(torch.jit.load(str(path))(self.NUMBERS).tolist(), expected)

    def test_the_version_is_the_one_that_torch_writes(self):
        for name, model in (("old", self.model(Multiplies, low=0, high=1)), ("new", self.model())):
            script = archive.trace(model)
            torch.jit.save(script, str(self.folder / f"{name}-torch.pt"))
            archive.save(script, self.folder / f"{name}-ours.pt")
            expected = version_of(self.folder / f"{name}-torch.pt")
            self.assertEqual(version_of(self.folder / f"{name}-ours.pt"), expected)
        self.assertGreaterEqual(expected, 4)

    def test_two_saves_have_the_same_bytes(self):
        script = archive.trace(self.model())
        for name in ("first.pt", "second.pt"):
            archive.save(script, self.folder / name)
        self.assertEqual((self.folder / "first.pt").read_bytes(), (self.folder / "second.pt").read_bytes())

    def test_probes_hold_what_the_module_gives(self):
        writer = archive.SetWriter(self.folder / "set")
        writer.add(self.model())
        (probe,) = writer.roles["teacher"]["probes"]
        given = probes.Input([7], -3, 3, "int64").tensor()
        self.assertEqual(probe["values"], [float(given[p]) / 2 for p in probe["positions"]])

    def test_a_file_that_computes_something_else_is_refused(self):
        other = archive.trace(self.model(Multiplies, low=-3, high=3, dtype="int64"))
        writer = archive.SetWriter(self.folder / "other")
        with unittest.mock.patch.object(archive, "load", lambda path: other):
            with self.assertRaisesRegex(ValueError, r"teacher.pt: forward: the saved file computes other values"):
                writer.add(self.model())


if __name__ == "__main__":
    unittest.main()
