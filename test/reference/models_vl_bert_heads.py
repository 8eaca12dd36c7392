"""Reference values of VL-BERT's heads in float64. Run: python test/reference/models_vl_bert_heads.py

Written from the paper (Su et al. 2020, arXiv 1908.08530), input by input without any padding; blocks
and the words' transform are those of the transformers package.

Writes vl-bert-heads.safetensors: `weight.*` of pre-training, `finding.weight.*` and
`choosing.weight.*` of the two other heads' own; `input.*` padded; `pre.out.{words,regions}.<b>`,
`pre.out.relationship` [B,2], `finding.out.<b>` [o], `choosing.out` [B,C], and `<case>.grad.*`; `label.*` and `loss` of
pre-training. Row 2
of the inputs is a text without an image in pre-training, an image in the other two cases. Losses are
the sums over all outputs of sum(out * cos(0.7 n)), n counting the elements.
"""

import torch
import torch.nn.functional as F
from models import CONFIG, D, F_SIZE, WORDS, Embeddings, coordinates, scramble, weighted_sum, write
from transformers.models.bert.modeling_bert import BertPredictionHeadTransform, BertPooler

nn = torch.nn
CLASSES, CHOICES = 7, 2
LENGTHS, COUNTS = [6, 4, 5], [4, 3, 2]


class PreTraining(Embeddings):
    def __init__(self):
        super().__init__()
        del self.final_mlp
        self.object_mask_visual_embedding = nn.Embedding(1, F_SIZE)
        self.object_mask_word_embedding = nn.Embedding(1, D)
        self.aux_text_visual_embedding = nn.Embedding(1, D)
        v = self.vlbert
        v.pooler = BertPooler(CONFIG)
        v.mlm_head = nn.Module()
        v.mlm_head.predictions = nn.Module()
        v.mlm_head.predictions.transform = BertPredictionHeadTransform(CONFIG)
        v.mlm_head.predictions.bias = nn.Parameter(torch.zeros(WORDS))
        v.mvrc_head = nn.Module()
        v.mvrc_head.transform = nn.Module()
        v.mvrc_head.transform.dense = nn.Linear(D, D)
        v.mvrc_head.region_cls_pred = nn.Linear(D, CLASSES)
        v.relationsip_head = nn.Module()
        v.relationsip_head.caption_image_relationship = nn.Linear(D, 2)


def encode(model, ids, types, features, boxes, masked=None, named=None):
    """One input without padding, its regions an empty tensor where it has no image: [t+o+1,D]."""
    v = model.vlbert
    t, o = len(ids), len(features)
    words = model.object_linguistic_embeddings.weight[0].expand(o, D)
    if masked is not None and o > 0:
        features = torch.where(masked[:, None], model.object_mask_visual_embedding.weight[0], features)
        words = torch.where(masked[:, None], model.object_mask_word_embedding.weight[0], words)
    if o > 0:
        located = torch.cat([torch.stack([coordinates(box) for box in boxes]), features], 1)
        downsample = model.image_feature_extractor.obj_downsample[1]
        regions = F.relu(F.linear(located, downsample.weight, downsample.bias))
        clues = regions[named] if named is not None else regions[0]
    else:
        regions = features.new_zeros(0, D)
        clues = model.aux_text_visual_embedding.weight[0]
    text = v.word_embeddings(ids) + v.visual_ln_text(clues)
    content = torch.cat([text, words + v.visual_ln_object(regions), v.end_embedding.weight])
    positions = torch.tensor(list(range(t)) + [t] * o + [t + 1])
    types = torch.cat([types, torch.full((o + 1,), 2)])
    state = content + v.position_embeddings(positions) + v.token_type_embeddings(types)
    state = v.embedding_LayerNorm(state).unsqueeze(0)
    for block in v.encoder.layer:
        result = block(state)
        state = result[0] if isinstance(result, tuple) else result
    return state.squeeze(0)


def region_state(transform, state):
    return F.gelu(F.linear(state, transform.weight, transform.bias))


def gradients(saved, case, outputs, parameters):
    for parameter in parameters.values():
        parameter.grad = None
    sum(weighted_sum(out) for out in outputs).backward()
    saved |= {f"{case}.grad.{name}": p.grad.clone() for name, p in parameters.items() if p.grad is not None}


def loss(saved):
    """Words 1 and 3 of row 0 and word 2 of row 2; regions 1 and 3 of row 0 and 2 of row 1."""
    words = torch.full((3, 6), -100)
    words[0, 1], words[0, 3], words[2, 2] = 7, 11, 3
    regions = torch.zeros(3, 4, CLASSES, dtype=torch.float64)
    for row, place in [(0, 1), (0, 3), (1, 2)]:
        regions[row, place] = torch.rand(CLASSES, dtype=torch.float64).softmax(-1)
    relationship = torch.tensor([1, 0, 1])
    picked = [saved["pre.out.words.0"][1], saved["pre.out.words.0"][3], saved["pre.out.words.2"][2]]
    total = F.cross_entropy(torch.stack(picked), torch.tensor([7, 11, 3]))
    seen = [saved["pre.out.regions.0"][1], saved["pre.out.regions.0"][3], saved["pre.out.regions.1"][2]]
    total = total + F.cross_entropy(torch.stack(seen), regions[[0, 0, 1], [1, 3, 2]])
    total = total + F.cross_entropy(saved["pre.out.relationship"], relationship)
    labels = {"words": words, "regions": regions, "relationship": relationship}
    return {f"label.{name}": label for name, label in labels.items()} | {"loss": total}


def main():
    torch.manual_seed(9)
    model = scramble(PreTraining()).eval()
    finding = scramble(nn.ModuleDict({"dense": nn.Linear(D, D), "out": nn.Linear(D, 1)}))
    choosing = scramble(nn.ModuleDict({"out": nn.Linear(D, 1)}))
    given = {
        "inputIds": torch.randint(5, WORDS, (3, 6)) * (torch.arange(6) < torch.tensor(LENGTHS)[:, None]),
        "tokenTypeIds": torch.randint(0, 2, (3, 6)),
        "attentionMask": (torch.arange(6) < torch.tensor(LENGTHS)[:, None]).long(),
        "regionFeatures": torch.randn(3, 4, F_SIZE, dtype=torch.float64),
        "regionMask": (torch.arange(4) < torch.tensor(COUNTS)[:, None]).long(),
        "maskedRegions": torch.tensor([[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]]),
        "wordRegions": torch.tensor([[0, 1, 0, 3, 2, 0], [0, 2, 2, 0, 0, 0], [1, 0, 0, 1, 0, 0]]),
    }
    corners = torch.rand(3, 4, 2, dtype=torch.float64) * 0.5
    given["regionBoxes"] = torch.cat([corners, corners + torch.rand(3, 4, 2, dtype=torch.float64) * 0.5], 2)
    choices = torch.stack([given["inputIds"], given["inputIds"].flip(0)], 1)
    choice_types = torch.stack([given["tokenTypeIds"], given["tokenTypeIds"].flip(0)], 1)
    choice_lengths = [[6, 5], [4, 4], [5, 6]]
    choice_regions = torch.randint(0, 2, (3, CHOICES, 6))
    saved = {f"weight.{name}": p for name, p in model.named_parameters()}
    saved |= {f"finding.weight.final_mlp.{n}": p for n, p in {
        "0.dense.weight": finding["dense"].weight, "0.dense.bias": finding["dense"].bias,
        "2.weight": finding["out"].weight, "2.bias": finding["out"].bias}.items()}
    saved |= {"choosing.weight.final_mlp.1.weight": choosing["out"].weight,
              "choosing.weight.final_mlp.1.bias": choosing["out"].bias}
    saved |= {f"input.{name}": tensor for name, tensor in given.items()}
    saved |= {
        "choices.inputIds": choices,
        "choices.tokenTypeIds": choice_types,
        "choices.attentionMask": torch.stack([
            torch.stack([(torch.arange(6) < t).long() for t in row]) for row in choice_lengths
        ]),
        "choices.wordRegions": choice_regions,
    }
    own = dict(model.named_parameters())

    outputs, relationships = [], []
    heads = model.vlbert
    for row, (t, o) in enumerate(zip(LENGTHS, [4, 3, 0])):
        hidden = encode(
            model, given["inputIds"][row, :t], given["tokenTypeIds"][row, :t], given["regionFeatures"][row, :o],
            given["regionBoxes"][row, :o], masked=given["maskedRegions"][row, :o].bool(),
        )
        predictions = heads.mlm_head.predictions
        words = F.linear(predictions.transform(hidden[:t]), heads.word_embeddings.weight) + predictions.bias
        regions = heads.mvrc_head.region_cls_pred(
            region_state(heads.mvrc_head.transform.dense, hidden[t : t + o])
        )
        relationships.append(
            heads.relationsip_head.caption_image_relationship(heads.pooler(hidden[None])[0])
        )
        saved[f"pre.out.words.{row}"] = words
        outputs.append(words)
        if o > 0:
            saved[f"pre.out.regions.{row}"] = regions
            outputs.append(regions)
    saved["pre.out.relationship"] = torch.stack(relationships)
    gradients(saved, "pre", [*outputs, saved["pre.out.relationship"]], own)
    saved |= loss(saved)

    outputs = []
    for row, (t, o) in enumerate(zip(LENGTHS, COUNTS)):
        hidden = encode(
            model, given["inputIds"][row, :t], given["tokenTypeIds"][row, :t], given["regionFeatures"][row, :o],
            given["regionBoxes"][row, :o], named=given["wordRegions"][row, :t],
        )
        scores = finding["out"](region_state(finding["dense"], hidden[t : t + o])).squeeze(-1)
        saved[f"finding.out.{row}"] = scores
        outputs.append(scores)
    gradients(saved, "finding", outputs, own)

    logits = []
    for row, o in enumerate(COUNTS):
        for choice, t in enumerate(choice_lengths[row]):
            hidden = encode(
                model, choices[row, choice, :t], choice_types[row, choice, :t], given["regionFeatures"][row, :o],
                given["regionBoxes"][row, :o], named=choice_regions[row, choice, :t],
            )
            logits.append(choosing["out"](heads.pooler(hidden[None])[0]).squeeze(-1))
    saved["choosing.out"] = torch.stack(logits).view(3, CHOICES)
    gradients(saved, "choosing", [saved["choosing.out"]], own)
    write("vl-bert-heads.safetensors", saved)


main()
