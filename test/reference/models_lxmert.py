"""Reference values of LXMERT in float64. Run: python test/reference/models_lxmert.py

All is computed by the transformers package, LxmertForPreTraining, LxmertForQuestionAnswering and
the LxmertModel in them, once with masks and once without.

Writes lxmert.safetensors: `weight.*` and `input.*`; for pre-training with masks (`masked.*`) and
without (`open.*`) `out.<name>` and `grad.<weight>`; `loss` and `label.*` of pre-training with masks;
`answers.out` and `answers.grad.<weight>` of answering questions with masks. What is differentiated
is the sum over all outputs of sum(out * cos(0.7 n)), n counting the elements.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LxmertConfig, LxmertForPreTraining, LxmertForQuestionAnswering

HERE = Path(__file__).parent
CONFIG = LxmertConfig(
    vocab_size=20,
    hidden_size=8,
    num_attention_heads=2,
    intermediate_size=12,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    max_position_embeddings=10,
    l_layers=2,
    r_layers=1,
    x_layers=2,
    visual_feat_dim=6,
    num_qa_labels=5,
    num_object_labels=4,
    num_attr_labels=3,
)
B, T, O = 3, 6, 4
saved = {}


def scramble(module):
    """Weights away from where initialisation leaves them: norms and biases too."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            is_norm = name.endswith("orm.weight") or "logit_fc.2.weight" in name
            parameter.normal_(1.0 if is_norm else 0.0, 0.3)
    return module.double().eval()


def weighted_sum(out):
    return (out * (torch.arange(out.numel(), dtype=out.dtype) * 0.7).cos().view(out.shape)).sum()


def inputs():
    lengths, counts = torch.tensor([6, 4, 5]), torch.tensor([4, 3, 1])
    text = torch.arange(T) < lengths[:, None]
    corners = torch.rand(B, O, 2, dtype=torch.float64) * 0.5
    return {
        "inputIds": torch.randint(1, CONFIG.vocab_size, (B, T)) * text,
        "tokenTypeIds": torch.randint(0, 2, (B, T)),
        "attentionMask": text.long(),
        "regionFeatures": torch.randn(B, O, CONFIG.visual_feat_dim, dtype=torch.float64),
        "regionBoxes": torch.cat([corners, corners + 0.4], 2),
        "regionMask": (torch.arange(O) < counts[:, None]).long(),
    }


def arguments(given, masks):
    named = {
        "input_ids": given["inputIds"],
        "visual_feats": given["regionFeatures"],
        "visual_pos": given["regionBoxes"],
    }
    if masks:
        named["token_type_ids"] = given["tokenTypeIds"]
        named["attention_mask"] = given["attentionMask"]
        named["visual_attention_mask"] = given["regionMask"]
    else:
        named["token_type_ids"] = torch.zeros_like(given["inputIds"])
    return named


def record(case, model, outputs):
    model.zero_grad()
    sum(weighted_sum(out) for out in outputs.values()).backward()
    for name, out in outputs.items():
        saved[f"{case}.out.{name}"] = out
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            saved[f"{case}.grad.{name}"] = parameter.grad.clone()


def pre_training(case, model, named):
    base = model.lxmert(**named)
    whole = model(**named)
    regions = model.obj_predict_head(base.vision_output)
    record(
        case,
        model,
        {
            "language": base.language_output,
            "vision": base.vision_output,
            "pooled": base.pooled_output,
            "wordLogits": whole.prediction_logits,
            "matchLogits": whole.cross_relationship_score,
            "answerLogits": whole.question_answering_score,
            "objectLogits": regions["obj"],
            "attributeLogits": regions["attr"],
            "features": regions["feat"],
        },
    )


def loss(model, named):
    labels = {
        "words": torch.where(torch.rand(B, T) < 0.4, torch.randint(0, CONFIG.vocab_size, (B, T)), -100),
        "match": torch.tensor([0, 1, 1]),
        "answer": torch.tensor([4, -100, 0]),
        "objects": torch.randint(0, CONFIG.num_object_labels, (B, O)),
        "attributes": torch.randint(0, CONFIG.num_attr_labels, (B, O)),
        "features": torch.randn(B, O, CONFIG.visual_feat_dim, dtype=torch.float64) * 2,
        "objectWeights": torch.rand(B, O, dtype=torch.float64),
        "attributeWeights": torch.rand(B, O, dtype=torch.float64),
        "featureWeights": (torch.rand(B, O) < 0.5).double(),
    }
    regions = {
        "obj": (labels["objects"], labels["objectWeights"]),
        "attr": (labels["attributes"], labels["attributeWeights"]),
        "feat": (labels["features"], labels["featureWeights"]),
    }
    saved.update({f"label.{name}": label for name, label in labels.items()})
    # The loss of transformers starts from a float32 zero, to which it adds in place.
    torch.set_default_dtype(torch.float64)
    saved["loss"] = model(
        **named,
        labels=labels["words"],
        matched_label=labels["match"],
        obj_labels=regions,
        ans=labels["answer"],
    ).loss
    torch.set_default_dtype(torch.float32)


def lxmert():
    torch.manual_seed(5)
    model = scramble(LxmertForPreTraining(CONFIG))
    saved.update({f"weight.{name}": p for name, p in model.named_parameters()})
    given = inputs()
    saved.update({f"input.{name}": tensor for name, tensor in given.items()})
    pre_training("masked", model, arguments(given, True))
    pre_training("open", model, arguments(given, False))
    loss(model, arguments(given, True))
    answering = LxmertForQuestionAnswering(CONFIG).double().eval()
    answering.load_state_dict(model.state_dict(), strict=False)
    logits = answering(**arguments(given, True)).question_answering_score
    record("answers", answering, {"logits": logits})
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in saved.items()}
    save_file(tensors, HERE / "lxmert.safetensors")


lxmert()
