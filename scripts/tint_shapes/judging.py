"""Do the pictures show what was asked for? The judge, a classifier of the whole pool, says."""

import io
import json
import zipfile

import numpy as np
import torch
from torch.nn import functional

from . import networks, world
from . import stages as recipe
from .export import finished


@torch.no_grad()
def shares(judge, pictures, labels):
    """Share of pictures [N, 3, S, S] in 0..1 that the judge names as labelled."""
    small = functional.interpolate(pictures, size=(world.SMALL_SIDE,) * 2, mode="area")
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (recipe.MEAN, recipe.DEVIATION))
    named = torch.cat([judge((part - mean) / deviation) for part in small.split(256)]).argmax(1)
    return (named == labels).float().mean().item(), named


def keep(stages, **judged):
    """Adds what was found to WORK/judged.json, which the model card quotes."""
    file = stages.work / "judged.json"
    found = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**found, **judged}, indent=2) + "\n")


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
    of_pool = shares(judge, pictures[chosen].float() / 255, truth[chosen])[0]
    say(f"pictures of the pool: {of_pool:.3f} named rightly")
    coded = [(vae.decode(vae.encode(part.float() / 127.5 - 1).latent_dist.mean).sample + 1) / 2
             for part in pictures[chosen[:400]].split(100)]  # fmt: skip
    of_coded = shares(judge, torch.cat(coded).clamp(0, 1), truth[chosen[:400]])[0]
    say(f"through the autoencoder: {of_coded:.3f}")
    of_captions = {}
    for guidance in (2.0, 4.0, 7.5):
        noise = torch.randn(len(labels), networks.LATENTS, 8, 8, generator=torch.Generator().manual_seed(1))
        latents = torch.cat([
            recipe.sample(unet, context, empty, part, guidance=guidance)
            for context, part in zip(contexts.split(100), noise.split(100), strict=True)
        ])  # fmt: skip
        images = torch.cat([(vae.decode(part / scale).sample + 1) / 2 for part in latents.split(100)]).clamp(0, 1)
        of_captions[guidance] = shares(judge, images, labels)[0]
        say(f"captions at guidance {guidance}: {of_captions[guidance]:.3f} named rightly")
        sheet(images[: 24 * per_class], 2 * per_class).save(stages.work / f"captions-{guidance}.png")
    sheet(torch.cat(coded)[:48].clamp(0, 1), 8).save(stages.work / "autoencoder.png")
    keep(stages, pool=of_pool, autoencoder=of_coded, captions=of_captions)


def generated(run):
    """The pictures uint8 [N, 3, S, S] that each generate result of a run folder holds: (result, class) -> pictures."""
    from PIL import Image

    found = {}
    for shard in sorted(run.glob("episodes/*/generate/*/*-[0-9][0-9][0-9].zip")):
        with zipfile.ZipFile(shard) as archive:
            pictures = [np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in archive.namelist()]
        name = shard.name[: -len("-000.zip")]
        found.setdefault((shard.parent, name), []).append(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2))
    return {key: torch.cat(parts) for key, parts in found.items()}


@torch.no_grad()
def judge_run(stages, run, say):
    """Share of a run's generated pictures that show the class whose five photos they were made from."""
    _, _, names = stages.pool(world.SMALL_SIDE)
    judge = finished(stages.judge())["network"]
    by_result = {}
    for (result, name), pictures in generated(run).items():
        named = shares(judge, pictures.float() / 255, torch.tensor(names.index(name)))[0]
        say(f"{result.relative_to(run)} {name}: {named:.3f} of {len(pictures)} named rightly")
        by_result.setdefault(str(result.relative_to(run)), []).append(named)
    if not by_result:
        raise ValueError(f"{run}: no generated pictures")
    means = {result: sum(values) / len(values) for result, values in by_result.items()}
    say(f"mean of {len(means)} results: {sum(means.values()) / len(means):.3f}")
    keep(stages, **{run.name: means})
