"""Models of default configurations against transformers, by hand: nothing of it is committed.

    python test/reference/default_models.py lxmert|bert|vit FOLDER [open]
    npx ts-node -T test/reference/default-models.ts FOLDER

The first writes a checkpoint with random weights (0.9 GB for LXMERT) and `values.safetensors` (as
large: inputs, outputs and gradients in float32, with masks unless `open`) into FOLDER. The second
reads both and prints by how much outputs and gradients differ.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LxmertConfig,
    LxmertForPreTraining,
    ViTConfig,
    ViTModel,
)

which, folder = sys.argv[1], Path(sys.argv[2])
masks = "open" not in sys.argv[3:]
B, T, O = 2, 20, 36
text = (torch.arange(T) < torch.tensor([20, 9])[:, None]).long()


def words():
    given = {
        "inputIds": torch.randint(1, 30522, (B, T)) * text,
        "tokenTypeIds": torch.zeros(B, T, dtype=torch.long),
    }
    named = {"input_ids": given["inputIds"], "token_type_ids": given["tokenTypeIds"]}
    if masks:
        given["attentionMask"] = named["attention_mask"] = text
    return given, named


def lxmert(model):
    given, named = words()
    corners = torch.rand(B, O, 2) * 0.5
    given["regionFeatures"] = named["visual_feats"] = torch.rand(B, O, 2048) * 2
    given["regionBoxes"] = named["visual_pos"] = torch.cat([corners, corners + 0.4], 2)
    if masks:
        given["regionMask"] = (torch.arange(O) < torch.tensor([36, 20])[:, None]).long()
        named["visual_attention_mask"] = given["regionMask"]
    base = model.lxmert(**named)
    scores, match = model.cls(base.language_output, base.pooled_output)
    regions = model.obj_predict_head(base.vision_output)
    return given, {
        "language": base.language_output,
        "vision": base.vision_output,
        "pooled": base.pooled_output,
        "wordLogits": scores,
        "matchLogits": match,
        "answerLogits": model.answer_head(base.pooled_output),
        "objectLogits": regions["obj"],
        "attributeLogits": regions["attr"],
        "features": regions["feat"],
    }


def bert(model):
    given, named = words()
    base = model.bert(**named)
    logits = model(**named).logits
    return given, {"hidden": base.last_hidden_state, "pooled": base.pooler_output, "logits": logits}


def vit(model):
    images = torch.randn(B, 3, 224, 224)
    base = model(images)
    return {"pixelValues": images}, {"hidden": base.last_hidden_state, "pooled": base.pooler_output}


make, run = {
    "lxmert": (lambda: LxmertForPreTraining(LxmertConfig()), lxmert),
    "bert": (lambda: BertForSequenceClassification(BertConfig()), bert),
    "vit": (lambda: ViTModel(ViTConfig()), vit),
}[which]
torch.manual_seed(8)
model = make().eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        if parameter.dim() == 1:
            is_scale = "norm" in name.lower() and name.endswith("weight") or "logit_fc.2.weight" in name
            parameter.normal_(1.0 if is_scale else 0.0, 0.1)
model.save_pretrained(folder)
given, outputs = run(model)
sum((out * (torch.arange(out.numel()) * 0.7).cos().view(out.shape)).sum() for out in outputs.values()).backward()


def saved_name(name):
    """As checkpoints have it: the ViT of some releases has other names in memory."""
    for new, old in {
        "layers.": "encoder.layer.",
        "attention.q_proj": "attention.attention.query",
        "attention.k_proj": "attention.attention.key",
        "attention.v_proj": "attention.attention.value",
        "attention.o_proj": "attention.output.dense",
        "mlp.fc1": "intermediate.dense",
        "mlp.fc2": "output.dense",
    }.items():
        name = name.replace(new, old) if which == "vit" else name
    return name


saved = {f"input.{name}": tensor for name, tensor in given.items()}
saved |= {f"out.{name}": tensor for name, tensor in outputs.items()}
saved |= {f"grad.{saved_name(n)}": p.grad for n, p in model.named_parameters() if p.grad is not None}
save_file({name: tensor.detach().contiguous() for name, tensor in saved.items()}, folder / "values.safetensors")
