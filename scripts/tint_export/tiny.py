# SPDX-License-Identifier: Apache-2.0
"""The tiny set: the real architectures at small width, with seeded weights and closed-form fits."""

import torch

from . import tiny_autoencoder, tiny_diffusion, tiny_vision, wrappers
from .models import autoencoder, denoiser, inception, teacher, text_encoder, upscaler
from .synthetic_images import synthetic_images

SIDE, FACTOR = 64, 8
TEACHER_INPUT = 64
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]  # ImageNet's, as DINO's
LICENCE = "Apache-2.0"
IMAGES = 384


def normalised(images):
    return (images - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]


def models(seed):
    """Yields the set's models (archive.Model). The same seed gives the same weights on the same kind of processor."""
    torch.set_num_threads(2)  # the order of summation depends on it
    source = f"scripts/export_models.py --size tiny --seed {seed}"
    about = dict(licence=LICENCE, source=source)

    def seeded(build, *arguments, offset):
        torch.manual_seed(1000 * seed + offset)
        return build(*arguments)

    images = torch.from_numpy(synthetic_images(seed, IMAGES, SIDE))
    vae = seeded(tiny_autoencoder.build, SIDE, offset=1).eval()
    scale = tiny_autoencoder.fit(vae, images[:64])
    auto = wrappers.Autoencoder(vae)
    with torch.no_grad():
        latents = torch.cat([auto.encode(part * 2 - 1) for part in images.split(32)]) * scale
    yield autoencoder(auto, scale, SIDE, **about)

    text = wrappers.TextEncoder(seeded(tiny_diffusion.build_text_encoder, offset=2))
    noise = wrappers.Denoiser(seeded(tiny_diffusion.build_unet, SIDE // FACTOR, offset=3), "epsilon")
    tiny_diffusion.fit(noise, text, latents, seed)
    yield text_encoder(text, **about)
    yield denoiser(noise, **about)

    yield upscaler(wrappers.Upscaler(seeded(tiny_vision.build_upscaler, images[:64], offset=4)), **about)
    vit = seeded(tiny_vision.build_teacher, normalised(images[:256]), offset=5)
    yield teacher(wrappers.Backbone(vit), TEACHER_INPUT, MEAN, DEVIATION, **about)
    yield inception(seeded(tiny_vision.build_inception, images[:8], offset=6), **about)
