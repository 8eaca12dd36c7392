"""Reference values of PyTorch's operators. Run: python test/reference/torch-ops.py

Writes torch-ops.safetensors: arguments, results and gradients of each case; the metadata's `cases`
is the JSON list of calls that test/torch/operators.test.ts replays. Gradients are those of
sum(out * cos(0.7 n)) over every floating result, n counting its elements. Complex results are
stored by view_as_real.
"""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch_ops_cases import factories, images, indexing, linear_algebra, losses, pointwise, queries
from torch_ops_cases import reductions, shapes

saved, cases, counts = {}, [], {}
DTYPE_RESULTS = {"result_type", "promote_types"}  # a number where torch.ops calls them
RESULTS = {"out", "values", "indices"}  # options of out variants, which autograd refuses


def op(name, *args, raw=False, **options):
    """Records a call of aten::<name>; `raw` where torch's function of that name is something else."""
    counts[name] = counts.get(name, 0) + 1
    case = f"{name} {counts[name]}"
    inputs = []
    encode_argument = lambda value: encode(value, case, inputs)
    encoded = {"args": [encode_argument(value) for value in args]}
    encoded["options"] = {key: encode_argument(value) for key, value in options.items()}
    leaves = [tensor for _, tensor in inputs]
    differentiable = [leaf.detach().clone().requires_grad_(leaf.is_floating_point() and not hasattr(leaf, "buffer")) for leaf in leaves]
    result, given = call(name, args, options, leaves, None if RESULTS & set(options) else differentiable)
    for (node, tensor), after in zip(inputs, given):
        if not torch.equal(after.detach(), tensor) and not tensor.isnan().any():
            node["after"] = store(f"{case}.{node['name']}.after", after)
    outputs = [out for out in tensors_of(result) if out.requires_grad]
    if outputs:
        losses_of = [weighted_sum(torch.view_as_real(out) if out.is_complex() else out) for out in outputs]
        sum(losses_of[1:], losses_of[0]).backward()
        for (node, _), leaf in zip(inputs, differentiable):
            if leaf.grad is not None:
                node["grad"] = store(f"{case}.{node['name']}.grad", leaf.grad)
    for node, _ in inputs:
        del node["name"]
    cases.append({"name": case, "op": name, **encoded, "raw": raw, "method": has_self(name),
                  "result": encode_result(result, case)})


def call(name, args, options, leaves, differentiable):
    """The result, and the tensors as given, which an in-place or out operator has changed."""
    given = [(leaf.clone() if name.endswith("_") else leaf) for leaf in differentiable] if differentiable \
        else [leaf.clone() for leaf in leaves]
    queue = iter(given)
    fill = lambda value: next(queue) if isinstance(value, torch.Tensor) else (
        [fill(item) for item in value] if isinstance(value, list) else value)
    filled = [fill(value) for value in args]
    options = {key: fill(value) for key, value in options.items()}
    if name in DTYPE_RESULTS:
        return getattr(torch, name)(*filled, **options), given
    try:
        return getattr(torch.ops.aten, name)(*filled, **options), given
    except RuntimeError as error:  # one integer for a list of them: torch's own functions alone allow it
        if "failed to match any schema" not in str(error) or not hasattr(torch, name):
            raise
        return getattr(torch, name)(*filled, **options), given


def encode(value, case, inputs):
    if isinstance(value, torch.Tensor):
        name = str(len(inputs))
        node = {"tensor": store(f"{case}.{name}", value), "name": name}
        inputs.append((node, value))
        return node
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    return [encode(item, case, inputs) for item in value] if isinstance(value, list) else value


def encode_result(value, case, path="out"):
    if isinstance(value, torch.Tensor):
        if value.is_complex():
            return {"complex": store(f"{case}.{path}", torch.view_as_real(value))}
        return {"tensor": store(f"{case}.{path}", value)}
    if isinstance(value, (list, tuple)):
        return [encode_result(item, case, f"{path}.{n}") for n, item in enumerate(value)]
    return str(value).removeprefix("torch.") if isinstance(value, torch.dtype) else value


def store(name, tensor):
    saved[name] = tensor.detach().clone().contiguous()
    return name


def tensors_of(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for item in value for t in tensors_of(item)] if isinstance(value, (list, tuple)) else []


def weighted_sum(out):
    weights = torch.arange(out.numel(), dtype=out.dtype).mul(0.7).cos()
    return out.mul(weights.view(out.shape)).sum()


def has_self(name):
    packet = getattr(torch.ops.aten, name)
    schemas = [getattr(packet, overload)._schema for overload in packet.overloads()]
    return any(s.arguments and s.arguments[0].name == "self" and "Tensor" == str(s.arguments[0].type)
               for s in schemas)


torch.manual_seed(5)
for table in (pointwise, reductions, shapes, indexing, linear_algebra, images, losses, factories, queries):
    table(op)
path = Path(__file__).parent / "torch-ops.safetensors"
save_file(saved, path, metadata={"cases": json.dumps(cases, separators=(",", ":"))})
gradients = {case["op"] for case in cases if '"grad"' in json.dumps(case)}
print(f"{len(cases)} cases of {len(counts)} operators, {len(gradients)} of them with gradients, "
      f"{path.stat().st_size:,} bytes")
