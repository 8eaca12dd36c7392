"""Reference values of BERT and ViT in float64. Run: python test/reference/models_encoders.py

All is computed by the transformers package: BertForSequenceClassification with the BertModel in it,
with masks and without, and ViTModel and ViTForImageClassification.

Writes bert-model.safetensors and vit.safetensors: `weight.*` as `save_pretrained` writes them,
`input.*`, and for each case `<case>.out.<name>` and `<case>.grad.<weight>`; the metadata's `config`
is the config.json. What is differentiated is the sum over all outputs of sum(out * cos(0.7 n)), n
counting the elements.
"""

import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

HERE = Path(__file__).parent
SIZE = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


def scramble(module):
    """Weights away from where initialisation leaves them: norms and biases too."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            is_norm = "norm" in name.lower() and name.endswith("weight")
            parameter.normal_(1.0 if is_norm else 0.0, 0.3)
    return module.double().eval()


def weighted_sum(out):
    return (out * (torch.arange(out.numel(), dtype=out.dtype) * 0.7).cos().view(out.shape)).sum()


def as_saved(model):
    """The weights by the names that `save_pretrained` writes, and the config.json."""
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        return load_file(f"{folder}/model.safetensors"), (Path(folder) / "config.json").read_text()


def saved_names(model):
    """Each parameter's name as it is saved, by its values."""
    state, _ = as_saved(model)
    return {
        name: next(key for key, value in state.items() if value.shape == p.shape and torch.equal(value, p))
        for name, p in model.named_parameters()
    }


def record(saved, case, model, outputs):
    model.zero_grad()
    sum(weighted_sum(out) for out in outputs.values()).backward()
    names = saved_names(model)
    for name, out in outputs.items():
        saved[f"{case}.out.{name}"] = out
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            saved[f"{case}.grad.{names[name]}"] = parameter.grad.clone()


def write(name, saved, config):
    tensors = {key: value.detach().clone().contiguous() for key, value in saved.items()}
    save_file(tensors, HERE / name, metadata={"config": config})
    (HERE / name).chmod(0o644)


def bert():
    torch.manual_seed(6)
    config = BertConfig(**SIZE, vocab_size=20, max_position_embeddings=10, num_labels=3)
    model = scramble(BertForSequenceClassification(config))
    state, json = as_saved(model)
    saved = {f"weight.{name}": tensor for name, tensor in state.items()}
    mask = (torch.arange(6) < torch.tensor([6, 4, 5])[:, None]).long()
    given = {
        "inputIds": torch.randint(1, 20, (3, 6)) * mask,
        "tokenTypeIds": torch.randint(0, 2, (3, 6)),
        "attentionMask": mask,
    }
    saved |= {f"input.{name}": tensor for name, tensor in given.items()}
    for case, named in {
        "masked": {"attention_mask": mask, "token_type_ids": given["tokenTypeIds"]},
        "open": {},
    }.items():
        base = model.bert(given["inputIds"], **named)
        logits = model(given["inputIds"], **named).logits
        outputs = {"hidden": base.last_hidden_state, "pooled": base.pooler_output, "logits": logits}
        record(saved, case, model, outputs)
    write("bert-model.safetensors", saved, json)


def vit():
    torch.manual_seed(7)
    config = ViTConfig(**SIZE, image_size=6, patch_size=2, num_channels=3, num_labels=3)
    model = scramble(ViTModel(config))
    state, _ = as_saved(model)
    saved = {f"weight.{name}": tensor for name, tensor in state.items()}
    images = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    saved["input.pixelValues"] = images
    base = model(images)
    record(saved, "base", model, {"hidden": base.last_hidden_state, "pooled": base.pooler_output})
    classifier = scramble(ViTForImageClassification(config))
    classifier.vit.load_state_dict(model.state_dict(), strict=False)
    state, json = as_saved(classifier)
    saved |= {f"weight.{name}": state[name] for name in state if name.startswith("classifier.")}
    record(saved, "classes", classifier, {"logits": classifier(images).logits})
    write("vit.safetensors", saved, json)


bert()
vit()
