"""Reference values of BERT blocks and VL-BERT in float64. Run: python test/reference/models.py

BERT blocks are those of the transformers package. What VL-BERT adds is written here from the paper
(Su et al. 2020, arXiv 1908.08530), input by input without any padding.

Writes bert.safetensors (`weight.*`, `hidden`, `mask`, `out.<n>` after block n, `grad.*`) and
vl-bert.safetensors (`weight.*`, `input.*` padded, `hidden.<b>` [t+o+1,D], `logits`, `grad.*`). Losses
are sum(out * cos(0.7 n)), n counting the elements.
"""

import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import BertConfig
from transformers.models.bert.modeling_bert import BertEncoder, BertPredictionHeadTransform

HERE = Path(__file__).parent
D, F_SIZE, WORDS, ANSWERS, MASK = 16, 24, 20, 5, 4
CONFIG = BertConfig(
    hidden_size=D,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=24,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    layer_norm_eps=1e-12,
    hidden_act="gelu",
    attn_implementation="eager",
)


def scramble(module):
    """Weights away from where initialisation leaves them: norms and biases too."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.normal_(1.0 if "LayerNorm.weight" in name or "_ln_" in name else 0.0, 0.3)
    return module.double()


def weighted_sum(out):
    return (out * (torch.arange(out.numel(), dtype=out.dtype) * 0.7).cos().view(out.shape)).sum()


def last(outputs):
    return getattr(outputs, "last_hidden_state", outputs[0])


def write(name, saved):
    save_file({key: value.detach().clone().contiguous() for key, value in saved.items()}, HERE / name)
    (HERE / name).chmod(0o644)


def bert():
    torch.manual_seed(1)
    encoder = scramble(BertEncoder(CONFIG)).eval()
    hidden = torch.randn(3, 6, D, dtype=torch.float64, requires_grad=True)
    mask = torch.zeros(3, 1, 1, 6, dtype=torch.float64)
    mask[1, ..., 4:] = -math.inf
    mask[2, ..., 1:3] = -math.inf
    saved = {f"weight.{name}": p for name, p in encoder.named_parameters()}
    saved |= {"hidden": hidden, "mask": mask}
    state = hidden
    for number, block in enumerate(encoder.layer):
        result = block(state, mask)
        state = result[0] if isinstance(result, tuple) else result
        saved[f"out.{number}"] = state
    weighted_sum(state).backward()
    saved |= {f"grad.{name}": p.grad for name, p in encoder.named_parameters()}
    write("bert.safetensors", saved | {"grad.hidden": hidden.grad})


class Embeddings(torch.nn.Module):
    """The weights of VL-BERT beside its blocks, by their checkpoint names."""

    def __init__(self):
        super().__init__()
        nn = torch.nn
        self.image_feature_extractor = nn.Module()
        self.image_feature_extractor.obj_downsample = nn.Sequential(
            nn.Identity(), nn.Linear(2 * F_SIZE, D), nn.ReLU()
        )
        self.object_linguistic_embeddings = nn.Embedding(1, D)
        self.vlbert = nn.Module()
        self.vlbert.word_embeddings = nn.Embedding(WORDS, D)
        self.vlbert.end_embedding = nn.Embedding(1, D)
        self.vlbert.position_embeddings = nn.Embedding(12, D)
        self.vlbert.token_type_embeddings = nn.Embedding(3, D)
        self.vlbert.embedding_LayerNorm = nn.LayerNorm(D, eps=1e-12)
        self.vlbert.visual_ln_text = nn.LayerNorm(D, eps=1e-12)
        self.vlbert.visual_ln_object = nn.LayerNorm(D, eps=1e-12)
        self.vlbert.encoder = BertEncoder(CONFIG)
        self.final_mlp = nn.Sequential(
            BertPredictionHeadTransform(CONFIG), nn.Identity(), nn.Linear(D, ANSWERS)
        )


def coordinates(box):
    """x1, y1, x2, y2 in 0 .. 1 -> F_SIZE sines and cosines."""
    x1, y1, x2, y2 = box.tolist()
    n = F_SIZE // 8
    values = []
    for position in ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1):
        angles = [100 * position / 1000 ** (i / n) for i in range(n)]
        values += [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    return torch.tensor(values, dtype=torch.float64)


def vl_bert_row(model, ids, types, features, boxes):
    """One input without padding: hidden [t+o+1,D] and logits [A]."""
    v = model.vlbert
    t, o = len(ids), len(features)
    located = torch.cat([torch.stack([coordinates(box) for box in boxes]), features], 1)
    downsample = model.image_feature_extractor.obj_downsample[1]
    regions = F.relu(F.linear(located, downsample.weight, downsample.bias))
    text = v.word_embeddings(ids) + v.visual_ln_text(regions[0])
    objects = model.object_linguistic_embeddings.weight[0] + v.visual_ln_object(regions)
    content = torch.cat([text, objects, v.end_embedding.weight])
    positions = torch.tensor(list(range(t)) + [t] * o + [t + 1])
    types = torch.cat([types, torch.full((o + 1,), 2)])
    state = content + v.position_embeddings(positions) + v.token_type_embeddings(types)
    state = v.embedding_LayerNorm(state).unsqueeze(0)
    for block in v.encoder.layer:
        result = block(state)
        state = result[0] if isinstance(result, tuple) else result
    hidden = state.squeeze(0)
    place = ids.tolist().index(MASK)
    return hidden, model.final_mlp(hidden[place])


def vl_bert():
    torch.manual_seed(2)
    model = scramble(Embeddings()).eval()
    lengths, counts = [6, 4, 5], [4, 3, 1]
    ids = torch.zeros(3, 6, dtype=torch.long)
    types = torch.zeros(3, 6, dtype=torch.long)
    for row, t in enumerate(lengths):
        ids[row, :t] = torch.randint(5, WORDS, (t,))
        ids[row, t - 2] = MASK
        types[row, t - 2 : t] = 1
    features = torch.randn(3, 4, F_SIZE, dtype=torch.float64, requires_grad=True)
    corners = torch.rand(3, 4, 2, dtype=torch.float64) * 0.5
    boxes = torch.cat([corners, corners + torch.rand(3, 4, 2, dtype=torch.float64) * 0.5], 2)
    boxes[:, 0] = torch.tensor([0.0, 0.0, 1.0, 1.0])
    saved = {f"weight.{name}": p for name, p in model.named_parameters()}
    saved |= {
        "input.inputIds": ids,
        "input.tokenTypeIds": types,
        "input.attentionMask": (torch.arange(6) < torch.tensor(lengths)[:, None]).long(),
        "input.regionFeatures": features,
        "input.regionBoxes": boxes,
        "input.regionMask": (torch.arange(4) < torch.tensor(counts)[:, None]).long(),
    }
    logits = []
    for row, (t, o) in enumerate(zip(lengths, counts)):
        hidden, scores = vl_bert_row(
            model, ids[row, :t], types[row, :t], features[row, :o], boxes[row, :o]
        )
        saved[f"hidden.{row}"] = hidden
        logits.append(scores)
    saved["logits"] = torch.stack(logits)
    weighted_sum(saved["logits"]).backward()
    saved |= {f"grad.{name}": p.grad for name, p in model.named_parameters()}
    write("vl-bert.safetensors", saved | {"grad.regionFeatures": features.grad})


if __name__ == "__main__":
    bert()
    vl_bert()
