#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/parity/fixtures: small seeded models of diffusers and transformers, and the results of those libraries
and of PyTorch's optimisers.

  .venv/bin/python scripts/make_parity_fixtures.py [FOLDER]

tests/parity compares tint with these numbers, timestep by timestep from recorded states where a free run would not
repeat (the first Adam step is +-lr in every entry, so a rounding error flips signs where g is near 0).
"""

import pathlib
import sys

import torch
from safetensors.torch import save
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tint_export import archive, models, wrappers  # noqa: E402

WIDTH, GUIDANCE, SCALE = 16, 7.5, 0.18215
INNER, NULL_STEPS = 3, 5
TRAINING = 20
HELD = {}  # name -> tensor


def hold(name, tensor):
    HELD[name] = tensor.detach().clone().contiguous()


def build():
    """U-Net, text encoder and autoencoder of about 0.2 M parameters in all."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(7)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=2,
        norm_num_groups=4,
    )
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=64,
            hidden_size=WIDTH,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=77,
            projection_dim=WIDTH,
            bos_token_id=62,
            eos_token_id=63,
        )
    )
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 16),
        norm_num_groups=4,
        layers_per_block=1,
        sample_size=16,
    )
    for part in (unet, text, vae):
        part.eval().requires_grad_(False)
    return unet, text, vae


def scheduler(steps, spacing="trailing"):
    from diffusers import DDIMScheduler

    made = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing=spacing,
    )
    made.set_timesteps(steps)
    return made


def guided(unet, latents, t, empty, context):
    both = unet(torch.cat([latents] * 2), t, torch.cat([empty, context])).sample
    unconditional, conditional = both.chunk(2)
    return unconditional + GUIDANCE * (conditional - unconditional)


def schedules():
    hold("alphas_cumprod", scheduler(50).alphas_cumprod)
    for spacing in ("trailing", "leading"):
        for steps in (10, 25, 50):
            hold(f"timesteps.{spacing}.{steps}", torch.as_tensor(scheduler(steps, spacing).timesteps))


@torch.no_grad()
def denoising(unet):
    latents, empty, context = torch.randn(2, 4, 8, 8), torch.randn(2, 77, WIDTH), torch.randn(2, 77, WIDTH)
    for name, tensor in (("latents", latents), ("empty", empty), ("context", context)):
        hold(f"denoise.{name}", tensor)
    made = scheduler(50)
    noise = guided(unet, latents, made.timesteps[10], empty, context)
    hold("guided.noise", noise)
    hold("guided.step", made.step(noise, made.timesteps[10], latents).prev_sample)
    for spacing, steps in (("trailing", 10), ("trailing", 50), ("leading", 50)):
        made, current = scheduler(steps, spacing), latents
        for t in made.timesteps:
            current = made.step(guided(unet, current, t, empty, context), t, current).prev_sample
        hold(f"denoise.{spacing}.{steps}", current)


def move(alphas, latents, t, s, noise):
    """DDIM with eta = 0 from t to s, as in the published null-text notebook."""
    clean = (latents - (1 - alphas[t]) ** 0.5 * noise) / alphas[t] ** 0.5
    return alphas[s] ** 0.5 * clean + (1 - alphas[s]) ** 0.5 * noise


@torch.no_grad()
def inversion(unet, steps, context, start):
    made, path = scheduler(steps), [start]
    upwards = [int(t) for t in made.timesteps][::-1]
    for s, t in zip([0, *upwards], upwards):
        path.append(move(made.alphas_cumprod, path[-1], s, t, unet(path[-1], t, context).sample))
    return path


def null_text(unet):
    """Loss, gradient and embedding of every inner step, with its initial state."""
    made = scheduler(NULL_STEPS)
    alphas, timesteps = made.alphas_cumprod, [int(t) for t in made.timesteps]
    start, context, empty = 0.5 * torch.randn(1, 4, 8, 8), torch.randn(1, 77, WIDTH), torch.randn(1, 77, WIDTH)
    path = inversion(unet, NULL_STEPS, context, start)
    hold("null.context", context)
    hold("null.path", torch.cat(path))
    current, records = path[-1], {k: [] for k in ("latents", "u", "m", "v", "loss", "gradient", "after")}
    for i, t in enumerate(timesteps):
        following = timesteps[i + 1] if i + 1 < len(timesteps) else 0
        empty = empty.clone().detach().requires_grad_(True)
        optimizer = torch.optim.Adam([empty], lr=1e-2 * (1 - i / (2 * NULL_STEPS)))
        with torch.no_grad():
            conditional = unet(current, t, context).sample
        for _ in range(INNER):
            state = optimizer.state.get(empty, {})
            zero = torch.zeros_like(empty)
            for name, value in (("u", empty), ("m", state.get("exp_avg", zero)), ("v", state.get("exp_avg_sq", zero))):
                records[name].append(value.detach().clone())
            noise = unet(current, t, empty).sample
            noise = noise + GUIDANCE * (conditional - noise)
            loss = functional.mse_loss(move(alphas, current, t, following, noise), path[len(path) - i - 2])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            records["loss"].append(loss.detach()[None])
            records["gradient"].append(empty.grad.clone())
            records["after"].append(empty.detach().clone())
        records["latents"].append(current)
        with torch.no_grad():
            current = move(alphas, current, t, following, guided(unet, current, t, empty, context))
    for name, values in records.items():
        hold(f"null.{name}", torch.cat(values))


def textual_inversion(unet, text):
    """TRAINING steps of Adam and AdamW on one row of the prompt's token vectors, with recorded noise and timesteps."""
    ids = torch.full((1, 77), 63)
    ids[0, :6] = torch.tensor([62, 5, 11, 17, 23, 29])
    position = 5
    vectors = text.get_input_embeddings()(ids).detach()
    latents, noise = torch.randn(TRAINING, 4, 8, 8), torch.randn(TRAINING, 4, 8, 8)
    timesteps = torch.randint(250, 1000, (TRAINING,))
    made = scheduler(50)
    encoder = wrappers.TextEncoder(text)  # transformers' layers, from token vectors on
    reference = text(ids).last_hidden_state
    assert torch.allclose(encoder(vectors), reference, atol=1e-6), "the wrapper and the text encoder differ"
    hold("ti.context", reference)
    for name, tensor in (("vectors", vectors), ("latents", latents), ("noise", noise), ("timesteps", timesteps)):
        hold(f"ti.{name}", tensor)
    for kind, optimizer_type, decay in (("adam", torch.optim.Adam, 0), ("adamw", torch.optim.AdamW, 0.01)):
        row = vectors[:, position].clone().requires_grad_(True)
        optimizer = optimizer_type([row], lr=1e-3, weight_decay=decay)
        losses, gradients, rows = [], [], []
        for k in range(TRAINING):
            context = encoder(torch.cat([vectors[:, :position], row[:, None], vectors[:, position + 1 :]], dim=1))
            noisy = made.add_noise(latents[k : k + 1], noise[k : k + 1], timesteps[k : k + 1])
            loss = functional.mse_loss(unet(noisy, timesteps[k : k + 1], context).sample, noise[k : k + 1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
            gradients.append(row.grad.clone())
            rows.append(row.detach().clone())
        hold(f"ti.{kind}.losses", torch.stack(losses))
        hold(f"ti.{kind}.gradients", torch.cat(gradients))
        hold(f"ti.{kind}.rows", torch.cat(rows))


@torch.no_grad()
def autoencoder(vae):
    images = torch.rand(2, 3, 16, 16)
    hold("vae.images", images)
    posterior = vae.encode(images * 2 - 1).latent_dist
    hold("vae.latents", posterior.mean * SCALE)
    hold("vae.deviation", posterior.std * SCALE)
    hold("vae.decoded", (vae.decode(posterior.mean).sample / 2 + 0.5).clamp(0, 1))
    large = torch.rand(1, 3, 61, 47)
    hold("resize.image", large)
    hold("resize.reduced", functional.interpolate(large, size=(20, 20), mode="bilinear", antialias=True))


def main():
    import diffusers
    import transformers

    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "tests/parity/fixtures")
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    to_export = build()  # the wrappers modify their modules, so the reference modules are built separately
    unet, text, vae = build()
    about = dict(licence="Apache-2.0", source="scripts/make_parity_fixtures.py")
    for model in (
        models.denoiser(wrappers.Denoiser(to_export[0], "epsilon"), **about),
        models.autoencoder(wrappers.Autoencoder(to_export[2]), SCALE, 16, **about),
        models.text_encoder(wrappers.TextEncoder(to_export[1]), **about),
    ):
        archive.save(archive.trace(model), folder / archive.FILES[model.role])
    torch.manual_seed(11)
    schedules()
    denoising(unet)
    start, context = torch.randn(2, 4, 8, 8), torch.randn(2, 77, WIDTH)
    hold("ddim.context", context)
    hold("ddim.path", torch.stack(inversion(unet, 50, context, start)))
    null_text(unet)
    textual_inversion(unet, text)
    autoencoder(vae)
    (folder / "numbers.safetensors").write_bytes(save(HELD))
    versions = f"torch {torch.__version__}, diffusers {diffusers.__version__}, transformers {transformers.__version__}"
    (folder / "README.md").write_text(
        "Written by `.venv/bin/python scripts/make_parity_fixtures.py`; do not edit.\n\n"
        f"{versions}, one thread. Weights and inputs are seeded random numbers.\n"
    )


if __name__ == "__main__":
    main()
