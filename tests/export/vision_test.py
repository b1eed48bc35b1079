# SPDX-License-Identifier: Apache-2.0
"""HAT, DINO, CLIP and the Inception stem from small files in public layouts: equal to the original Python modules."""

import argparse
import unittest

import torch
from safetensors.torch import save_file
from torch.nn import functional

import small_models
from exporting import ExportTest, binary, check_models, graph_calls, with_gradients

SDPA = "aten::scaled_dot_product_attention"


def images(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(shape[0]))


class UpscalerTest(ExportTest):
    def test_hat_equals_spandrel_at_other_sizes(self):
        path = self.folder / "hat.pth"
        torch.save({"params": {}, "params_ema": small_models.hat().state_dict()}, path)
        found = self.export("hat", "--hat", path)
        facts = {name: found.roles["upscaler"][name] for name in ("factor", "side_multiple")}
        self.assertEqual(facts, dict(factor=4, side_multiple=16))
        original, exported = small_models.hat(), found.load("upscaler")
        for shape in ((1, 3, 96, 96), (3, 3, 32, 32), (1, 3, 16, 64), (64, 3, 16, 16)):
            image = images(*shape)
            expected = with_gradients(original, image)
            for value, wanted in zip(with_gradients(exported, image), expected, strict=True):
                self.assert_near(value, wanted)

    def test_factor_and_window_are_read_from_the_file(self):
        path = self.folder / "x2.safetensors"
        save_file(small_models.hat(upscale=2, window_size=8).state_dict(), path)
        found = self.export("x2", "--hat", path)
        facts = {name: found.roles["upscaler"][name] for name in ("factor", "side_multiple")}
        self.assertEqual(facts, dict(factor=2, side_multiple=8))
        image = images(2, 3, 24, 40)
        with torch.no_grad():
            expected = small_models.hat(upscale=2, window_size=8)(image)
            self.assert_near(found.load("upscaler")(image), expected)

    def test_other_networks_are_refused(self):
        path = self.folder / "other.pth"
        torch.save({"params_ema": {"weight": torch.zeros(3)}}, path)
        self.assert_refused(65, (path, "unknown architecture", "HAT"), "--hat", path)
        self.assert_refused(66, ("absent.pth",), "--hat", self.folder / "absent.pth")


def positions_as_dino_does(table, side, size):
    """The rule of DINO's authors, written out: cubic weights with a = -0.75 at pixel centres
    spaced by the inverse of the scale factor, with repeated borders."""
    step = 14 / (size // 16 + 0.1)
    result = torch.zeros(side, side, table.shape[-1], dtype=torch.float64)

    def weights(fraction):
        a, near, far = -0.75, lambda x: (1.25 * x - 2.25) * x * x + 1, lambda x: a * (((x - 5) * x + 8) * x - 4)
        return far(fraction + 1), near(fraction), near(1 - fraction), far(2 - fraction)

    def taps(index):
        centre = (index + 0.5) * step - 0.5
        base = int(centre // 1)
        cells = [min(max(base + offset, 0), 13) for offset in (-1, 0, 1, 2)]
        return list(zip(cells, weights(centre - base), strict=True))

    for row in range(side):
        for column in range(side):
            for y, wy in taps(row):
                for x, wx in taps(column):
                    result[row, column] += wy * wx * table[y, x].double()
    return result


class TeacherTest(ExportTest):
    def export_teacher(self, name, state, *arguments):
        path = self.folder / name
        save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)
        return self.export(name + "-set", "--dino", path, *arguments)

    def test_equals_timm_in_forward_and_gradient(self):
        found = self.export_teacher("timm.safetensors", small_models.dino().state_dict())
        role = found.roles["teacher"]
        facts = {
            name: role[name] for name in ("input_size", "feature_width", "resize_rule", "logit_scale", "logit_bias")
        }
        expected = dict(
            input_size=224, feature_width=128, resize_rule="bilinear-antialias", logit_scale=10, logit_bias=0
        )  # fmt: skip
        self.assertEqual(facts, expected)
        original, exported = small_models.dino(), found.load("teacher")
        self.assertEqual(graph_calls(exported, SDPA), 2)
        for batch in (1, 3, 64):
            image = images(batch, 3, 224, 224) * 4 - 2
            wanted = with_gradients(original, image)  # timm's forward returns the class token after the last norm
            for value, reference in zip(with_gradients(exported, image), wanted, strict=True):
                self.assert_near(value, reference)

    def test_layouts_of_dinos_authors(self):
        image = images(2, 3, 224, 224)
        with torch.no_grad():
            expected = small_models.dino()(image)
        state = small_models.dino().state_dict()
        full = {f"module.backbone.{name}": value for name, value in state.items()}
        full["module.head.mlp.0.weight"] = torch.zeros(4, 128)
        student = {name: torch.zeros_like(value) for name, value in full.items()}
        layouts = {
            "plain.pth": state,
            "full.pth": dict(student=student, teacher=full, epoch=1, args=argparse.Namespace(arch="vit")),
        }
        for name, layout in layouts.items():
            with torch.no_grad():
                self.assert_near(self.export_teacher(name, layout).load("teacher")(image), expected)

    def test_logits_of_a_meta_trained_teacher(self):
        state = {f"backbone.{name}": value for name, value in small_models.dino().state_dict().items()}
        state |= dict(scale_cls=torch.tensor(12.5), bias=torch.tensor(-0.25))
        role = self.export_teacher("pmf.pth", {"model": state}).roles["teacher"]
        self.assertEqual((role["logit_scale"], role["logit_bias"]), (12.5, -0.25))

    def test_positions_at_another_size(self):
        state = small_models.dino().state_dict()
        found = self.export_teacher("sized.pth", state, "--teacher-size", 80)
        table = found.load("teacher").vit.pos_embed.detach()
        self.assertEqual(list(table.shape), [1, 26, 128])
        self.assert_near(table[:, 0], state["pos_embed"][:, 0], 0)
        expected = positions_as_dino_does(state["pos_embed"][0, 1:].view(14, 14, -1), 5, 80)
        self.assert_near(table[0, 1:].view(5, 5, -1), expected)
        plain = functional.interpolate(
            state["pos_embed"][:, 1:].view(1, 14, 14, -1).permute(0, 3, 1, 2), (5, 5), mode="bicubic"
        )  # fmt: skip
        # resizing to a size gives another table, so the comparison above is meaningful
        self.assertGreater(float((table[0, 1:].view(5, 5, -1) - plain[0].permute(1, 2, 0)).abs().max()), 1e-3)
        feature = found.load("teacher")(images(2, 3, 80, 80))
        self.assertEqual(list(feature.shape), [2, 128])

    def test_refusals(self):
        path = self.folder / "other.pth"
        torch.save({"conv1.weight": torch.zeros(3)}, path)
        self.assert_refused(65, (path, "patch_embed.proj.weight", "expected"), "--dino", path)
        torch.save(small_models.dino().state_dict(), path)
        self.assert_refused(65, ("--teacher-size is 90", "multiple of 16"), "--dino", path, "--teacher-size", 90)


class InceptionTest(ExportTest):
    def test_equals_the_first_block_of_pytorch_fid(self):
        state, path = small_models.inception_state(), self.folder / "pt_inception.pth"
        torch.save(state, path)
        found = self.export("inception", "--inception", path)
        self.assertEqual(found.roles["inception"]["feature_width"], 64)
        for shape in ((2, 3, 299, 299), (3, 3, 84, 120)):
            image = images(*shape)
            hidden = functional.interpolate(image, (299, 299), mode="bilinear", align_corners=False) * 2 - 1
            for name, rest in (("1a", dict(stride=2)), ("2a", {}), ("2b", dict(padding=1))):
                layer = f"Conv2d_{name}_3x3."
                hidden = functional.conv2d(hidden, state[layer + "conv.weight"], **rest)
                statistics = [state[f"{layer}bn.{k}"] for k in ("running_mean", "running_var", "weight", "bias")]
                hidden = functional.relu(functional.batch_norm(hidden, *statistics, eps=1e-3))
            expected = functional.max_pool2d(hidden, 3, 2).mean((2, 3))
            with torch.no_grad():
                self.assert_near(found.load("inception")(image), expected)

    def test_a_file_without_these_layers_is_refused(self):
        path = self.folder / "other.pth"
        torch.save({"fc.weight": torch.zeros(2)}, path)
        self.assert_refused(65, (path, "missing"), "--inception", path)


class ClipTest(ExportTest):
    def test_equals_transformers(self):
        source = self.folder / "clip"
        small_models.clip().save_pretrained(source)
        found = self.export("set", "--clip", source)
        role = found.roles["clip"]
        facts = {name: role[name] for name in ("input_size", "context_length", "feature_width")}
        self.assertEqual(facts, dict(input_size=32, context_length=77, feature_width=48))
        original, exported = small_models.clip(), found.load("clip")
        for batch in (1, 5):
            image = images(batch, 3, 32, 32)
            ids = torch.full((batch, 77), 49407)
            ids[:, 0] = 49406
            ids[:, 1:6] = torch.arange(batch * 5).view(batch, 5) + 320
            with torch.no_grad():
                expected = original(input_ids=ids, pixel_values=image)
                self.assert_near(exported.encode_image(image), expected.image_embeds)
                self.assert_near(exported.encode_text(ids), expected.text_embeds)
        self.assertEqual(graph_calls(exported, SDPA, "encode_image"), 2)


class WholeSetTest(ExportTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        torch.save({"params_ema": small_models.hat().state_dict()}, cls.folder / "hat.pth")
        torch.save(small_models.inception_state(), cls.folder / "inception.pth")
        torch.save(small_models.dino().state_dict(), cls.folder / "dino.pth")
        small_models.clip().save_pretrained(cls.folder / "clip")

    def test_incomplete_sets_can_be_completed_later(self):
        folder = self.folder
        first = self.export("set", "--inception", folder / "inception.pth", "--licence", "inception=ours")
        self.assertEqual(list(first.roles), ["inception"])
        arguments = ["--hat", folder / "hat.pth", "--dino", folder / "dino.pth", "--clip", folder / "clip"]
        whole = self.export("set", *arguments, "--dtype", "float16", "--dtype", "clip=float32", "--add")
        self.assertEqual(list(whole.roles), ["inception", "upscaler", "teacher", "clip", "tokenizer"])
        self.assertEqual(whole.roles["inception"], first.roles["inception"])
        self.assertEqual(whole.roles["inception"]["licence"], "ours")
        self.assertEqual(
            [whole.roles[r]["dtype"] for r in ("upscaler", "teacher", "clip")], ["float16"] * 2 + ["float32"]
        )
        if binary():
            result = check_models(whole.folder)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_a_set_is_overwritten_only_with_force(self):
        self.export("kept", "--inception", self.folder / "inception.pth")
        before = (self.folder / "kept" / "models.json").read_bytes()
        from exporting import run_export

        code, errors = run_export("--out", self.folder / "kept", "--hat", self.folder / "hat.pth")
        self.assertEqual(code, 73)
        self.assertIn("--force", errors)
        self.assertEqual((self.folder / "kept" / "models.json").read_bytes(), before)

    def test_invalid_options(self):
        path = self.folder / "inception.pth"
        self.assert_refused(64, ("float64",), "--inception", path, "--dtype", "float64")
        self.assert_refused(64, ("student",), "--inception", path, "--dtype", "student=float16")
        self.assert_refused(64, ("--size",), "--inception", path, "--size", "tiny")
        self.assert_refused(64, ("sources",))


if __name__ == "__main__":
    unittest.main()
