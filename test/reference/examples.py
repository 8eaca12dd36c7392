"""Reference values of the examples' models, in tiny configurations. Run: python test/reference/examples.py

Weights are a formula of their names, written the same way in test/examples/formula.ts, so none are
committed. Writes examples.safetensors. The ResNet is torchvision's, written here as it is there; GPT-2 is that
of transformers.
"""

import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

saved = {}


def formula(name, shape):
    """sin(seed + 0.37 n) over the elements n, scaled and shifted by what the name says."""
    seed = sum((n + 1) * ord(letter) for n, letter in enumerate(name)) % 1009
    count = math.prod(shape)
    wave = (torch.arange(count, dtype=torch.float64) * 0.37 + seed).sin().view(shape)
    if name.endswith("running_var"):
        return 1 + 0.5 * wave
    if len(shape) > 1:
        return wave * math.sqrt(6 / math.prod(shape[1:]))
    return (1 if name.endswith("weight") else 0) + 0.2 * wave


def fill(model):
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point() and name != "lm_head.weight":
                tensor.copy_(formula(name.removeprefix("transformer."), tensor.shape))


class BasicBlock(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + identity)


class ResNet(nn.Module):
    def __init__(self, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = width
        for n, stride in enumerate((1, 2, 2, 2)):
            own = width * 2**n
            setattr(self, f"layer{n + 1}", nn.Sequential(BasicBlock(channels, own, stride), BasicBlock(own, own, 1)))
            channels = own
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def resnet():
    model = ResNet(4, 5).double()
    fill(model)
    images = formula("images", (2, 3, 32, 32))
    saved["resnet.eval"] = model.eval()(images)
    out = model.train()(images)
    saved["resnet.train"] = out
    nn.functional.cross_entropy(out, torch.tensor([1, 3])).backward()
    for name in ("conv1.weight", "layer2.0.downsample.1.weight", "fc.bias"):
        saved[f"resnet.grad.{name}"] = dict(model.named_parameters())[name].grad
    for name in ("bn1.running_mean", "layer4.1.bn2.running_var"):
        saved[f"resnet.after.{name}"] = model.state_dict()[name]
    saved["resnet.names"] = torch.tensor(list("\n".join(model.state_dict()).encode()), dtype=torch.uint8)


def gpt():
    config = GPT2Config(
        vocab_size=23, n_positions=16, n_embd=12, n_layer=2, n_head=3,
        resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, attn_implementation="eager",
    )
    model = GPT2LMHeadModel(config).double().eval()
    fill(model)
    ids = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]])
    saved["gpt.ids"] = ids
    logits = model(ids).logits
    saved["gpt.logits"] = logits
    nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()).backward()
    for name in ("wte.weight", "h.0.attn.c_attn.weight", "h.1.mlp.c_fc.bias"):
        saved[f"gpt.grad.{name}"] = dict(model.transformer.named_parameters())[name].grad
    with torch.no_grad():
        saved["gpt.greedy"] = continued(model, ids, lambda logits: logits.argmax(-1, keepdim=True))
        torch.manual_seed(3)
        saved["gpt.sampled"] = continued(model, ids, sample)


def sample(logits):
    scaled = logits / 0.7
    least = scaled.topk(6).values[:, -1:]
    return torch.multinomial(scaled.masked_fill(scaled < least, -math.inf).softmax(-1), 1)


def continued(model, ids, pick, count=8):
    """Without any cache."""
    for _ in range(count):
        ids = torch.cat([ids, pick(model(ids, use_cache=False).logits[:, -1])], 1)
    return ids


resnet()
gpt()
HERE = Path(__file__).parent
save_file({k: v.detach().clone().contiguous() for k, v in saved.items()}, HERE / "examples.safetensors")
(HERE / "examples.safetensors").chmod(0o644)
