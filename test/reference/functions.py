"""What torch.functional, torch.nn.functional and torch.special do. Run: python test/reference/functions.py

Writes functions.safetensors. The metadata's `cases` are calls in Python's form that test/nn/functions.test.ts
repeats, with their results, and gradients for the loss sum(out * cos(0.7 n)) of all real outputs, n counting
elements; `refused` where Python raises an error. `functions` lists all that the three modules have.
"""

import inspect
import json
import math
import types
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F
from functions_cases import cases as table
from safetensors.torch import save_file

warnings.simplefilter("ignore")
saved, cases = {}, []
RENAMED = {"_random_samples": "random_samples"}


def store(tensor):
    name = str(len(saved))
    saved[name] = tensor.detach().resolve_conj().resolve_neg().clone().contiguous()
    return name


def encode(value, inputs):
    if isinstance(value, torch.Tensor):
        known = [n for n, (_, tensor) in enumerate(inputs) if tensor is value]
        if known:
            return {"again": known[0]}
        complex_ = value.is_complex()
        node = {"complex" if complex_ else "tensor": store(torch.view_as_real(value) if complex_ else value)}
        inputs.append((node, value))
        return node
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if value is Ellipsis:
        return "..."
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    if callable(value):
        return {"distance": True}
    return [encode(item, inputs) for item in value] if isinstance(value, (list, tuple)) else value


def result_of(value):
    if isinstance(value, torch.Tensor):
        return {"complex": store(torch.view_as_real(value.resolve_conj()))} if value.is_complex() else {"tensor": store(value)}
    if isinstance(value, (list, tuple)):
        return [result_of(item) for item in value]
    return value


def tensors_of(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for item in value for t in tensors_of(item)] if isinstance(value, (list, tuple)) else []


def weighted_sum(out):
    out = torch.view_as_real(out.resolve_conj()) if out.is_complex() else out
    return out.mul(torch.arange(out.numel(), dtype=out.dtype).mul(0.7).cos().view(out.shape)).sum()


def case(name, *args, seed=None, gradients=True, **options):
    module, function = name.split(".")
    inputs = []
    row = {"name": f"{name} {sum(c['function'] == function for c in cases) + 1}", "module": module, "function": function}
    row["args"] = [encode(value, inputs) for value in args]
    row["options"] = {RENAMED.get(key, key): encode(value, inputs) for key, value in options.items()}
    if seed is not None:
        row["seed"] = seed
        torch.manual_seed(seed)
    leaves = {id(t): t.clone().requires_grad_(gradients and t.is_floating_point() and not hasattr(t, "fixed")) for _, t in inputs if not t.is_complex()}
    inplace = options.get("inplace", False)
    swap = lambda v: (leaves[id(v)].clone() if inplace else leaves[id(v)]) if isinstance(v, torch.Tensor) and id(v) in leaves else (
        [swap(i) for i in v] if isinstance(v, (list, tuple)) else v)
    cases.append(row)
    try:
        out = getattr(F if module == "F" else torch, function)(*map(swap, args), **{k: swap(v) for k, v in options.items()})
    except (RuntimeError, ValueError, TypeError, NotImplementedError, AssertionError, IndexError):
        row["refused"] = True
        return
    row["result"] = result_of(out)
    differentiable = [t for t in tensors_of(out) if t.requires_grad]
    if differentiable:
        sum(weighted_sum(t) for t in differentiable).backward()
        for node, tensor in inputs:
            leaf = leaves.get(id(tensor))
            if leaf is not None and leaf.grad is not None:
                node["grad"] = store(leaf.grad.to_dense())


def listed(module, prefix, names):
    rows = []
    for name in sorted(names):
        function = getattr(module, name)
        if not callable(function) or isinstance(function, (type, types.ModuleType)):
            continue
        try:
            parameters = list(inspect.signature(function).parameters)
        except ValueError:
            parameters = None
        own = getattr(function, "__module__", "")
        if prefix == "F" and not (own.startswith(("torch._C", "torch.nn.functional")) or own == "torch"):
            continue
        rows.append({"name": f"{prefix}.{name}", "parameters": parameters})
    return rows


table(case)
INTERNAL = {"assert_int_or_pair", "has_torch_function", "has_torch_function_unary", "has_torch_function_variadic"}
public = [name for name in dir(F) if not name.startswith("_") and name not in INTERNAL]
functions = (
    listed(torch.functional, "torch", torch.functional.__all__)
    + listed(F, "F", public)
    + listed(torch.special, "special", [n for n in torch.special.__all__ if not n.startswith("_")])
)
path = Path(__file__).parent / "functions.safetensors"
dump = lambda value: json.dumps(value, separators=(",", ":"))
save_file(saved, path, metadata={"cases": dump(cases), "functions": dump(functions)})
path.chmod(0o644)
print(f"{len(cases)} cases, {sum('refused' in c for c in cases)} refused, of {len({(c['module'], c['function']) for c in cases})} functions; "
      f"{len(functions)} functions; {path.stat().st_size:,} bytes")
