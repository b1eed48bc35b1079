"""Do the pictures show what was asked for? The judge, a classifier of the whole pool, says."""

import torch
from torch.nn import functional

from . import stages as recipe
from . import world
from .export import finished


@torch.no_grad()
def shares(judge, pictures, labels):
    """Share of pictures [N, 3, S, S] in 0..1 that the judge names as labelled."""
    small = functional.interpolate(pictures, size=(world.SMALL_SIDE,) * 2, mode="area")
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (recipe.MEAN, recipe.DEVIATION))
    named = torch.cat([judge((part - mean) / deviation) for part in small.split(256)]).argmax(1)
    return (named == labels).float().mean().item(), named


def sheet(pictures, columns):
    from PIL import Image

    rows = [torch.cat(list(row), 2) for row in pictures.split(columns)]
    image = torch.cat(rows, 1).permute(1, 2, 0).mul(255).round().clamp(0, 255).byte().numpy()
    return Image.fromarray(image)


@torch.no_grad()
def judge_captions(stages, say, per_class=4):
    """Generates `per_class` pictures of every class's caption at several guidances."""
    vae = stages.trained_autoencoder()
    _, scale, _, names = stages.latents(vae)
    captions = stages.captions(names)
    diffusion = stages.diffusion()
    diffusion.use_average()
    unet, text = (diffusion.modules[name].eval() for name in ("unet", "text"))
    judge = finished(stages.judge())["network"]
    labels = torch.arange(len(names)).repeat_interleave(per_class)
    contexts = text(text.embed(captions.whole[labels]))
    empty = text(text.embed(captions.empty[None]))
    pictures, truth, _ = stages.pool(world.SIDE)
    chosen = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(0))[:1000]
    say(f"pictures of the pool: {shares(judge, pictures[chosen].float() / 255, truth[chosen])[0]:.3f} named rightly")
    coded = [(vae.decode(vae.encode(part.float() / 127.5 - 1).latent_dist.mean).sample + 1) / 2
             for part in pictures[chosen[:400]].split(100)]  # fmt: skip
    say(f"through the autoencoder: {shares(judge, torch.cat(coded).clamp(0, 1), truth[chosen[:400]])[0]:.3f}")
    for guidance in (2.0, 4.0, 7.5):
        noise = torch.randn(len(labels), 4, 8, 8, generator=torch.Generator().manual_seed(1))
        latents = torch.cat([
            recipe.sample(unet, context, empty, part, guidance=guidance)
            for context, part in zip(contexts.split(100), noise.split(100), strict=True)
        ])  # fmt: skip
        images = torch.cat([(vae.decode(part / scale).sample + 1) / 2 for part in latents.split(100)]).clamp(0, 1)
        say(f"captions at guidance {guidance}: {shares(judge, images, labels)[0]:.3f} named rightly")
        sheet(images[: 24 * per_class], 2 * per_class).save(stages.work / f"captions-{guidance}.png")
    sheet(torch.cat(coded)[:48].clamp(0, 1), 8).save(stages.work / "autoencoder.png")
