"""What is trained, one stage after another; each keeps its state in the work folder and goes on from it."""

import json
import math

import torch
from torch.nn import functional

from . import networks, world
from .training import Training

MEAN, DEVIATION = [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]  # of the teacher's pictures
STEPS = {"autoencoder": 4000, "diffusion": 14000, "upscaler": 1500, "teacher": 2500, "frechet": 1200, "judge": 800}
MOST_NOISE = 1000


def take(pictures, generator, count):
    return torch.randint(len(pictures), (count,), generator=generator)


def unit(pictures):
    return pictures.float() / 255


def differences(image):
    """Of neighbouring pixels: edges count as such."""
    return torch.cat([(image[..., 1:] - image[..., :-1]).flatten(1), (image[..., 1:, :] - image[..., :-1, :]).flatten(1)], 1)


def noise_levels():
    """Cumulative products of alpha of Stable Diffusion 1.x ("scaled linear"; method.md S1)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, MOST_NOISE, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


def timestep_weights(levels, gamma=5.0):
    """min(SNR, gamma) / SNR, the weight of the noise's error (Hang et al. 2023, "Efficient diffusion training via Min-SNR
    weighting strategy"): pictures with little noise otherwise take most of the capacity."""
    ratio = levels / (1 - levels)
    return ratio.clamp_max(gamma) / ratio


class Stages:
    def __init__(self, work, tint, seed, steps=None, per_class=500):
        self.work, self.tint, self.seed, self.per_class = work, tint, seed, per_class
        self.steps = {**STEPS, **(steps or {})}
        work.mkdir(parents=True, exist_ok=True)

    def pool(self, side):
        """Pictures of all classes, none of which an episode holds, in two sizes."""
        folder = self.work / f"pool-{side}"
        world.draw(self.tint, folder, ["pool"], self.per_class, side, self.seed)
        return world.load(folder / "pool")

    def draw_data_set(self):
        """The folder of the data set: base, validation and test classes."""
        folder = self.work / "demo"
        world.draw(self.tint, folder, ["train", "val", "test"], 600, world.SMALL_SIDE)
        return folder

    def base(self):
        """Pictures of the base classes: those of the data set itself."""
        return world.load(self.draw_data_set() / "train")

    def _training(self, name, modules, loss, rate, **more):
        seed = self.seed * 100 + list(STEPS).index(name)
        return Training(name, self.work / f"{name}.pt", modules, loss, self.steps[name], rate, seed, **more)

    def seeded(self, name, build, *arguments):
        torch.manual_seed(self.seed * 100 + list(STEPS).index(name))
        return build(*arguments)

    def autoencoder(self):
        pictures, _, _ = self.pool(world.SIDE)
        vae = self.seeded("autoencoder", networks.autoencoder)
        networks.begin_linear(vae, unit(pictures[::50]) * 2 - 1)

        def loss(_, generator):
            image = unit(pictures[take(pictures, generator, 16)]) * 2 - 1
            posterior = vae.encode(image).latent_dist
            noise = torch.randn(posterior.mean.shape, generator=generator)
            again = vae.decode(posterior.mean + posterior.std * noise).sample
            error = (again - image).abs().mean() + 0.5 * (differences(again) - differences(image)).abs().mean()
            return error + 2e-4 * posterior.kl().mean() / posterior.mean[0].numel()

        return self._training("autoencoder", {"vae": vae}, loss, rate=2e-3, autocast=True)

    @torch.no_grad()
    def latents(self, vae):
        """Scaled latents [N, LATENTS, 8, 8] of the pool, the scale, and labels and names; kept in a file."""
        pictures, labels, names = self.pool(world.SIDE)
        kept = self.work / "latents.pt"
        if not kept.exists():
            parts = [vae.encode(unit(part) * 2 - 1).latent_dist.mean for part in pictures.split(250)]
            torch.save(torch.cat(parts), kept)
        latents = torch.load(kept, weights_only=True)
        scale = 1 / latents.std().item()
        return latents * scale, scale, labels, names

    def trained_autoencoder(self):
        training = self.autoencoder()
        if training.step < training.steps:
            raise ValueError("the autoencoder is not trained yet")
        training.use_average()
        return training.modules["vae"].eval().requires_grad_(False)

    def captions(self, names):
        return world.Captions(names)

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
            # Evenly spread over the batch (Kingma et al. 2021, "Variational diffusion models", I.1).
            shares = (torch.arange(len(chosen)) + torch.rand(1, generator=generator)) / len(chosen)
            timesteps = (shares * MOST_NOISE).long().clamp_max(MOST_NOISE - 1)
            noise = torch.randn(clean.shape, generator=generator)
            level = levels[timesteps][:, None, None, None]
            noisy = level.sqrt() * clean + (1 - level).sqrt() * noise
            context = text(text.embed(captions.draw(labels[chosen], generator)))
            predicted = unet(noisy, timesteps, encoder_hidden_states=context).sample
            return (weights[timesteps] * (predicted - noise).square().mean((1, 2, 3))).mean()

        return self._training("diffusion", {"unet": unet, "text": text}, loss, rate=1.6e-3, decay=0.9995)

    def upscaler(self):
        large, _, _ = self.pool(world.SIDE)
        small, _, _ = self.pool(world.SMALL_SIDE)
        network = self.seeded("upscaler", networks.Upscaler)

        def loss(_, generator):
            chosen = take(large, generator, 32)
            image = unit(large[chosen])
            again = network(unit(small[chosen]))
            return (again - image).abs().mean() + 0.5 * (differences(again) - differences(image)).abs().mean()

        return self._training("upscaler", {"network": network}, loss, rate=1e-3)

    def _classifier(self, name, pictures, labels, network):
        mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))

        def loss(_, generator):
            chosen = take(pictures, generator, 96)
            image = (unit(pictures[chosen]) - mean) / deviation
            turned = torch.rand(1, generator=generator).item() < 0.5
            image = image.flip(3) if turned else image
            return functional.cross_entropy(network(image), labels[chosen], label_smoothing=0.05)

        return self._training(name, {"network": network.train()}, loss, rate=2e-3, weight_decay=0.05, autocast=True)

    def teacher(self):
        """Sees the base classes alone."""
        pictures, labels, names = self.base()
        return self._classifier("teacher", pictures, labels, self.seeded("teacher", networks.Classifier, len(names)))

    def frechet(self):
        """A small classifier of the pool, whose features stand for Inception's in Frechet distances."""
        pictures, labels, names = self.pool(world.SMALL_SIDE)
        network = self.seeded("frechet", networks.Classifier, len(names), (24, 48, 64))
        return self._classifier("frechet", pictures, labels, network)

    def judge(self):
        """The teacher's features, trained further on all classes; measures, and teaches nobody."""
        pictures, labels, names = self.pool(world.SMALL_SIDE)
        teacher = self.teacher()
        if teacher.step < teacher.steps:
            raise ValueError("the judge begins as the teacher, which is not trained yet")
        teacher.use_average()
        network = self.seeded("judge", networks.Classifier, len(names))
        network.backbone.load_state_dict(teacher.modules["network"].backbone.state_dict())
        return self._classifier("judge", pictures, labels, network)

    def state(self, name):
        file = self.work / f"{name}.pt"
        saved = torch.load(file, weights_only=True) if file.exists() else {"step": 0, "seconds": 0.0}
        return {"step": saved["step"], "steps": self.steps[name], "seconds": round(saved["seconds"])}

    def report(self):
        text = json.dumps({name: self.state(name) for name in STEPS}, indent=2)
        (self.work / "report.json").write_text(text + "\n")
        return text


def sample(unet, contexts, empty, latents, steps=25, guidance=5.0):
    """DDIM with trailing timesteps and classifier-free guidance: noise [B, LATENTS, 8, 8] to pictures' latents."""
    levels = torch.cat([noise_levels(), torch.ones(1)])
    timesteps = [round(MOST_NOISE * (1 - k / steps)) - 1 for k in range(steps)]
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
