"""Checkpoints as PyTorch wrote them. Run after the other scripts: python test/reference/models_checkpoints.py

Writes, in float32, the weights of lxmert.safetensors as pytorch_model.bin of transformers holds them
(lxmert-checkpoint.bin) and as the original model_LXRT.pth does (lxmert-checkpoint.pth: older layout,
original names), and those of vl-bert-heads.safetensors as the original code does
(vl-bert-checkpoint.model: older layout, inside `state_dict`, beside an optimizer's tensors).
"""

from pathlib import Path

import torch
from safetensors.torch import load_file

HERE = Path(__file__).parent


def weights(name):
    tensors = load_file(HERE / f"{name}.safetensors")
    return {key[len("weight.") :]: tensor.float() for key, tensor in tensors.items() if key.startswith("weight.")}


def wrapped(state):
    return {f"module.{name}": tensor for name, tensor in state.items()}


lxmert = weights("lxmert")
tied = {"cls.predictions.decoder.weight": lxmert["lxmert.embeddings.word_embeddings.weight"]}
torch.save(lxmert | tied, HERE / "lxmert-checkpoint.bin")
original = {name.replace("lxmert.", "bert.", 1): tensor for name, tensor in lxmert.items()}
torch.save(wrapped(original), HERE / "lxmert-checkpoint.pth", _use_new_zipfile_serialization=False)
vl_bert = {"state_dict": wrapped(weights("vl-bert-heads")), "optimizer": {"state": {0: {"step": torch.ones(1)}}}, "epoch": 3}
torch.save(vl_bert, HERE / "vl-bert-checkpoint.model", _use_new_zipfile_serialization=False)
