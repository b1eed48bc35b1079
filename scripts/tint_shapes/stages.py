# SPDX-License-Identifier: Apache-2.0
"""The training stages; each saves its state in the work folder and resumes from it."""

import json
import math

import torch
from torch.nn import functional

from . import dataset, networks
from .training import Training

MEAN, DEVIATION = [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]  # normalisation of the teacher's images
STEPS = {"autoencoder": 4000, "diffusion": 14000, "upscaler": 1500, "teacher": 2500, "frechet": 1200, "judge": 800}
TIMESTEPS = 1000


def take(images, generator, count):
    return torch.randint(len(images), (count,), generator=generator)


def unit(images):
    return images.float() / 255


def differences(image):
    """Differences of neighbouring pixels, for a loss on edges."""
    return torch.cat(
        [(image[..., 1:] - image[..., :-1]).flatten(1), (image[..., 1:, :] - image[..., :-1, :]).flatten(1)], 1
    )


def noise_levels():
    """Cumulative products of alpha of Stable Diffusion 1.x ("scaled linear"; arXiv 2112.10752)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, TIMESTEPS, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


def timestep_weights(levels, gamma=5.0):
    """min(SNR, gamma) / SNR, the weight of the noise's error (Hang et al. 2023, "Efficient diffusion training via
    Min-SNR weighting strategy", arXiv 2303.09556): images with little noise would otherwise take most of the
    capacity."""
    ratio = levels / (1 - levels)
    return ratio.clamp_max(gamma) / ratio


class Stages:
    def __init__(self, work, tint, seed, steps=None, per_class=500):
        self.work, self.tint, self.seed, self.per_class = work, tint, seed, per_class
        self.steps = {**STEPS, **(steps or {})}
        work.mkdir(parents=True, exist_ok=True)

    def pool(self, side):
        """Images of all classes, none of which occurs in an episode."""
        folder = self.work / f"pool-{side}"
        dataset.synthesize(self.tint, folder, ["pool"], self.per_class, side, self.seed)
        return dataset.load(folder / "pool")

    def synthesize_data_set(self):
        """The folder of the data set: base, validation and test classes."""
        folder = self.work / "demo"
        dataset.synthesize(self.tint, folder, ["train", "val", "test"], 600, dataset.SMALL_SIDE)
        return folder

    def base(self):
        """Images of the base classes, from the data set itself."""
        return dataset.load(self.synthesize_data_set() / "train")

    def _training(self, name, modules, loss, rate, **more):
        seed = self.seed * 100 + list(STEPS).index(name)
        return Training(name, self.work / f"{name}.pt", modules, loss, self.steps[name], rate, seed, **more)

    def seeded(self, name, build, *arguments):
        torch.manual_seed(self.seed * 100 + list(STEPS).index(name))
        return build(*arguments)

    def autoencoder(self):
        images, _, _ = self.pool(dataset.SIDE)
        vae = self.seeded("autoencoder", networks.autoencoder)
        networks.init_linear(vae, unit(images[::50]) * 2 - 1)

        def loss(_, generator):
            image = unit(images[take(images, generator, 16)]) * 2 - 1
            posterior = vae.encode(image).latent_dist
            noise = torch.randn(posterior.mean.shape, generator=generator)
            again = vae.decode(posterior.mean + posterior.std * noise).sample
            error = (again - image).abs().mean() + 0.5 * (differences(again) - differences(image)).abs().mean()
            return error + 2e-4 * posterior.kl().mean() / posterior.mean[0].numel()

        return self._training("autoencoder", {"vae": vae}, loss, rate=2e-3, autocast=True)

    @torch.no_grad()
    def latents(self, vae):
        """Scaled latents [N, LATENTS, 8, 8] of the pool, the scale, and labels and names; cached in a file."""
        images, labels, names = self.pool(dataset.SIDE)
        cached = self.work / "latents.pt"
        if not cached.exists():
            parts = [vae.encode(unit(part) * 2 - 1).latent_dist.mean for part in images.split(250)]
            torch.save(torch.cat(parts), cached)
        latents = torch.load(cached, weights_only=True)
        scale = 1 / latents.std().item()
        return latents * scale, scale, labels, names

    def trained_autoencoder(self):
        training = self.autoencoder()
        if training.step < training.steps:
            raise ValueError("the autoencoder is not trained yet")
        training.use_average()
        return training.modules["vae"].eval().requires_grad_(False)

    def captions(self, names):
        return dataset.Captions(names)

    def diffusion(self):
        latents, _, labels, names = self.latents(self.trained_autoencoder())
        captions, levels = self.captions(names), noise_levels()
        weights = timestep_weights(levels)

        def build():
            return networks.unet(), networks.SmallText(captions.used(), 49408)

        unet, text = self.seeded("diffusion", build)

        def loss(_, generator):
            chosen = take(latents, generator, 64)
            clean = latents[chosen]
            # Evenly spaced over the batch (Kingma et al. 2021, "Variational diffusion models", arXiv 2107.00630, I.1).
            shares = (torch.arange(len(chosen)) + torch.rand(1, generator=generator)) / len(chosen)
            timesteps = (shares * TIMESTEPS).long().clamp_max(TIMESTEPS - 1)
            noise = torch.randn(clean.shape, generator=generator)
            level = levels[timesteps][:, None, None, None]
            noisy = level.sqrt() * clean + (1 - level).sqrt() * noise
            context = text(text.embed(captions.sample(labels[chosen], generator)))
            predicted = unet(noisy, timesteps, encoder_hidden_states=context).sample
            return (weights[timesteps] * (predicted - noise).square().mean((1, 2, 3))).mean()

        return self._training("diffusion", {"unet": unet, "text": text}, loss, rate=1.6e-3, decay=0.9995)

    def upscaler(self):
        large, _, _ = self.pool(dataset.SIDE)
        small, _, _ = self.pool(dataset.SMALL_SIDE)
        network = self.seeded("upscaler", networks.Upscaler)

        def loss(_, generator):
            chosen = take(large, generator, 32)
            image = unit(large[chosen])
            again = network(unit(small[chosen]))
            return (again - image).abs().mean() + 0.5 * (differences(again) - differences(image)).abs().mean()

        return self._training("upscaler", {"network": network}, loss, rate=1e-3)

    def _classifier(self, name, images, labels, network):
        mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))

        def loss(_, generator):
            chosen = take(images, generator, 96)
            image = (unit(images[chosen]) - mean) / deviation
            flipped = torch.rand(1, generator=generator).item() < 0.5
            image = image.flip(3) if flipped else image
            return functional.cross_entropy(network(image), labels[chosen], label_smoothing=0.05)

        return self._training(name, {"network": network.train()}, loss, rate=2e-3, weight_decay=0.05, autocast=True)

    def teacher(self):
        """Trained on the base classes only."""
        images, labels, names = self.base()
        return self._classifier("teacher", images, labels, self.seeded("teacher", networks.Classifier, len(names)))

    def frechet(self):
        """A small classifier of the pool, whose features replace Inception's in Frechet distances."""
        images, labels, names = self.pool(dataset.SMALL_SIDE)
        network = self.seeded("frechet", networks.Classifier, len(names), (24, 48, 64))
        return self._classifier("frechet", images, labels, network)

    def judge(self):
        """The teacher's features, trained further on all classes; used for measurements only."""
        images, labels, names = self.pool(dataset.SMALL_SIDE)
        teacher = self.teacher()
        if teacher.step < teacher.steps:
            raise ValueError("the judge starts from the teacher, which is not trained yet")
        teacher.use_average()
        network = self.seeded("judge", networks.Classifier, len(names))
        network.backbone.load_state_dict(teacher.modules["network"].backbone.state_dict())
        return self._classifier("judge", images, labels, network)

    def state(self, name):
        file = self.work / f"{name}.pt"
        saved = torch.load(file, weights_only=True) if file.exists() else {"step": 0, "seconds": 0.0}
        return {"step": saved["step"], "steps": self.steps[name], "seconds": round(saved["seconds"])}

    def report(self):
        text = json.dumps({name: self.state(name) for name in STEPS}, indent=2)
        (self.work / "report.json").write_text(text + "\n")
        return text


def sample(unet, contexts, empty, latents, steps=25, guidance=5.0):
    """DDIM with trailing timesteps and classifier-free guidance: noise [B, LATENTS, 8, 8] -> latents of images."""
    levels = torch.cat([noise_levels(), torch.ones(1)])
    timesteps = [round(TIMESTEPS * (1 - k / steps)) - 1 for k in range(steps)]
    for k, timestep in enumerate(timesteps):
        after = timesteps[k + 1] if k + 1 < steps else -1
        both = unet(torch.cat([latents, latents]), torch.full((2 * len(latents),), timestep),
                    encoder_hidden_states=torch.cat([contexts, empty.expand_as(contexts)])).sample  # fmt: skip
        given, free = both.chunk(2)
        noise = free + guidance * (given - free)
        now, then = levels[timestep], levels[after]
        clean = (latents - math.sqrt(1 - now) * noise) / math.sqrt(now)
        latents = math.sqrt(then) * clean + math.sqrt(1 - then) * noise
    return latents
