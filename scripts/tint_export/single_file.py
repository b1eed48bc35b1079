# SPDX-License-Identifier: Apache-2.0
"""Stable Diffusion 1.x as a single file in the original layout (model.diffusion_model..., first_stage_model...).

The file contains no configuration, and diffusers would download one: here it is derived from the tensors' shapes. The
tensors are renamed by diffusers.
"""

from .sources import read_weights, refusal, without_prefix

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."
HEADS, GROUPS = 8, 32  # the same in all of Stable Diffusion 1.x; not visible in any tensor's shape
HEAD_WIDTH = 64  # of CLIP's text towers
IMAGE_SIZE = 512
SCALE_FACTOR = 0.18215
REMEDY = "Use a Stable Diffusion 1.x checkpoint that predicts the noise, for instance 1.5."


def read(path, part):
    """Functions that each return a `part` (stable_diffusion.Part), for unet, vae and text_encoder."""
    _check_metadata(path)
    weights = {k: v for k, v in read_weights(path).items() if not k.startswith("model_ema.")}
    _check_family(weights, path)
    return {
        "vae": lambda: part(*_vae(weights), path),
        "text_encoder": lambda: part(*_text(weights), path),
        "unet": lambda: part(*_unet(weights), path),
    }


def _check_metadata(path):
    """Checks the modelspec metadata of a safetensors file, if there are any."""
    if path.suffix != ".safetensors" or not path.exists():
        return
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            kind = (file.metadata() or {}).get("modelspec.prediction_type", "epsilon")
    except SafetensorError:
        return  # read_weights reports it
    if kind != "epsilon":
        raise refusal(path, f"modelspec.prediction_type is '{kind}'", "'epsilon' (the noise)", REMEDY)


def _check_family(weights, path):
    first = weights.get(UNET + "input_blocks.0.0.weight")
    if first is None:
        found = f"has no tensor {UNET}input_blocks.0.0.weight"
        raise refusal(path, found, "a complete checkpoint of Stable Diffusion 1.x", REMEDY)
    if any(name.startswith("conditioner.embedders.") for name in weights) or UNET + "label_emb.0.0.weight" in weights:
        raise refusal(path, "is a Stable Diffusion XL checkpoint", "Stable Diffusion 1.x", REMEDY)
    if any(name.startswith("cond_stage_model.model.") for name in weights):
        raise refusal(path, "is a Stable Diffusion 2.x checkpoint", "Stable Diffusion 1.x", REMEDY)
    if "v_pred" in weights:
        raise refusal(path, "has the tensor v_pred: it predicts v", "a prediction of the noise (epsilon)", REMEDY)
    if first.shape[1] != 4:
        found = f"has {first.shape[1]} input channels"
        raise refusal(path, found, "4 (inpainting and depth models are not supported)", REMEDY)
    for prefix, what in ((VAE, "autoencoder"), (TEXT, "text encoder")):
        if not any(name.startswith(prefix) for name in weights):
            raise refusal(path, f"contains no {what} ({prefix}...)", "a complete checkpoint", REMEDY)


def _count(weights, prefix):
    """The number of numbered members under `prefix`."""
    return len({name[len(prefix) :].split(".")[0] for name in weights if name.startswith(prefix)})


def _levels(weights):
    """Width of each level of the U-Net and whether it has attention; and the number of blocks per level."""
    levels, blocks, index = [], 0, 1
    while f"{UNET}input_blocks.{index}.0.in_layers.0.weight" in weights:
        block = f"{UNET}input_blocks.{index}."
        levels.append((weights[block + "0.out_layers.3.weight"].shape[0], block + "1.proj_in.weight" in weights))
        while f"{UNET}input_blocks.{index}.0.in_layers.0.weight" in weights:
            index += 1
        blocks = blocks or index - 1
        index += 1  # the downsampling convolution
    return levels, blocks


def _unet(weights):
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint

    levels, blocks = _levels(weights)
    attention = [attends for _, attends in levels]
    keys = next(name for name in weights if name.startswith(UNET) and name.endswith("attn2.to_k.weight"))
    config = dict(
        sample_size=IMAGE_SIZE // 2 ** (_count(weights, VAE + "encoder.down.") - 1),
        in_channels=4,
        out_channels=4,
        down_block_types=["CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attention],
        up_block_types=["CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attention)],
        block_out_channels=[width for width, _ in levels],
        layers_per_block=blocks,
        cross_attention_dim=weights[keys].shape[1],
        attention_head_dim=HEADS,
        norm_num_groups=GROUPS,
    )
    return config, convert_ldm_unet_checkpoint(dict(weights), config)


def _vae(weights):
    from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

    encoder = VAE + "encoder.down."
    levels = _count(weights, encoder)
    config = dict(
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        block_out_channels=[weights[f"{encoder}{i}.block.0.conv2.weight"].shape[0] for i in range(levels)],
        layers_per_block=_count(weights, encoder + "0.block."),
        latent_channels=weights[VAE + "post_quant_conv.weight"].shape[0],
        norm_num_groups=GROUPS,
        sample_size=IMAGE_SIZE,
        scaling_factor=SCALE_FACTOR,
    )
    return config, convert_ldm_vae_checkpoint(dict(weights), config)


def _text(weights):
    own = without_prefix(weights, TEXT + "text_model.") or without_prefix(weights, TEXT)
    vocabulary, width = own["embeddings.token_embedding.weight"].shape
    config = dict(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=own["encoder.layers.0.mlp.fc1.weight"].shape[0],
        num_hidden_layers=_count(own, "encoder.layers."),
        num_attention_heads=width // HEAD_WIDTH,
        max_position_embeddings=own["embeddings.position_embedding.weight"].shape[0],
        projection_dim=width,
        hidden_act="quick_gelu",
    )
    return config, own
