# SPDX-License-Identifier: Apache-2.0
"""scripts/convert_embedding.py on files of other programs, with classes that are not installed."""

import contextlib
import io
import sys
import types
import unittest

import torch
from safetensors.torch import load_file, save_file

from exporting import ExportTest

import check_embeddings
import convert_embedding

WIDTH = 8
VECTORS = torch.arange(2 * WIDTH).view(2, WIDTH).float() + 1


@contextlib.contextmanager
def foreign_module(name):
    """A module whose classes can be pickled while it exists."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        yield module
    finally:
        del sys.modules[name]


def foreign_class(module, name, **members):
    made = type(name, (), {"__module__": module.__name__, **members})
    setattr(module, name, made)
    return made


def run(*arguments):
    """(exit code, stdout, stderr)."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            code = convert_embedding.main([str(a) for a in arguments])
        except SystemExit as stopped:
            code = stopped.code
    return code, out.getvalue(), errors.getvalue()


class EmbeddingTest(ExportTest):
    def convert(self, name, content, *arguments, **saving):
        path, out = self.folder / name, self.folder / "out" / f"{name}.safetensors"
        torch.save(content, path, **saving)
        code, _, errors = run(path, "--out", out, *arguments)
        self.assertEqual(code, 0, errors)
        return load_file(out)

    def assert_word(self, found, name, vectors=VECTORS):
        self.assertEqual(list(found), [name])
        self.assertEqual(found[name].dtype, torch.float32)
        self.assertTrue(torch.equal(found[name], vectors))

    def test_layout_of_diffusers(self):
        self.assert_word(self.convert("learned_embeds.bin", {"<cat>": VECTORS.half()}), "<cat>")
        self.assert_word(self.convert("one.bin", {"<cat>": VECTORS[0]}), "<cat>", VECTORS[:1])
        self.assert_word(self.convert("named.bin", {"<cat>": VECTORS}, "--placeholder", "#object"), "#object")

    def test_layout_of_a1111(self):
        content = {"string_to_token": {"*": 265}, "string_to_param": {"*": VECTORS}, "name": "mycat", "step": 5000,
                   "sd_checkpoint": None, "sd_checkpoint_name": "v1-5"}  # fmt: skip
        self.assert_word(self.convert("any.pt", content), "mycat")

    def test_layout_of_the_authors_whose_parameters_are_an_object(self):
        # a torch class that is not on the list of the restricted unpickler
        parameters = torch.nn.ParameterDict({"*": torch.nn.Parameter(VECTORS)})
        content = {"string_to_token": {"*": torch.tensor(265)}, "string_to_param": parameters}
        self.assert_word(self.convert("embeddings_gs-5000.pt", content), "embeddings_gs-5000")

    def test_pickles_without_a_zip_archive(self):
        content = {"string_to_param": {"*": VECTORS}}  # as torch wrote them before 2020
        self.assert_word(self.convert("old.pt", content, _use_new_zipfile_serialization=False), "old")

    def test_layouts_of_kohya_and_onetrainer(self):
        self.assert_word(self.convert("kohya_cat.pt", {"emb_params": VECTORS}), "kohya_cat")
        self.assert_word(self.convert("trained.bin", {"emp_params": VECTORS.bfloat16()}), "trained")
        save_file({"emb_params": VECTORS}, self.folder / "safe.safetensors")
        out = self.folder / "safe-out.safetensors"
        self.assertEqual(run(self.folder / "safe.safetensors", "--out", out)[0], 0)
        self.assert_word(load_file(out), "safe")

    def assert_refused(self, code, words, content, *arguments):
        path, out = self.folder / "refused.pt", self.folder / "refused.safetensors"
        torch.save(content, path) if not isinstance(content, bytes) else path.write_bytes(content)
        found, _, errors = run(path, "--out", out, *arguments)
        self.assertEqual(found, code, errors)
        self.assertIn(words, errors)
        self.assertEqual(len(errors.strip().splitlines()), 1, errors)
        self.assertFalse(out.exists())

    def test_refusals(self):
        self.assert_refused(65, "Stable Diffusion XL", {"clip_l": VECTORS, "clip_g": VECTORS})
        self.assert_refused(65, "contains 2 tensors", {"a": VECTORS, "b": VECTORS})
        self.assert_refused(65, "contains 0 tensors", {"note": "nothing"})
        self.assert_refused(65, "not all values are finite", {"a": VECTORS / 0})
        self.assert_refused(65, "numbers of shape", {"emb_params": torch.arange(4)})
        self.assert_refused(65, "cannot be read", b"not a pickle")
        self.assert_refused(64, "one word", {"a": VECTORS}, "--placeholder", "two words")
        self.assert_refused(65, "--class", {"a": VECTORS}, "--class", "bird")
        self.assertEqual(run(self.folder / "absent.pt", "--out", self.folder / "x.safetensors")[0], 66)

    def test_nothing_in_a_pickle_runs(self):
        witness = self.folder / "witness"

        class Runs:
            def __init__(self, function, *arguments):
                self.call = function, arguments

            def __reduce__(self):
                return self.call

        import os

        path = self.folder / "hostile.pt"
        for function, arguments in ((open, (str(witness), "w")), (os.system, (f"touch {witness}",)), (exec, ("1/0",))):
            torch.save({"emb_params": VECTORS, "callback": Runs(function, *arguments)}, path)
            code, _, _ = run(path, "--out", self.folder / "hostile.safetensors")
            self.assertIn(code, (0, 65))
            self.assertFalse(witness.exists())

    def test_converted_words_load_in_diffusers(self):
        folder = self.folder / "learned"
        path = self.folder / "cat.bin"
        torch.save({"<cat>": VECTORS}, path)
        self.assertEqual(run(path, "--out", folder / "cat.safetensors")[0], 0)
        save_file({"emb_params": VECTORS}, folder / "dog-word.safetensors")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(check_embeddings.main([str(folder)]), 0)
        self.assertIn("2 of 2", out.getvalue())
        self.assertIn("tokens [49408, 49409], vectors equal", out.getvalue())


class SpecializationTest(ExportTest):
    """A file of TINT's published code: dictionaries, tensors and objects of its classes."""

    STEPS, PHOTOS = 4, 2

    def photo(self, index):
        generator = torch.Generator().manual_seed(index)
        return {
            "input_file_name": f"bird{index}.jpg",
            "latents": torch.randn(1, 4, 8, 8, generator=generator),
            "prompt": "A photo of an #object",
            "unc_embeddings": [torch.randn(1, 77, WIDTH, generator=generator) for _ in range(self.STEPS)],
        }

    def patch(self, **changes):
        return {
            "format": "pixw.se/format:diffusion-model-patch:dev.1",
            "base_model": {"name": "runwayml/stable-diffusion-v1-5", "cf_guidance": 7.5, "nof_iterations": self.STEPS,
                           "width": 512, "height": 512},
            "textual_inversion": {
                "token_config": [{"placeholder": "#object", "type": "shared", "init": "object"}],
                "embeddings": {"#object": VECTORS[0]},
            },
            "nulltext_inversion": [self.photo(index) for index in range(self.PHOTOS)],
        } | changes  # fmt: skip

    def convert(self, content, *arguments):
        path = self.folder / "specialization.pth"
        torch.save(content, path)
        return run(path, "--out", self.folder / "episode", *arguments)

    def assert_artifacts(self, name):
        word = load_file(self.folder / "episode" / "textual-inversion" / f"{name}.safetensors")
        self.assertEqual(list(word), ["#object"])
        self.assertTrue(torch.equal(word["#object"], VECTORS[:1]))
        found = load_file(self.folder / "episode" / "null-text-inversion" / f"{name}.safetensors")
        self.assertEqual(sorted(found), ["latents", "timesteps", "unconditional"])
        self.assertEqual(found["timesteps"].tolist(), [999, 749, 499, 249])
        self.assertEqual(list(found["latents"].shape), [self.PHOTOS, 4, 8, 8])
        self.assertEqual(list(found["unconditional"].shape), [self.PHOTOS, self.STEPS, 77, WIDTH])
        for index in range(self.PHOTOS):
            photo = self.photo(index)
            self.assertTrue(torch.equal(found["latents"][index], photo["latents"][0]))
            for step in range(self.STEPS):
                self.assertTrue(torch.equal(found["unconditional"][index, step], photo["unc_embeddings"][step][0]))

    def test_dictionaries(self):
        code, out, errors = self.convert({"image_size": 512, "diff_model_patch": self.patch()}, "--class", "bird")
        self.assertEqual(code, 0, errors)
        self.assertIn("unconditional [2, 4, 77, 8]", out)
        self.assert_artifacts("bird")

    def test_patch_alone(self):
        self.assertEqual(self.convert(self.patch())[0], 0)
        self.assert_artifacts("object")

    def test_objects_of_classes_that_are_not_installed(self):
        witness = self.folder / "witness"
        with foreign_module("published_program") as module:

            def arm(self, state):
                witness.write_text("ran")

            patch_class = foreign_class(module, "DiffModelPatch", __setstate__=arm)
            photo_class = foreign_class(module, "NullInversionData")
            config_class = foreign_class(module, "TokenConfig")
            data = self.patch()
            photos = []
            for photo in data["nulltext_inversion"]:
                one = photo_class()
                one.__dict__.update(photo)
                photos.append(one)
            data["nulltext_inversion"] = photos
            data["textual_inversion"]["token_config"] = [config_class()]
            patch = patch_class()
            patch.data = data
            path = self.folder / "specialization.pth"
            torch.save({"image_size": 512, "diff_model_patch": patch}, path)
        code, _, errors = run(path, "--out", self.folder / "episode", "--class", "cup")
        self.assertEqual(code, 0, errors)
        self.assertFalse(witness.exists())
        self.assert_artifacts("cup")

    def test_inconsistent_parts(self):
        photos = [self.photo(0), self.photo(1)]
        photos[1]["unc_embeddings"].pop()
        cases = {
            "different numbers of steps": self.patch(nulltext_inversion=photos),
            "nof_iterations is 25, but each photo has 4": self.patch(base_model={"nof_iterations": 25}),
            "format is": self.patch(format="other"),
            "contains 2 tensors": self.patch(textual_inversion={"embeddings": {"#a": VECTORS, "#b": VECTORS}}),
        }
        for words, content in cases.items():
            code, _, errors = self.convert(content, "--class", "unfit")
            self.assertEqual(code, 65, errors)
            self.assertIn(words, errors)
        self.assertFalse((self.folder / "episode" / "textual-inversion" / "unfit.safetensors").exists())
        self.assertEqual(self.convert(self.patch(), "--class", "../up")[0], 64)


if __name__ == "__main__":
    unittest.main()
