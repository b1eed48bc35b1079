# SPDX-License-Identifier: Apache-2.0
"""Runs scripts/export_models.py in the test process and compares its files with the original Python modules."""

import contextlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import torch

from small_models import ROOT

import export_models  # small_models puts scripts/ on the path

TOLERANCE = 1e-5  # relative to the largest value; float32 rounds by 6e-8, and the sums have thousands of terms


def run_export(*arguments):
    """(exit code, stderr)."""
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = export_models.main([str(a) for a in arguments])
        except SystemExit as stopped:
            code = stopped.code
    return code, errors.getvalue()


class Exported:
    """A written set: its models.json and its modules."""

    def __init__(self, folder):
        self.folder = folder
        self.roles = json.loads((folder / "models.json").read_bytes())["roles"]

    def load(self, role):
        return torch.jit.load(str(self.folder / self.roles[role]["file"])).eval()


class ExportTest(unittest.TestCase):
    """Provides a temporary folder for each test class."""

    @classmethod
    def setUpClass(cls):
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="tint-export-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    @classmethod
    def export(cls, name, *arguments):
        code, errors = run_export("--out", cls.folder / name, *arguments)
        if code != 0:
            raise AssertionError(f"export_models.py {arguments} ended with {code}: {errors}")
        return Exported(cls.folder / name)

    def assert_refused(self, code, words, *arguments):
        """Exits with `code` and a one-line error with all of `words`; writes no model set."""
        out = self.folder / "refused"
        found, errors = run_export("--out", out, *arguments)
        self.assertEqual(found, code, errors)
        *progress, message = errors.strip().splitlines()
        self.assertTrue(all(".pt: " in line for line in progress), errors)
        for word in words:
            self.assertIn(str(word), message)
        self.assertFalse((out / "models.json").exists())

    def assert_near(self, found, expected, tolerance=TOLERANCE):
        self.assertEqual(found.shape, expected.shape)
        self.assertTrue(bool(expected.isfinite().all()))
        difference = float((found.float() - expected.float()).abs().max() / expected.float().abs().max())
        self.assertLessEqual(difference, tolerance)


def with_gradients(call, *inputs):
    """Result of `call`, and the gradients of its sum of squares with respect to all floating-point inputs."""
    inputs = [i.clone().requires_grad_(i.is_floating_point()) for i in inputs]
    with torch.jit.optimized_execution(False):
        result = call(*inputs)
        wanted = [i for i in inputs if i.requires_grad]
        return [result.detach(), *torch.autograd.grad(result.square().sum(), wanted)]


def graph_calls(module, operator, method="forward"):
    """Number of calls of `operator` in a method's graph, including the methods it calls."""
    graph = getattr(module, method).graph.copy()
    torch._C._jit_pass_inline(graph)
    return sum(node.kind() == operator for node in graph.nodes())


def binary():
    """The tint program named by $TINT, or None."""
    path = os.environ.get("TINT")
    return path if path and os.access(path, os.X_OK) else None


def check_models(folder):
    return subprocess.run([binary(), "models", "check", "--models", str(folder)], capture_output=True, text=True)


__all__ = ["ROOT", "Exported", "ExportTest", "binary", "check_models", "graph_calls", "run_export", "with_gradients"]
