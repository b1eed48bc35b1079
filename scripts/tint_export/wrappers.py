# SPDX-License-Identifier: Apache-2.0
"""Wrappers of library modules for tracing: one class per role, with the methods of configs/models.schema.md.

Each wraps the original module of diffusers, transformers or another library at any size, so that a tiny set and Stable
Diffusion are exported by the same code. Wrappers may not put a device or a dtype into the traced graph: tint moves and
casts models after loading.
"""

import types

import torch
from torch import nn
from torch.nn import functional

TRAIN_TIMESTEPS = 1000


class TimestepTable(nn.Module):
    """The sinusoidal timestep embedding as a table: diffusers computes it in float32 for every dtype, with a device
    constant in the trace; a table of rounded values gives the same result in every dtype."""

    def __init__(self, time_proj):
        super().__init__()
        self.register_buffer("table", time_proj(torch.arange(TRAIN_TIMESTEPS)).clone())

    def forward(self, timesteps):
        return self.table.index_select(0, timesteps)


class Denoiser(nn.Module):
    """forward(latents [B, C, h, w], timesteps int64 [B], context [B, L, F]) -> predicted noise [B, C, h, w]."""

    def __init__(self, unet, prediction_type):
        """`prediction_type` is in the scheduler's configuration, not in the U-Net's."""
        super().__init__()
        if prediction_type != "epsilon":
            raise ValueError(
                f"the denoiser predicts '{prediction_type}'; tint needs one that predicts the noise (epsilon)"
            )
        unet.time_proj = TimestepTable(unet.time_proj)
        # diffusers casts the embedding to sample.dtype, which a trace would record as a constant.
        unet.get_time_embed = types.MethodType(lambda self, sample, timestep: self.time_proj(timestep), unet)
        self.unet = unet

    def forward(self, latents, timesteps, context):
        return self.unet(latents, timesteps, encoder_hidden_states=context, return_dict=False)[0]


class Autoencoder(nn.Module):
    """encode(image in -1..1) -> mean of the posterior; moments(image) -> its mean and log-variance along dimension 1;
    decode(latents) -> image. Unscaled."""

    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def _posterior(self, image):
        moments = self.vae.encoder(image)
        if self.vae.quant_conv is not None:
            moments = self.vae.quant_conv(moments)
        return moments.chunk(2, dim=1)

    def encode(self, image):
        return self._posterior(image)[0]

    def moments(self, image):
        mean, log_variance = self._posterior(image)
        return torch.cat([mean, log_variance.clamp(-30.0, 20.0)], dim=1)  # as in diffusers' posterior

    def decode(self, latents):
        if self.vae.post_quant_conv is not None:
            latents = self.vae.post_quant_conv(latents)
        return self.vae.decoder(latents)


class TextEncoder(nn.Module):
    """embed(ids [B, L]) -> [B, L, D]; forward(embeddings [B, L, D]) -> context [B, L, F]."""

    def __init__(self, text_model):
        super().__init__()
        text_model.set_attn_implementation("sdpa")
        self.text_model = text_model
        length = text_model.config.max_position_embeddings
        # Boolean, so that casting the model does not change it.
        self.register_buffer("causal", torch.ones(length, length, dtype=torch.bool).tril()[None, None])

    def embed(self, ids):
        return self.text_model.embeddings.token_embedding(ids)

    def forward(self, embeddings):
        length = embeddings.shape[1]
        hidden = embeddings + self.text_model.embeddings.position_embedding.weight[:length]
        mask = self.causal[:, :, :length, :length]
        hidden = self.text_model.encoder(inputs_embeds=hidden, attention_mask=mask).last_hidden_state
        return self.text_model.final_layer_norm(hidden)


class Backbone(nn.Module):
    """forward(normalised image [B, 3, S, S]) -> the class token's feature [B, D] of a transformers ViT (as DINO's)."""

    def __init__(self, vit):
        super().__init__()
        vit.set_attn_implementation("sdpa")
        self.vit = vit

    def feature_width(self):
        return self.vit.config.hidden_size

    def forward(self, image):
        hidden = self.vit.embeddings(image)
        for layer in self.vit.layers:
            hidden = layer(hidden)
        return self.vit.layernorm(hidden)[:, 0]


class TimmBackbone(nn.Module):
    """The same for a timm ViT, which has the parameter names of DINO's files."""

    def __init__(self, vit):
        super().__init__()
        self.vit = vit

    def feature_width(self):
        return self.vit.embed_dim

    def forward(self, image):
        return self.vit.forward_features(image)[:, 0]


class Clip(nn.Module):
    """encode_image(normalised image [B, 3, S, S]) and encode_text(ids [B, L]) -> unit vectors [B, D]. A text's feature
    is that of its first end token, which has the largest id."""

    def __init__(self, clip):
        super().__init__()
        clip.vision_model.set_attn_implementation("sdpa")
        self.clip = clip
        self.text = TextEncoder(clip.text_model)

    def encode_image(self, image):
        vision = self.clip.vision_model
        hidden = vision.encoder(inputs_embeds=vision.pre_layrnorm(vision.embeddings(image))).last_hidden_state
        feature = self.clip.visual_projection(vision.post_layernorm(hidden[:, 0]))
        return functional.normalize(feature, dim=-1)

    def encode_text(self, ids):
        hidden = self.text(self.text.embed(ids))
        end = ids.argmax(dim=-1)[:, None, None].expand(-1, 1, hidden.shape[-1])
        return functional.normalize(self.clip.text_projection(hidden.gather(1, end)[:, 0]), dim=-1)


class Upscaler(nn.Module):
    """forward(image in 0..1) -> the image, enlarged by `factor`."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        return self.network(image)


def _from_windows(windows, window_size, h, w):
    """[n, s, s, C] -> [B, h, w, C]. spandrel computes B as a Python number, which would be a constant of the trace."""
    channels = windows.shape[-1]
    grid = windows.view(-1, h // window_size, w // window_size, window_size, window_size, channels)
    return grid.permute(0, 1, 3, 2, 4, 5).reshape(-1, h, w, channels)


class Hat(nn.Module):
    """forward(image in 0..1, sides multiples of the window) -> the image, enlarged. spandrel's HAT, without the parts
    that a trace would turn into constants: sides and batch size, and the mean and the shifted windows' mask on the
    CPU."""

    def __init__(self, network):
        super().__init__()
        import sys

        sys.modules[type(network).__module__].window_reverse = _from_windows
        self.network = network
        self.window, self.shift = network.window_size, network.shift_size
        self.register_buffer("mean", network.mean.clone())
        self.register_buffer("closed", torch.tensor(-100.0))  # HAT's logit for pairs of cells of different regions

    def _regions(self, line):
        """Cells of one axis -> 0, 1, 2: before the last window, in it, in its part that the shift wraps around."""
        present = line.isnan() | ~line.isnan()  # all true; a new tensor would bring a device into the trace
        place = present.cumsum(0) - 1
        side = line.shape[0]
        return (place >= side - self.window).long() + (place >= side - self.shift).long()

    def _mask(self, image):
        """[windows, s*s, s*s]: the pairs of cells of a shifted window that are masked."""
        rows, columns = self._regions(image[0, 0, :, 0]), self._regions(image[0, 0, 0, :])
        cells = 3 * rows[:, None] + columns[None, :]
        size = self.window
        windows = cells.view(rows.shape[0] // size, size, columns.shape[0] // size, size).permute(0, 2, 1, 3)
        windows = windows.reshape(-1, size * size)
        return (windows[:, :, None] != windows[:, None, :]) * self.closed

    def _features(self, image, shallow):
        net, sides = self.network, (image.shape[2], image.shape[3])
        tables = dict(attn_mask=self._mask(image))
        tables |= dict(rpi_sa=net.relative_position_index_SA, rpi_oca=net.relative_position_index_OCA)
        hidden = net.patch_embed(shallow)
        for layer in net.layers:
            hidden = layer(hidden, sides, tables)
        return net.patch_unembed(net.norm(hidden), sides)

    def forward(self, image):
        net = self.network
        shallow = net.conv_first((image - self.mean) * net.img_range)
        deep = net.conv_after_body(self._features(image, shallow)) + shallow
        enlarged = net.conv_last(net.upsample(net.conv_before_upsample(deep)))
        return enlarged / net.img_range + self.mean


class InceptionStem(nn.Module):
    """The first three convolutions of the Inception network that FID uses, and the mean of their pooled maps.

    forward(image [B, 3, H, W] in 0..1) -> [B, 64]; docs/method.md, FID at 64 dimensions."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            *self._layer(3, 32, stride=2), *self._layer(32, 32), *self._layer(32, 64, padding=1), nn.MaxPool2d(3, 2)
        )

    @staticmethod
    def _layer(inputs, outputs, stride=1, padding=0):
        convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=padding, bias=False)
        return convolution, nn.BatchNorm2d(outputs, eps=1e-3), nn.ReLU()

    def forward(self, image):
        image = functional.interpolate(image, size=(299, 299), mode="bilinear", align_corners=False)
        return self.layers(2 * image - 1).mean(dim=(2, 3))
