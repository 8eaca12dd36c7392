"""Transformer blocks as Hugging Face has them, on scaled_dot_product_attention.

Weights have the names of checkpoints. Blocks are made on the meta device: values are assigned.
B batch, S positions, D width, H heads, d = D / H.
"""

import torch
import torch.nn.functional as F
from torch import nn


class SelfAttention(nn.Module):
    """Heads: x [B,S,D], mask [B,1,1,S'] or None, context [B,S',D] -> [B,H,S,d]."""

    def __init__(self, size):
        super().__init__()
        self.count = size["heads"]
        for name in ("query", "key", "value"):
            setattr(self, name, nn.Linear(size["width"], size["width"]))

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.count, -1).transpose(1, 2)

    def forward(self, x, mask, context):
        q, k, v = self.query(x), self.key(context), self.value(context)
        return F.scaled_dot_product_attention(
            self.split(q), self.split(k), self.split(v), attn_mask=mask
        )


class Output(nn.Module):
    """LayerNorm(residual + dense(x))."""

    def __init__(self, inputs, size):
        super().__init__()
        self.dense = nn.Linear(inputs, size["width"])
        self.LayerNorm = nn.LayerNorm(size["width"], eps=1e-12)

    def forward(self, x, residual):
        return self.LayerNorm(self.dense(x) + residual)


class Attention(nn.Module):
    """The attention segment; `name` is what checkpoints call its heads."""

    def __init__(self, size, name="self"):
        super().__init__()
        self.name = name
        self.add_module(name, SelfAttention(size))
        self.output = Output(size["width"], size)

    @property
    def heads(self):
        return getattr(self, self.name)

    def forward(self, x, mask, context):
        return self.output(merge_heads(self.heads(x, mask, context)), x)


class Intermediate(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.dense = nn.Linear(size["width"], size["intermediate"])

    def forward(self, x):
        return F.gelu(self.dense(x))


def feed_forward(intermediate, output, x):
    return output(intermediate(x), x)


class Layer(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.attention = Attention(size)
        self.intermediate = Intermediate(size)
        self.output = Output(size["intermediate"], size)

    def forward(self, x, mask):
        return feed_forward(self.intermediate, self.output, self.attention(x, mask, x))


class CrossLayer(nn.Module):
    """A cross-modality block of LXMERT; one cross-attention is used in both directions."""

    def __init__(self, size):
        super().__init__()
        self.visual_attention = Attention(size, "att")
        for stream in ("lang", "visn"):
            setattr(self, f"{stream}_self_att", Attention(size))
            setattr(self, f"{stream}_inter", Intermediate(size))
            setattr(self, f"{stream}_output", Output(size["intermediate"], size))

    def forward(self, language, vision, language_mask, vision_mask):
        read = self.visual_attention(language, vision_mask, vision)
        seen = self.visual_attention(vision, language_mask, language)
        read = self.lang_self_att(read, language_mask, read)
        seen = self.visn_self_att(seen, vision_mask, seen)
        return (
            feed_forward(self.lang_inter, self.lang_output, read),
            feed_forward(self.visn_inter, self.visn_output, seen),
        )


class Blocks(nn.Module):
    """The blocks of an encoder, by the names that checkpoints have for the lists."""

    def __init__(self, size):
        super().__init__()
        kinds = {"layer": Layer, "r_layers": Layer, "x_layers": CrossLayer}
        with torch.device("meta"):
            for (name, kind), count in zip(kinds.items(), size["blocks"]):
                setattr(self, name, nn.ModuleList(kind(size) for _ in range(count)))


def merge_heads(contexts):
    """[B,H,S,d] -> [B,S,D]"""
    return contexts.transpose(1, 2).flatten(2)
