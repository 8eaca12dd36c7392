"""Random and fixed tensors for the cases of torch_ops_*.py: float32 unless said otherwise."""

import torch

f32, f64, f16, bf16 = torch.float32, torch.float64, torch.float16, torch.bfloat16
i64, i32, u8, boolean, c64 = torch.int64, torch.int32, torch.uint8, torch.bool, torch.complex64
INF = float("inf")


def x(*shape, dtype=f32):
    return torch.randn(shape, dtype=f64).to(dtype)


def positive(*shape, dtype=f32):
    return (torch.rand(shape, dtype=f64) + 0.2).to(dtype)


def unit(*shape, dtype=f32):
    """Between -0.9 and 0.9."""
    return (torch.rand(shape, dtype=f64) * 1.8 - 0.9).to(dtype)


def ints(*values, dtype=i64):
    return torch.tensor(values[0] if len(values) == 1 else list(values), dtype=dtype)


def bits(*shape):
    return torch.rand(*shape) < 0.5


def spd(n, dtype=f32):
    a = x(n, n, dtype=f64)
    return (a @ a.T + torch.eye(n, dtype=f64)).to(dtype)


def buffer(tensor):
    """A tensor that gets no gradient."""
    tensor.buffer = True
    return tensor
