# SPDX-License-Identifier: Apache-2.0
"""Stable Diffusion's roles from small diffusers folders and single files: equal to the original Python modules."""

import json
import shutil
import unittest

import torch
from safetensors.torch import load_file, save_file

import small_models
from exporting import ExportTest, binary, check_models, graph_calls, run_export, with_gradients

from tint_export import probes  # small_models puts scripts/ on the path

SDPA = "aten::scaled_dot_product_attention"


def noisy_inputs(batch, side):
    generator = torch.Generator().manual_seed(batch)
    latents = torch.randn(batch, 4, side, side, generator=generator)
    timesteps = torch.randint(0, 1000, (batch,), generator=generator)
    return latents, timesteps, torch.randn(batch, 77, small_models.WIDTH, generator=generator)


class FolderTest(ExportTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.source = small_models.write_folder(cls.folder / "safe")
        cls.set = cls.export("from-safe", "--stable-diffusion", cls.source)

    def test_denoiser_equals_diffusers_in_forward_and_gradients_at_other_sizes(self):
        original, exported = small_models.unet(), self.set.load("denoiser")
        for batch, side in ((1, 32), (3, 16), (2, 8), (64, 8)):
            inputs = noisy_inputs(batch, side)
            expected = with_gradients(lambda z, t, c: original(z, t, encoder_hidden_states=c).sample, *inputs)
            for found, wanted in zip(with_gradients(exported, *inputs), expected, strict=True):
                self.assert_near(found, wanted)

    def test_denoiser_accepts_different_sides(self):
        original, exported = small_models.unet(), self.set.load("denoiser")
        latents, timesteps, context = noisy_inputs(2, 16)
        latents = latents[:, :, :12]
        with torch.no_grad():
            self.assert_near(exported(latents, timesteps, context), original(latents, timesteps, context).sample)

    def test_text_encoder_equals_transformers_with_gradient_in_the_embeddings(self):
        original, exported = small_models.text_encoder(), self.set.load("text_encoder")
        kept = []
        original.embeddings.token_embedding.register_forward_hook(lambda *a: kept.append(a[2]) or a[2])
        for batch in (1, 3, 64):
            ids = torch.randint(0, small_models.VOCABULARY, (batch, 77), generator=torch.Generator().manual_seed(batch))
            expected = original(ids).last_hidden_state
            (wanted,) = torch.autograd.grad(expected.square().sum(), kept.pop())
            embeddings = exported.embed(ids)
            self.assert_near(embeddings, original.embeddings.token_embedding.weight[ids], 0)
            found, gradient = with_gradients(exported, embeddings.detach())
            self.assert_near(found, expected.detach())
            self.assert_near(gradient, wanted)

    def test_autoencoder_equals_diffusers(self):
        original, exported = small_models.vae(), self.set.load("autoencoder")
        for shape in ((1, 3, 64, 64), (3, 3, 32, 48), (64, 3, 16, 16)):
            image = torch.rand(shape, generator=torch.Generator().manual_seed(shape[0])) * 2 - 1
            with torch.no_grad():
                posterior = original.encode(image).latent_dist
                self.assert_near(exported.encode(image), posterior.mean)
                self.assert_near(exported.moments(image), torch.cat([posterior.mean, posterior.logvar], 1))
                self.assert_near(exported.decode(posterior.mean), original.decode(posterior.mean).sample)

    def test_log_variances_stay_within_the_bounds_of_diffusers(self):
        exported = self.set.load("autoencoder")
        channels = exported.vae.quant_conv.bias
        with torch.no_grad():
            channels[4:6] = torch.tensor([1000.0, -1000.0])
            _, log_variance = exported.moments(torch.zeros(1, 3, 16, 16)).chunk(2, dim=1)
        self.assertEqual(float(log_variance[:, 0].min()), 20)
        self.assertEqual(float(log_variance[:, 1].max()), -30)

    def test_attention_is_fused(self):
        # two for each layer, self-attention and cross-attention: 1 layer down, 1 middle, 2 up
        self.assertEqual(graph_calls(self.set.load("denoiser"), SDPA), 8)
        self.assertEqual(graph_calls(self.set.load("text_encoder"), SDPA), 2)
        self.assertEqual(graph_calls(self.set.load("autoencoder"), SDPA, "decode"), 1)

    def test_facts_licence_and_source(self):
        roles = self.set.roles
        self.assertEqual(sorted(roles), ["autoencoder", "denoiser", "text_encoder", "tokenizer"])
        facts = dict(sample_size=32, latent_channels=4, context_length=77, context_width=small_models.WIDTH)
        facts["prediction_type"] = "epsilon"
        self.assertEqual({name: roles["denoiser"][name] for name in facts}, facts)
        facts = dict(scale_factor=0.2, image_size=64, spatial_factor=2, dtype="float32")
        self.assertEqual({name: roles["autoencoder"][name] for name in facts}, facts)
        self.assertIn("OpenRAIL", roles["denoiser"]["licence"])
        self.assertRegex(
            roles["denoiser"]["source"], r"^unet/diffusion_pytorch_model.safetensors, SHA-256 [0-9a-f]{64}$"
        )
        methods = [probe["method"] for probe in roles["autoencoder"]["probes"]]
        self.assertEqual(methods, ["encode", "decode", "moments"])

    @unittest.skipUnless(binary(), "$TINT names no built program")
    def test_the_program_accepts_the_set(self):
        result = check_models(self.set.folder)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(result.stdout.count("passed"), 6, result.stdout)


class ImageSizeTest(ExportTest):
    """The U-Net determines the size of images: a fine-tuned autoencoder may state another one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.source = small_models.write_folder(cls.folder / "source")

    def set_sample_size(self, part, value):
        """None: removes the member."""
        file = self.source / part / "config.json"
        config = json.loads(file.read_bytes())
        self.addCleanup(file.write_text, json.dumps(config))
        config = {k: v for k, v in (config | {"sample_size": value}).items() if v is not None}
        file.write_text(json.dumps(config))

    def sizes(self, name, *arguments):
        """image_size and sample_size of the exported set, and the lines on stderr that are not progress."""
        out = self.folder / name
        code, errors = run_export("--out", out, "--stable-diffusion", self.source, *arguments)
        self.assertEqual(code, 0, errors)
        roles = json.loads((out / "models.json").read_bytes())["roles"]
        said = [line for line in errors.splitlines() if ".pt: " not in line]
        return (roles["autoencoder"]["image_size"], roles["denoiser"]["sample_size"]), said

    def test_an_autoencoder_of_another_size(self):
        self.set_sample_size("vae", 32)
        sizes, said = self.sizes("vae")
        self.assertEqual(sizes, (64, 32))
        self.assertEqual(len(said), 1, said)
        for word in (self.source / "vae" / "config.json", "sample_size is 32", "32 latents of 2 pixels", "64 x 64"):
            self.assertIn(str(word), said[0])

    def test_a_unet_of_another_size(self):
        self.set_sample_size("unet", 16)
        sizes, said = self.sizes("unet")
        self.assertEqual(sizes, (32, 16))
        self.assertEqual(len(said), 1, said)

    def test_an_autoencoder_without_a_size(self):
        self.set_sample_size("vae", None)
        self.assertEqual(self.sizes("unstated"), ((64, 32), []))

    def test_a_chosen_size(self):
        self.set_sample_size("unet", None)
        words = (self.source / "unet" / "config.json", "has no sample_size", "expected a positive", "--image-size")
        self.assert_refused(65, words, "--stable-diffusion", self.source)
        self.set_sample_size("vae", 32)
        self.assertEqual(self.sizes("chosen", "--image-size", 128), ((128, 64), []))


class FlopTest(unittest.TestCase):
    def test_fused_attention_is_counted(self):
        class Attention(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = torch.nn.Parameter(torch.zeros(32, 16))

            def forward(self, states):
                keys = torch.nn.functional.linear(states, self.weight)
                return torch.nn.functional.scaled_dot_product_attention(keys, keys, keys)

        counted = probes.count_flops(Attention(), "forward", [probes.Input([2, 3, 5, 16])])
        products = 2 * 2 * 3 * 5 * 5 * 32  # queries with keys; the product with the values costs the same
        self.assertEqual(counted, 2 * (2 * 3 * 5) * 16 * 32 + 2 * products)


class OtherLayoutsTest(ExportTest):
    """The same weights in another layout give the same values."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expected = cls.export("safe", "--stable-diffusion", small_models.write_folder(cls.folder / "source"))

    def assert_same_weights(self, found, tolerance=0.0):
        for role in ("denoiser", "autoencoder", "text_encoder"):
            values = dict(found.load(role).named_parameters())
            for name, expected in self.expected.load(role).named_parameters():
                self.assert_near(values[name], expected, tolerance) if expected.abs().max() else None

    def test_pickled_folder(self):
        source = small_models.write_folder(self.folder / "pickled", safe_serialization=False)
        self.assert_same_weights(self.export("bin", "--stable-diffusion", source))

    def test_half_precision_files_are_read_where_there_are_no_others(self):
        source = small_models.write_folder(self.folder / "half", variant="fp16")
        for file in source.rglob("*.safetensors"):
            save_file({name: value.half() for name, value in load_file(file).items()}, file)
        found = self.export("from-half", "--stable-diffusion", source)
        self.assertIn("diffusion_pytorch_model.fp16.safetensors", found.roles["denoiser"]["source"])
        self.assert_same_weights(found, tolerance=2**-11)  # half of float16's spacing

    def test_old_names_of_the_autoencoders_attention(self):
        source = self.folder / "old"
        shutil.copytree(self.folder / "source", source)
        file = source / "vae" / "diffusion_pytorch_model.safetensors"
        old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
        weights = load_file(file)
        for new, before in old.items():
            weights = {name.replace(new, before): value for name, value in weights.items()}
        save_file(weights, file)
        self.assert_same_weights(self.export("from-old", "--stable-diffusion", source))

    def test_single_file(self):
        for name in ("one.safetensors", "one.ckpt"):
            state, path = small_models.original_state(), self.folder / name
            if path.suffix == ".safetensors":
                save_file(state, path, {"modelspec.prediction_type": "epsilon"})
            else:
                torch.save({"state_dict": state, "global_step": 1}, path)
            found = self.export(name + "-set", "--stable-diffusion", path, "--image-size", 64)
            self.assert_same_weights(found)
            self.assertEqual(found.roles["autoencoder"]["scale_factor"], 0.18215)
            self.assertEqual(found.roles["denoiser"]["sample_size"], 32)
            self.assertRegex(found.roles["text_encoder"]["source"], f"^{name}, SHA-256 ")
            inputs = noisy_inputs(2, 16)
            ids = torch.arange(77)[None] + 320
            with torch.no_grad():  # heads, groups and activations are not visible in any tensor, only in results
                expected = small_models.unet()(*inputs).sample
                self.assert_near(found.load("denoiser")(*inputs), expected)
                text = found.load("text_encoder")
                expected = small_models.text_encoder()(ids).last_hidden_state
                self.assert_near(text(text.embed(ids)), expected)

    def test_dtypes(self):
        source = self.folder / "source"
        found = self.export(
            "typed", "--stable-diffusion", source, "--dtype", "bfloat16", "--dtype", "denoiser=float16"
        )  # fmt: skip
        kinds = {role: entry["dtype"] for role, entry in found.roles.items() if "dtype" in entry}
        self.assertEqual(kinds, dict(autoencoder="float32", text_encoder="bfloat16", denoiser="float16"))
        self.assertEqual({p.dtype for p in found.load("denoiser").parameters()}, {torch.float16})
        inputs = noisy_inputs(1, 8)
        with torch.no_grad():
            # the weights are rounded by 5e-4; there are about twenty layers
            expected = self.expected.load("denoiser")(*inputs)
            self.assert_near(found.load("denoiser").float()(*inputs), expected, 1e-2)
        named = self.export("named", "--stable-diffusion", source, "--dtype", "autoencoder=bfloat16")
        kinds = {role: entry["dtype"] for role, entry in named.roles.items() if "dtype" in entry}
        self.assertEqual(kinds, dict(autoencoder="bfloat16", text_encoder="float32", denoiser="float32"))


class RefusalTest(ExportTest):
    def test_prediction_of_v(self):
        source = small_models.write_folder(self.folder / "v", prediction_type="v_prediction")
        words = ("scheduler_config.json", "v_prediction", "epsilon", "Use a Stable Diffusion 1.x")
        self.assert_refused(65, words, "--stable-diffusion", source)
        path = self.folder / "v.safetensors"
        save_file(small_models.original_state() | {"v_pred": torch.zeros(1)}, path)
        self.assert_refused(65, ("v.safetensors", "epsilon"), "--stable-diffusion", path)

    def test_other_families_in_folders(self):
        source = small_models.write_folder(self.folder / "other")
        file = source / "unet" / "config.json"
        good = json.loads(file.read_bytes())
        changes = {
            "Stable Diffusion XL": dict(addition_embed_type="text_time", cross_attention_dim=2048),
            "Stable Diffusion 2.x": dict(use_linear_projection=True),
            "has 9 input and 4 output channels": dict(in_channels=9),
        }
        for words, change in changes.items():
            file.write_text(json.dumps(good | change))
            self.assert_refused(65, ("config.json", words, "expected"), "--stable-diffusion", source)
        file.write_text(json.dumps(good))
        (source / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
        self.assert_refused(65, ("XL", "Stable Diffusion 1.x"), "--stable-diffusion", source)

    def test_other_families_in_single_files(self):
        state = small_models.original_state()
        first = "model.diffusion_model.input_blocks.0.0.weight"
        states = {
            "XL": state | {"conditioner.embedders.0.transformer.weight": torch.zeros(1)},
            "2.x": state | {"cond_stage_model.model.ln_final.weight": torch.zeros(1)},
            "has 9 input channels": state | {first: torch.zeros(32, 9, 3, 3)},
            "has no tensor": {"weight": torch.zeros(1)},
            "contains no autoencoder": {k: v for k, v in state.items() if not k.startswith("first_stage_model")},
        }
        for words, found in states.items():
            path = self.folder / "other.safetensors"
            save_file(found, path)
            self.assert_refused(65, (path, words, "expected"), "--stable-diffusion", path)

    def test_missing_files(self):
        self.assert_refused(66, ("absent",), "--stable-diffusion", self.folder / "absent")
        source = small_models.write_folder(self.folder / "partial")
        (source / "unet" / "diffusion_pytorch_model.safetensors").unlink()
        self.assert_refused(66, (source / "unet", "Download the whole folder"), "--stable-diffusion", source)

    def test_weights_that_do_not_fit_their_configuration(self):
        source = small_models.write_folder(self.folder / "unfit")
        file = source / "unet" / "diffusion_pytorch_model.safetensors"
        weights = load_file(file)
        weights["conv_in.weight"] = torch.zeros(1)
        weights["surplus"] = weights.pop("conv_out.bias")
        save_file(weights, file)
        words = ("1 missing (conv_out.bias)", "1 unknown (surplus)", "1 of the wrong shape (conv_in")
        self.assert_refused(65, (file, *words), "--stable-diffusion", source)

    def test_code_in_a_pickle_is_not_run(self):
        witness = self.folder / "witness"

        class Runs:
            def __reduce__(self):
                return (open, (str(witness), "w"))

        path = self.folder / "bad.ckpt"
        torch.save({"state_dict": {"weight": torch.zeros(1)}, "callback": Runs()}, path)
        self.assert_refused(65, (path, "more than tensors", "safetensors"), "--stable-diffusion", path)
        self.assertFalse(witness.exists())

    def test_damaged_files(self):
        for name, data in (("cut.safetensors", b"\x08\0\0\0\0\0\0\0{}"), ("cut.ckpt", b"PK\x03\x04 and no more")):
            path = self.folder / name
            path.write_bytes(data)
            self.assert_refused(65, (path, "cannot be read"), "--stable-diffusion", path)


if __name__ == "__main__":
    unittest.main()
