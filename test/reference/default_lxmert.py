"""LXMERT of its default configuration against transformers, by hand: nothing of it is committed.

    python test/reference/default_lxmert.py FOLDER [open] && npx ts-node -T test/reference/default-lxmert.ts FOLDER

Writes a checkpoint of LxmertForPreTraining with random weights (0.9 GB) and `values.safetensors`
(0.9 GB: inputs, outputs and gradients in float32, with masks unless `open`) into FOLDER. The second
command reads both and prints by how much outputs and gradients differ.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LxmertConfig, LxmertForPreTraining

folder = Path(sys.argv[1])
torch.manual_seed(8)
model = LxmertForPreTraining(LxmertConfig()).eval()
with torch.no_grad():
    for name, parameter in model.named_parameters():
        if parameter.dim() == 1:
            is_scale = name.endswith("orm.weight") or name.endswith("logit_fc.2.weight")
            parameter.normal_(1.0 if is_scale else 0.0, 0.1)
model.save_pretrained(folder)

B, T, O = 2, 20, 36
text = (torch.arange(T) < torch.tensor([20, 9])[:, None]).long()
regions = (torch.arange(O) < torch.tensor([36, 20])[:, None]).long()
corners = torch.rand(B, O, 2) * 0.5
given = {
    "inputIds": torch.randint(1, 30522, (B, T)) * text,
    "tokenTypeIds": torch.zeros(B, T, dtype=torch.long),
    "attentionMask": text,
    "regionFeatures": torch.rand(B, O, 2048) * 2,
    "regionBoxes": torch.cat([corners, corners + 0.4], 2),
    "regionMask": regions,
}
named = {
    "input_ids": given["inputIds"],
    "token_type_ids": given["tokenTypeIds"],
    "attention_mask": given["attentionMask"],
    "visual_feats": given["regionFeatures"],
    "visual_pos": given["regionBoxes"],
    "visual_attention_mask": given["regionMask"],
}
if "open" in sys.argv[2:]:
    del given["attentionMask"], given["regionMask"]
    del named["attention_mask"], named["visual_attention_mask"]
base = model.lxmert(**named)
words, match = model.cls(base.language_output, base.pooled_output)
boxes = model.obj_predict_head(base.vision_output)
outputs = {
    "language": base.language_output,
    "vision": base.vision_output,
    "pooled": base.pooled_output,
    "wordLogits": words,
    "matchLogits": match,
    "answerLogits": model.answer_head(base.pooled_output),
    "objectLogits": boxes["obj"],
    "attributeLogits": boxes["attr"],
    "features": boxes["feat"],
}
loss = sum((out * (torch.arange(out.numel()) * 0.7).cos().view(out.shape)).sum() for out in outputs.values())
loss.backward()
saved = {f"input.{name}": tensor for name, tensor in given.items()}
saved |= {f"out.{name}": tensor for name, tensor in outputs.items()}
saved |= {f"grad.{name}": p.grad for name, p in model.named_parameters() if p.grad is not None}
save_file({name: tensor.detach().contiguous() for name, tensor in saved.items()}, folder / "values.safetensors")
