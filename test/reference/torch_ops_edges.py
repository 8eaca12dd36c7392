"""Operators at the edges: empty, 0-d, broadcast and non-contiguous tensors, and every kind of dtype.

What PyTorch refuses is recorded as refused."""

import torch
from torch_ops_values import bf16, boolean, c64, f16, f64, i32, i64, u8, x

UNARY = "abs neg exp sin sqrt sigmoid relu round sum mean prod amax cumsum softmax isnan square logical_not".split()
BINARY = "add sub mul div pow maximum eq lt bitwise_and remainder matmul atan2 floor_divide where_self".split()
DTYPES = [f64, bf16, f16, i64, i32, u8, boolean, c64]
DIMENSIONS = {"cumsum": [0], "softmax": [0], "amax": [[0]]}


def of(dtype, *shape):
    if dtype == boolean:
        return x(*shape) > 0
    if dtype == c64:
        return torch.complex(x(*shape), x(*shape))
    if dtype.is_floating_point:
        return x(*shape, dtype=dtype)
    return torch.randint(0 if dtype == u8 else -4, 6, shape, dtype=dtype)


def call(op, name, *args):
    if name == "where_self":
        op("where", torch.tensor([True, False, True])[: args[0].shape[-1] if args[0].dim() else 1], *args, refusable=True)
    else:
        op(name, *args, *DIMENSIONS.get(name, []), refusable=True)


def edges(op):
    for name in UNARY:
        for value in (x(0, 3), x(), x(3, 2).T, *(of(dtype, 3) for dtype in DTYPES)):
            call(op, name, value)
    for name in BINARY:
        for pair in ((x(0, 3), x(3)), (x(), x(3)), (x(2, 1), x(1, 3)), (x(3, 2).T, x(3, 2).T), (x(2, 3), x(2)),
                     *((of(dtype, 3), of(dtype, 3)) for dtype in DTYPES),
                     (of(i64, 3), x(3)), (of(boolean, 3), of(i32, 3)), (of(bf16, 3), x(3)), (of(c64, 3), x(3, dtype=f64)),
                     (of(f16, 3), 2.5), (of(i64, 3), 2), (of(u8, 3), 1.5), (of(boolean, 3), 2)):
            if name == "where_self" and [getattr(part, "dtype", None) for part in pair] == [c64, f64]:
                continue  # its gradient fails in PyTorch itself
            call(op, name, *pair)
