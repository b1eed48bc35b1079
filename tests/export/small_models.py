# SPDX-License-Identifier: Apache-2.0
"""Small seeded models, saved in the layouts of public checkpoints."""

import pathlib
import sys

import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
transformers.utils.logging.disable_progress_bar()
VOCABULARY, LENGTH, WIDTH = 49408, 77, 64


def unet(**changes):
    from diffusers import UNet2DConditionModel

    torch.manual_seed(1)
    config = dict(
        sample_size=32,
        block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=8,
    )
    return UNet2DConditionModel(**config | changes).eval()


def vae():
    from diffusers import AutoencoderKL

    torch.manual_seed(2)
    return AutoencoderKL(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=4,
        sample_size=64,
        scaling_factor=0.2,
    ).eval()


def text_config(**changes):
    return (
        dict(
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=2,
            num_attention_heads=1,
            max_position_embeddings=LENGTH,
            bos_token_id=49406,
            eos_token_id=49407,
        )
        | changes
    )


def text_encoder():
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(3)
    return with_large_weights(CLIPTextModel(CLIPTextConfig(**text_config())))


def with_large_weights(model):
    """CLIP's initial weights are so small that a wrong attention mask would pass every comparison."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    return model.eval()


def scheduler(prediction_type="epsilon"):
    from diffusers import DDIMScheduler

    return DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
                         prediction_type=prediction_type)  # fmt: skip


def write_folder(folder, prediction_type="epsilon", **saving):
    """Writes a diffusers folder; `saving` is passed to save_pretrained (safe_serialization, variant)."""
    scheduler(prediction_type).save_pretrained(folder / "scheduler")
    unet().save_pretrained(folder / "unet", **saving)
    vae().save_pretrained(folder / "vae", **saving)
    encoder = text_encoder()
    if saving.get("safe_serialization", True):
        encoder.save_pretrained(folder / "text_encoder", variant=saving.get("variant"))
        return folder
    # transformers no longer writes pickles; old ones have these names and a constant among the weights
    encoder.config.save_pretrained(folder / "text_encoder")
    weights = {f"text_model.{name}": value for name, value in encoder.state_dict().items()}
    weights["text_model.embeddings.position_ids"] = torch.arange(LENGTH)[None]
    torch.save(weights, folder / "text_encoder" / "pytorch_model.bin")
    return folder


RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}


def _original_unet_name(name, blocks):
    """The original name of a parameter of diffusers' U-Net; `blocks` residual blocks per level."""
    for own, original in UNET_ENDS.items():
        if name.startswith(own + "."):
            return original + name.removeprefix(own)
    parts = name.split(".")
    if parts[0] == "mid_block":
        position = 1 if parts[1] == "attentions" else 2 * int(parts[2])
        return _inside(f"middle_block.{position}", parts[1], parts[3:])
    level, kind, index = int(parts[1]), parts[2], int(parts[3])
    if kind == "downsamplers":
        return f"input_blocks.{(level + 1) * (blocks + 1)}.0.op.{parts[-1]}"
    if kind == "upsamplers":  # after the attention, if the level has one
        return f"output_blocks.{level * (blocks + 1) + blocks}.{1 if level == 0 else 2}.conv.{parts[-1]}"
    down = parts[0] == "down_blocks"
    position = level * (blocks + 1) + index + down
    member = 1 if kind == "attentions" else 0
    return _inside(f"{'input' if down else 'output'}_blocks.{position}.{member}", kind, parts[4:])


def _inside(block, kind, rest):
    rest = [RESNET[rest[0]], *rest[1:]] if kind == "resnets" else rest
    return ".".join([block, *rest])


def _original_vae_name(name, levels):
    changes = {"conv_norm_out": "norm_out", "conv_shortcut": "nin_shortcut", "mid_block.attentions.0": "mid.attn_1"}
    changes |= {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
    changes |= {"mid_block.resnets.0": "mid.block_1", "mid_block.resnets.1": "mid.block_2"}
    for level in range(levels):
        changes |= {f"down_blocks.{level}.": f"down.{level}.", f"up_blocks.{level}.": f"up.{levels - 1 - level}."}
    changes |= {".resnets.": ".block.", "downsamplers.0": "downsample", "upsamplers.0": "upsample"}
    for own, original in changes.items():
        name = name.replace(own, original)
    return name


def original_state():
    """The small model as one dictionary with the original parameter names of Stable Diffusion."""
    state = {}
    for name, value in unet().state_dict().items():
        state["model.diffusion_model." + _original_unet_name(name, blocks=1)] = value
    for name, value in vae().state_dict().items():
        renamed = _original_vae_name(name, levels=2)
        if ".attn_1." in renamed and value.dim() == 2:
            value = value[:, :, None, None]  # the original attention uses 1x1 convolutions
        state["first_stage_model." + renamed] = value
    for name, value in text_encoder().state_dict().items():
        state["cond_stage_model.transformer.text_model." + name] = value
    return {name: value.contiguous() for name, value in state.items()}


def hat(**changes):
    from spandrel.architectures.HAT import HAT

    torch.manual_seed(4)
    config = dict(img_size=32, embed_dim=24, depths=(2,), num_heads=(2,), window_size=16, compress_ratio=3,
                  squeeze_factor=4, conv_scale=0.01, overlap_ratio=0.5, mlp_ratio=2, upscale=4, img_range=1.0,
                  upsampler="pixelshuffle", resi_connection="1conv")  # fmt: skip
    network = HAT(**config | changes)
    for layer in network.modules():
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
    return network.eval()


def dino(size=224, patch=16):
    from timm.models.vision_transformer import VisionTransformer

    torch.manual_seed(5)
    vit = VisionTransformer(img_size=size, patch_size=patch, embed_dim=128, depth=2, num_heads=2, num_classes=0)
    return with_large_weights(vit)


def inception_state():
    """The first layers of pytorch-fid's network, and some later tensors of its file."""
    torch.manual_seed(6)
    state, channels = {}, 3
    for name, outputs in (("Conv2d_1a_3x3", 32), ("Conv2d_2a_3x3", 32), ("Conv2d_2b_3x3", 64)):
        state[f"{name}.conv.weight"] = torch.randn(outputs, channels, 3, 3) * (9 * channels) ** -0.5
        state[f"{name}.bn.weight"] = torch.rand(outputs) + 0.5
        state[f"{name}.bn.bias"] = torch.randn(outputs)
        state[f"{name}.bn.running_mean"] = torch.randn(outputs)
        state[f"{name}.bn.running_var"] = torch.rand(outputs) + 0.5
        channels = outputs
    return state | {"fc.weight": torch.randn(8, 16), "fc.bias": torch.randn(8)}


def clip():
    from transformers import CLIPConfig, CLIPModel

    torch.manual_seed(7)
    vision = dict(hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2, image_size=32,
                  patch_size=8)  # fmt: skip
    return with_large_weights(CLIPModel(CLIPConfig(text_config=text_config(), vision_config=vision, projection_dim=48)))
