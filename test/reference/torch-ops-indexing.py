"""Reference values of x[...] and x[...] = value. Run: python test/reference/torch-ops-indexing.py

Writes torch-ops-indexing.safetensors; the metadata's `reads` and `writes` are the tables that
test/torch/indexing-table.test.ts replays. An index is a number, None, ..., a boolean, a slice, a tensor or a
list, which as the only one is not in a tuple: x[[[0, 1], [1, 0]]]. Gradients are those of sum(out * cos(0.7 n)), n counting the elements of out.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

S = slice
LONG = lambda *values: torch.tensor(values[0] if len(values) == 1 else values, dtype=torch.int64)
MASK3 = torch.tensor([True, False, True])
MASK23 = torch.tensor([[True, False, True], [False, True, False]])
NONE3 = torch.zeros(3, dtype=torch.bool)
MASK34 = torch.arange(12).view(3, 4) % 5 == 1

# Each for an x of shape [2, 3, 4].
INDICES = [
    (0,), (-1,), (1, 2), (1, -3, 3), (S(None),), (S(1, None),), (S(None, -1),), (S(-2, None), 0), (S(None, None, 2),),
    (S(0, 99),), (S(-99, 1),), (S(2, 1),), (S(None), S(None, None, 2)), (0, S(0, 3, 2), S(1, None, 2)), (...,), (..., 0),
    (0, ...), (0, ..., 1), (S(1, None), ..., S(2, 4)), (..., S(None), 1), (None,), (None, 0), (0, None), (..., None),
    (S(None), None, 1), (None, ..., None), (None, S(None), None, 0, None),
    (LONG(1, 0),), (LONG([0]),), (LONG(-1, -2, 0),), (LONG([[0, 1], [1, 1]]),), (LONG(0, 1, 1), LONG(2, 0, -1)),
    (LONG([[0], [1]]), LONG(2, 0, 1)), (LONG(0, 1), LONG(0, 2), LONG(3, 1)), (S(None), LONG(2, 0)), (S(None), S(None), LONG(3, 0)),
    (..., LONG(1, 2)), (S(None), LONG(0, 2), LONG(1, 1)), (LONG(0, 1), S(None), LONG(0, 3)), (LONG(1, 0), ..., LONG(2, 2)),
    (LONG([[0, 1], [1, 0]]), S(None), LONG(1, 3)), (0, LONG(2, 0)), (0, S(None), LONG(2, 0)), (LONG(0, 1), S(None), 1), (LONG(0, 1), 1, LONG(0, 3)), (0, LONG(2, 0), LONG(1, 1)),
    (S(None), 1, LONG(2, 0)), (S(1, None), LONG(2, 0)), (LONG(0, 1), S(0, 2)), (LONG(0, 1), S(None, None, 2), LONG(3, 0)),
    (LONG(0, 1), None, LONG(0, 2)), (None, LONG(1)), (LONG(1, 1), None), (S(None), None, LONG([0])), (LONG(0, 1), None, S(None), LONG(0, 2)),
    ([1, 0],), ([0, 1], [2, 0]), (S(None), [0, 2]), ([[0, 1], [1, 0]],), ([True, False],), (0, [True, False, True]),
    (torch.tensor([0, 1], dtype=torch.int32), 0), (torch.tensor(1),), (torch.tensor(0), S(None), torch.tensor(-1)),
    (True,), (False,), (True, 0), (torch.tensor(True),), (torch.tensor(False),), (True, [0, 1]), ([0, 1], True), (S(None), True), (..., True),
    (torch.tensor([True, False]),), (S(None), MASK3), (0, MASK3), (MASK23,), (MASK23, 1), (MASK23, S(1, 3)), (MASK23, LONG(0, 1, 3)), (MASK23, None),
    (S(None), MASK34), (..., MASK34), (None, MASK23), (1, MASK34), (S(None), NONE3), (S(1, None), MASK3, 0), (S(None), MASK3, LONG(0, 3)),
    (torch.tensor([True, False]), MASK3), (torch.tensor([True, True]), S(None), LONG(0, 3)), (torch.zeros(0, dtype=torch.int64),), (S(None), torch.zeros(0, dtype=torch.int64)),
    (MASK3.new_tensor([True, False]), S(1, None), None, 2),
    ([[0, 1], [1, 0]], ...), ([[0], [1]], [0, 2]), ([[0, 1]],), ([],), ([[]],), ([[], []],), ([[[]]],), ([[]], ...), (S(None), [[]]), ([[0, 1], None],), ([S(1, None), 0],),
]
REFUSED = [
    (2,), (-3,), (0, 3), (0, 0, 0, 0), (LONG([2]),), (S(None), LONG(-4)), (torch.tensor([0.5]),), (torch.tensor([1, 0], dtype=torch.int16),), (torch.tensor([True, False, True]),), (LONG(0, 1), LONG(0, 1, 2)),
    (MASK23.T,), (S(None, None, -1),), (S(None, None, 0),), (0, 0, MASK23),
]
VALUES = ["number", "whole", "row", "ones"]
saved = {}


def store(tensor):
    name = str(len(saved))
    saved[name] = tensor.detach().clone().contiguous()
    return name


def written(indices):
    return indices[0] if len(indices) == 1 and isinstance(indices[0], list) else indices


def encode(index):
    if isinstance(index, torch.Tensor):
        return {"tensor": store(index)}
    if isinstance(index, slice):
        return {"slice": [index.start, index.stop, 1 if index.step is None else index.step]}
    if index is Ellipsis:
        return "..."
    return {"list": [encode(part) for part in index]} if isinstance(index, list) else index


def weighted_sum(out):
    weights = torch.arange(out.numel(), dtype=out.dtype).mul(0.7).cos()
    return out.mul(weights.view(out.shape)).sum()


def fresh():
    return torch.arange(24, dtype=torch.float32).mul(0.37).sin().view(2, 3, 4).requires_grad_()


def read(indices):
    x = fresh()
    row = {"indices": [encode(index) for index in indices]}
    try:
        out = x[written(indices)]
    except (IndexError, ValueError, TypeError, RuntimeError):
        return row | {"refused": True}
    weighted_sum(out).backward()
    isView = out._base is not None and out.numel() > 0
    return row | {"result": store(out), "grad": store(x.grad), "view": isView}


def value_of(kind, shape):
    if kind == "number":
        return 2.5
    whole = torch.arange(99, dtype=torch.float32).add(1).mul(0.21).cos()
    if kind == "row":
        return whole[: shape[-1] if shape else 1].view(shape[-1:])
    if kind == "ones":
        return whole[:1].view(1, 1, 1, 1, 1)
    return whole[: torch.Size(shape).numel()].view(shape)


def write(indices, kind):
    value = value_of(kind, list(fresh()[written(indices)].shape))
    leaf = fresh()
    x = leaf.clone()
    row = {"indices": [encode(index) for index in indices]}
    if isinstance(value, torch.Tensor):
        row["value"] = store(value)
        value.requires_grad_()
    else:
        row["value"] = value
    x[written(indices)] = value
    weighted_sum(x).backward()
    row |= {"result": store(x), "grad": store(leaf.grad)}
    if isinstance(value, torch.Tensor):
        row["valueGrad"] = store(value.grad)
    return row


reads = [read(indices) for indices in INDICES + REFUSED]
writes = [write(indices, kind) for n, indices in enumerate(INDICES) for kind in (VALUES if n % 4 == 0 else [VALUES[n % 4]])]
assert [("refused" in row) for row in reads] == [False] * len(INDICES) + [True] * len(REFUSED)
path = Path(__file__).parent / "torch-ops-indexing.safetensors"
tables = {"x": store(fresh()), "reads": reads, "writes": writes}
save_file(saved, path, metadata={"tables": json.dumps(tables, separators=(",", ":"))})
print(f"{len(reads)} reads, {len(writes)} writes, {path.stat().st_size:,} bytes")
