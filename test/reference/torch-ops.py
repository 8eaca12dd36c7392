"""Reference values of PyTorch's operators. Run: python test/reference/torch-ops.py

Writes torch-ops-<family>.safetensors: arguments, results and gradients of each case; the metadata's
`cases` is the JSON list of calls that test/torch/operators.test.ts replays. Gradients are those of
sum(out * cos(0.7 n)) over every floating result, n counting its elements. Complex tensors are
stored by view_as_real, non-contiguous ones with their dimensions reversed.
"""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch_ops_cases import factories, images, indexing, linear_algebra, losses, pointwise, queries
from torch_ops_cases import reductions, shapes
from torch_ops_edges import edges
from torch_ops_functions import binary, inplace, more_reductions, unary
from torch_ops_layers import more_factories, more_images, more_layers, more_losses, seeded
from torch_ops_structure import fourier, more_linear_algebra, more_shapes

FAMILIES = {
    "pointwise": [pointwise, unary, binary],
    "in-place": [inplace],
    "reductions": [reductions, more_reductions],
    "shapes": [shapes, more_shapes, indexing],
    "linear-algebra": [linear_algebra, more_linear_algebra, fourier],
    "layers": [images, more_images, more_layers],
    "losses": [losses, more_losses, factories, more_factories, queries, seeded],
    "edges": [edges],
}
DTYPE_RESULTS = {"result_type", "promote_types"}  # a number where torch.ops calls them
RESULTS = {"out", "values", "indices"}  # options of out variants, which autograd refuses
saved, cases, counts = {}, [], {}


def op(name, *args, raw=False, seed=None, refusable=False, **options):
    """Records a call of aten::<name>; `raw` where torch's function of that name is something else."""
    counts[name] = counts.get(name, 0) + 1
    inputs = []
    encode_argument = lambda value: encode(value, inputs)
    case = {"name": f"{name} {counts[name]}", "op": name, "args": [encode_argument(value) for value in args]}
    if options:
        case["options"] = {key: encode_argument(value) for key, value in options.items()}
    case |= {"raw": True} if raw else {}
    case |= {"method": True} if has_self(name) else {}
    case |= {"seed": seed} if seed is not None else {}
    cases.append(case)
    no_gradient = bool(RESULTS & set(options))
    leaves = [leaf_of(tensor, no_gradient) for _, tensor in inputs]
    try:
        if seed is not None:
            torch.manual_seed(seed)
        result, given = call(name, args, options, inputs, leaves)
    except (RuntimeError, IndexError, TypeError) as error:
        if not refusable:
            raise RuntimeError(f"{case['name']}: {error}") from error
        case["refused"] = True
        return
    for (node, tensor), after in zip(inputs, given):
        if not tensor.is_complex() and not torch.equal(after.detach(), tensor) and not tensor.isnan().any():
            node["after"] = store(after)
    record_gradients(inputs, leaves, result)
    case["result"] = encode_result(result)


def leaf_of(tensor, no_gradient):
    """What the tensor is made of: itself, its real and imaginary parts, or its transpose."""
    leaf = torch.view_as_real(tensor) if tensor.is_complex() else tensor if tensor.is_contiguous() else reverse(tensor)
    wants = leaf.is_floating_point() and not hasattr(tensor, "buffer") and not no_gradient
    return leaf.detach().clone().requires_grad_(wants)


def reverse(tensor):
    return tensor.permute(*reversed(range(tensor.dim())))


def passed_of(tensor, leaf, in_place):
    if tensor.is_complex():
        return torch.view_as_complex(leaf)
    whole = leaf if tensor.is_contiguous() else reverse(leaf)
    return whole.clone() if in_place else whole


def call(name, args, options, inputs, leaves):
    """The result, and the tensors as given, which an in-place or out operator has changed."""
    given = [passed_of(tensor, leaf, name.endswith("_")) for (_, tensor), leaf in zip(inputs, leaves)]
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


def record_gradients(inputs, leaves, result):
    outputs = [out for out in tensors_of(result) if out.requires_grad]
    if not outputs:
        return
    try:
        losses_of = [weighted_sum(torch.view_as_real(out.resolve_conj()) if out.is_complex() else out) for out in outputs]
        sum(losses_of[1:], losses_of[0]).backward()
    except (RuntimeError, NotImplementedError) as error:
        if "not implemented" not in str(error) and "not differentiable" not in str(error):
            raise
        return
    for (node, _), leaf in zip(inputs, leaves):
        if leaf.grad is not None:
            node["grad"] = store(leaf.grad)


def encode(value, inputs):
    if isinstance(value, torch.Tensor):
        kind = "complex" if value.is_complex() else "tensor" if value.is_contiguous() else "reversed"
        node = {kind: store(leaf_of(value, True))}
        inputs.append((node, value))
        return node
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    return [encode(item, inputs) for item in value] if isinstance(value, list) else value


def encode_result(value):
    if isinstance(value, torch.Tensor):
        if value.is_complex():
            return {"complex": store(torch.view_as_real(value.resolve_conj()))}
        return {"tensor": store(value)}
    if isinstance(value, (list, tuple)):
        return [encode_result(item) for item in value]
    return str(value).removeprefix("torch.") if isinstance(value, torch.dtype) else value


def store(tensor):
    name = str(len(saved))
    saved[name] = tensor.detach().resolve_neg().clone().contiguous()
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


folder = Path(__file__).parent
everything = []
for number, (family, tables) in enumerate(FAMILIES.items()):
    torch.manual_seed(5 + number)
    saved.clear()
    cases.clear()
    for table in tables:
        table(op)
    path = folder / f"torch-ops-{family}.safetensors"
    save_file(saved, path, metadata={"cases": json.dumps(cases, separators=(",", ":"))})
    everything += [dict(case) for case in cases]
    print(f"{family}: {len(cases)} cases, {path.stat().st_size:,} bytes")
bare = lambda name: name if name.startswith("_foreach") else name.rstrip("_")
gradients = {bare(case["op"]) for case in everything if '"grad"' in json.dumps(case)}
print(f"{len(everything)} cases of {len({bare(case['op']) for case in everything})} operators, "
      f"{len(gradients)} of them with gradients, {sum('refused' in case for case in everything)} refused")
