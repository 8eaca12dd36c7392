"""The same operations in Python, one JSON line of microseconds."""

import json
import time

import torch

REPETITIONS, ROUNDS = 2000, 15
torch.set_num_threads(1)
x, y = torch.randn(8), torch.randn(8)
inputs, weight, bias = torch.randn(4, 16), torch.randn(16, 16), torch.randn(16)
leaf = torch.randn(8, requires_grad=True)


def graph():
    h = leaf
    for _ in range(10):
        h = h.mul(y).add(x)
    h.sum().backward()


operations = {
    "add": (lambda: x.add(y), REPETITIONS),
    "add scalar": (lambda: x.add(1.5), REPETITIONS),
    "linear": (lambda: torch.nn.functional.linear(inputs, weight, bias), REPETITIONS),
    "view": (lambda: x.view([2, 4]), REPETITIONS),
    "backward of 20": (graph, 50),
}
best = {}
for _ in range(ROUNDS):
    for name, (operation, count) in operations.items():
        start = time.perf_counter()
        for _ in range(count):
            operation()
        best[name] = min(best.get(name, float("inf")), (time.perf_counter() - start) * 1e6 / count)
print(json.dumps(best))
