"""The same operations in Python; a JSON line of microseconds for every line of standard input."""

import json
import sys
import time

import torch

torch.set_num_threads(1)
x, y = torch.randn(8), torch.randn(8)
inputs, weight, bias = torch.randn(4, 16), torch.randn(16, 16), torch.randn(16)
leaf = torch.randn(8, requires_grad=True)


def chain():
    h = leaf
    for _ in range(10):
        h = h.mul(y).add(x)
    return h.sum()


loss = chain()
operations = {
    "add": (lambda: x.add(y), 1000),
    "add of a number": (lambda: x.add(1.5), 1000),
    "linear": (lambda: torch.nn.functional.linear(inputs, weight, bias), 1000),
    "view": (lambda: x.view([2, 4]), 1000),
    "backward of 20 operators": (lambda: loss.backward(retain_graph=True), 50),
    "20 operators and backward": (lambda: chain().backward(), 50),
}


def measure(operation, count):
    start = time.perf_counter()
    for _ in range(count):
        operation()
    return (time.perf_counter() - start) * 1e6 / count


print(json.dumps(torch.__version__), flush=True)
for _ in sys.stdin:
    print(json.dumps({name: measure(*timed) for name, timed in operations.items()}), flush=True)
