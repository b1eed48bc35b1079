# SPDX-License-Identifier: Apache-2.0
"""Do the generated images show the requested class? The judge, a classifier trained on the whole pool, decides."""

import io
import json
import zipfile

import numpy as np
import torch
from torch.nn import functional

from . import dataset, networks
from . import stages as recipe
from .export import finished


@torch.no_grad()
def accuracy(judge, images, labels):
    """Share of images [N, 3, S, S] in 0..1 that the judge classifies as labelled."""
    small = functional.interpolate(images, size=(dataset.SMALL_SIDE,) * 2, mode="area")
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (recipe.MEAN, recipe.DEVIATION))
    predicted = torch.cat([judge((part - mean) / deviation) for part in small.split(256)]).argmax(1)
    return (predicted == labels).float().mean().item()


def save(stages, **judged):
    """Adds results to WORK/judged.json, which the model card quotes."""
    file = stages.work / "judged.json"
    found = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**found, **judged}, indent=2) + "\n")


def contact_sheet(images, columns):
    from PIL import Image

    rows = [torch.cat(list(row), 2) for row in images.split(columns)]
    image = torch.cat(rows, 1).permute(1, 2, 0).mul(255).round().clamp(0, 255).byte().numpy()
    return Image.fromarray(image)


@torch.no_grad()
def judge_captions(stages, say, per_class=4):
    """Generates `per_class` images from every class's caption at several guidance scales."""
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
    pool, truth, _ = stages.pool(dataset.SIDE)
    chosen = torch.randperm(len(pool), generator=torch.Generator().manual_seed(0))[:1000]
    of_pool = accuracy(judge, pool[chosen].float() / 255, truth[chosen])
    say(f"images of the pool: {of_pool:.3f} classified correctly")
    coded = [(vae.decode(vae.encode(part.float() / 127.5 - 1).latent_dist.mean).sample + 1) / 2
             for part in pool[chosen[:400]].split(100)]  # fmt: skip
    of_coded = accuracy(judge, torch.cat(coded).clamp(0, 1), truth[chosen[:400]])
    say(f"after the autoencoder: {of_coded:.3f} classified correctly")
    of_captions = {}
    for guidance in (2.0, 4.0, 7.5):
        noise = torch.randn(len(labels), networks.LATENTS, 8, 8, generator=torch.Generator().manual_seed(1))
        latents = torch.cat([
            recipe.sample(unet, context, empty, part, guidance=guidance)
            for context, part in zip(contexts.split(100), noise.split(100), strict=True)
        ])  # fmt: skip
        images = torch.cat([(vae.decode(part / scale).sample + 1) / 2 for part in latents.split(100)]).clamp(0, 1)
        of_captions[guidance] = accuracy(judge, images, labels)
        say(f"captions at guidance {guidance}: {of_captions[guidance]:.3f} classified correctly")
        contact_sheet(images[: 24 * per_class], 2 * per_class).save(stages.work / f"captions-{guidance}.png")
    contact_sheet(torch.cat(coded)[:48].clamp(0, 1), 8).save(stages.work / "autoencoder.png")
    save(stages, pool=of_pool, autoencoder=of_coded, captions=of_captions)


def generated(run):
    """The images uint8 [N, 3, S, S] in each generate result of a run folder: (result, class) -> images."""
    from PIL import Image

    found = {}
    for shard in sorted(run.glob("episodes/*/generate/*/*-[0-9][0-9][0-9].zip")):
        with zipfile.ZipFile(shard) as archive:
            images = [
                np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in archive.namelist()
            ]
        name = shard.name[: -len("-000.zip")]
        found.setdefault((shard.parent, name), []).append(torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2))
    return {key: torch.cat(parts) for key, parts in found.items()}


@torch.no_grad()
def judge_run(stages, run, say):
    """Share of a run's generated images that show the class they were generated for."""
    _, _, names = stages.pool(dataset.SMALL_SIDE)
    judge = finished(stages.judge())["network"]
    by_result = {}
    for (result, name), images in generated(run).items():
        share = accuracy(judge, images.float() / 255, torch.tensor(names.index(name)))
        say(f"{result.relative_to(run)} {name}: {share:.3f} of {len(images)} classified correctly")
        by_result.setdefault(str(result.relative_to(run)), []).append(share)
    if not by_result:
        raise ValueError(f"{run}: contains no generated images")
    means = {result: sum(values) / len(values) for result, values in by_result.items()}
    say(f"mean of {len(means)} results: {sum(means.values()) / len(means):.3f}")
    save(stages, **{run.name: means})
