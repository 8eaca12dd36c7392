"""Reference values of torch.nn for the module tests. Run: python test/reference/nn.py

Writes nn.safetensors: `<case>.<input or weight>`, `<case>.out`, and `<case>.grad.<name>` for the
loss sum(out * cos(0.7 n)), n counting the elements of out.
"""

import math
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent
saved = {}


def record(case, module, inputs, call=None):
    out = (call or module)(*inputs.values())
    loss = (out * (torch.arange(out.numel(), dtype=out.dtype) * 0.7).cos().view(out.shape)).sum()
    loss.backward()
    tensors = {**inputs, **dict(module.named_parameters())}
    for name, tensor in tensors.items():
        saved[f"{case}.{name}"] = tensor.detach()
        if tensor.grad is not None:
            saved[f"{case}.grad.{name}"] = tensor.grad
    saved[f"{case}.out"] = out.detach()


def x(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


torch.manual_seed(3)
nn = torch.nn
record("linear", nn.Linear(5, 3).double(), {"x": x(2, 4, 5)})
record("linear_no_bias", nn.Linear(5, 3, bias=False).double(), {"x": x(4, 5)})
ids = torch.tensor([[1, 0, 6], [2, 6, 6]])
record("embedding", nn.Embedding(7, 4).double(), {"ids": ids})
record("embedding_padded", nn.Embedding(7, 4, padding_idx=-1).double(), {"ids": ids})
norm = nn.LayerNorm(6, eps=1e-12).double()
with torch.no_grad():
    norm.weight.normal_()
    norm.bias.normal_()
record("layer_norm", norm, {"x": x(2, 3, 6)})
record("layer_norm_2d", nn.LayerNorm([3, 6], elementwise_affine=False).double(), {"x": x(2, 3, 6)})
record("gelu", nn.GELU(), {"x": x(3, 7)})
record("relu", nn.ReLU(), {"x": x(3, 7)})
record("tanh", nn.Tanh(), {"x": x(3, 7)})

for case, context in {"attention": False, "attention_masked": False, "cross_attention": True}.items():
    sizes = {"kdim": 6, "vdim": 6} if context else {}
    attention = nn.MultiheadAttention(8, 2, batch_first=True, **sizes).double()
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.normal_(0, 0.5)
    inputs = {"x": x(3, 5, 8)}
    if context:
        inputs["context"] = x(3, 4, 6)
    padding = None
    if case == "attention_masked":
        padding = torch.arange(5) >= torch.tensor([[5], [3], [1]])
        saved[f"{case}.attend"] = ~padding

    def attend(query, source=None):
        source = query if source is None else source
        return attention(query, source, source, key_padding_mask=padding, need_weights=False)[0]

    record(case, attention, inputs, attend)


def initial(case, make):
    torch.manual_seed(11)
    made = make()
    tensors = dict(made.named_parameters()) if isinstance(made, nn.Module) else {"x": made}
    for name, tensor in tensors.items():
        saved[f"init.{case}.{name}"] = tensor.detach()


initial("linear", lambda: nn.Linear(20, 7))
initial("embedding", lambda: nn.Embedding(9, 5, padding_idx=2))
initial("xavier_uniform", lambda: nn.init.xavier_uniform_(torch.empty(6, 10), gain=2))
initial("kaiming_uniform", lambda: nn.init.kaiming_uniform_(torch.empty(6, 10, 3), a=math.sqrt(5)))
initial("trunc_normal", lambda: nn.init.trunc_normal_(torch.empty(6, 10), 1.0, 2.0, -1.0, 2.5))

torch.manual_seed(4)
record("conv2d", nn.Conv2d(3, 4, 2, stride=2).double(), {"x": x(2, 3, 6, 6)})
record("conv2d_padded", nn.Conv2d(2, 3, 3, padding=1, bias=False).double(), {"x": x(2, 2, 4, 5)})
initial("conv2d", lambda: nn.Conv2d(3, 4, 2))

save_file({name: tensor.detach().clone().contiguous() for name, tensor in saved.items()}, HERE / "nn.safetensors")
