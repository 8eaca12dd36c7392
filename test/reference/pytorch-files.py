"""Files as torch.save writes them: the zip layout, the older one, and one that would run code."""

import collections
import os
import pathlib

import torch

here = pathlib.Path(__file__).parent


class Hostile:
    def __reduce__(self):
        return (os.system, ("echo this must never run",))


def checkpoint():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 4
    weights = collections.OrderedDict(
        whole=base,
        view=base[1:3, ::2],
        integers=torch.arange(5),
        half=torch.tensor([1.5, -2.0, 0.25], dtype=torch.bfloat16),
        empty=torch.zeros(0, 3),
        mask=torch.tensor([True, False]),
        learned=torch.nn.Parameter(torch.ones(2)),
    )
    return {"state_dict": weights, "epoch": 3, "rates": (0.5, 2**80), "more": [torch.ones(2)]}


torch.save(checkpoint(), here / "pytorch-zip.pt")
torch.save(checkpoint(), here / "pytorch-legacy.pt", _use_new_zipfile_serialization=False)
torch.save({"x": Hostile()}, here / "pytorch-hostile.pt")
