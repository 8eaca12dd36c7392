"""Reference values of the usual layers and losses. Run: python test/reference/nn_layers.py

Writes nn-layers.safetensors. Of every case, in float64: `<case>.in.<n>`, its inputs in order;
`<case>.state.<name>`, weights and buffers before; `<case>.out`; `<case>.grad.<n>` and
`<case>.grad.<name>` for the loss sum(out * cos(0.7 n)), n counting the elements of out; and
`<case>.after.<name>`, the buffers after. Of every layer with weights, in float32:
`init.<case>.<name>` after torch.manual_seed(11).
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

nn = torch.nn
saved, gen = {}, torch.Generator().manual_seed(5)


def x(*shape, grad=True, scale=1.0):
    made = torch.randn(*shape, dtype=torch.float64, generator=gen) * scale
    return made.requires_grad_(grad)


def ints(high, *shape):
    return torch.randint(high, shape, generator=gen)


def unit(*shape, grad=True):
    return torch.rand(*shape, dtype=torch.float64, generator=gen).requires_grad_(grad)


def signs(*shape):
    return ints(2, *shape).double() * 2 - 1


def case(name, make, *inputs, train=True, call=None):
    torch.manual_seed(11)
    module = make()
    for key, tensor in module.state_dict().items():
        if not isinstance(module, nn.modules.loss._Loss):
            saved[f"init.{name}.{key}"] = tensor.clone()
    module = module.double().train(train)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, dtype=torch.float64, generator=gen) * 0.7)
        for key, buffer in module.named_buffers():
            if key == "running_mean":
                buffer.copy_(torch.randn(buffer.shape, dtype=torch.float64, generator=gen))
            if key == "running_var":
                buffer.copy_(torch.rand(buffer.shape, dtype=torch.float64, generator=gen) + 0.5)
    for key, tensor in module.state_dict().items():
        saved[f"{name}.state.{key}"] = tensor.clone()
    for n, tensor in enumerate(inputs):
        saved[f"{name}.in.{n}"] = tensor.detach().clone()
    out = (call or (lambda m, *given: m(*given)))(module, *inputs)
    loss = (out * (torch.arange(out.numel(), dtype=out.dtype) * 0.7).cos().view(out.shape)).sum()
    if loss.requires_grad:
        loss.backward()
    saved[f"{name}.out"] = out
    for n, tensor in enumerate(inputs):
        if tensor.grad is not None:
            saved[f"{name}.grad.{n}"] = tensor.grad.clone()
            tensor.grad = None
    for key, parameter in module.named_parameters():
        if parameter.grad is not None:
            gradient = parameter.grad
            saved[f"{name}.grad.{key}"] = gradient.to_dense() if gradient.is_sparse else gradient
    for key, buffer in module.named_buffers():
        saved[f"{name}.after.{key}"] = buffer


def first(module, *inputs):
    return module(*inputs)[0]


# Convolutions
case("Conv1d", lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), x(2, 4, 9))
case("Conv1d same", lambda: nn.Conv1d(2, 3, 4, padding="same"), x(2, 2, 6))
case("Conv1d reflect", lambda: nn.Conv1d(2, 3, 3, padding=2, padding_mode="reflect", bias=False), x(2, 2, 6))
case("Conv2d", lambda: nn.Conv2d(4, 2, (3, 2), stride=(1, 2), padding=(2, 0), dilation=(2, 1), groups=2), x(2, 4, 5, 6))
case("Conv2d valid", lambda: nn.Conv2d(2, 2, 2, padding="valid"), x(2, 2, 3, 4))
case("Conv2d circular same", lambda: nn.Conv2d(2, 2, (2, 3), padding="same", padding_mode="circular"), x(1, 2, 4, 4))
case("Conv2d replicate", lambda: nn.Conv2d(2, 2, 3, padding=(1, 2), padding_mode="replicate"), x(1, 2, 4, 4))
case("Conv2d unbatched", lambda: nn.Conv2d(2, 2, 3), x(2, 4, 4))
case("Conv3d", lambda: nn.Conv3d(2, 3, 2, stride=(2, 1, 1), padding=1), x(1, 2, 3, 3, 4))
case("ConvTranspose1d", lambda: nn.ConvTranspose1d(4, 2, 3, stride=2, padding=1, output_padding=1, groups=2), x(2, 4, 5))
case("ConvTranspose2d", lambda: nn.ConvTranspose2d(2, 3, (3, 2), stride=2, dilation=(1, 2), bias=False), x(2, 2, 3, 4))
case("ConvTranspose2d sized", lambda: nn.ConvTranspose2d(2, 2, 3, stride=2, padding=1), x(1, 2, 3, 3), call=lambda m, v: m(v, output_size=(6, 5)))
case("ConvTranspose3d", lambda: nn.ConvTranspose3d(2, 2, 2, stride=2), x(1, 2, 2, 2, 3))

# Pooling
case("MaxPool1d", lambda: nn.MaxPool1d(3, stride=2, padding=1), x(2, 3, 9))
case("MaxPool2d", lambda: nn.MaxPool2d((3, 2), dilation=(1, 2), ceil_mode=True), x(2, 2, 7, 6))
case("MaxPool3d", lambda: nn.MaxPool3d(2), x(1, 2, 4, 4, 5))
case("AvgPool1d", lambda: nn.AvgPool1d(3, padding=1, count_include_pad=False), x(2, 2, 8))
case("AvgPool2d", lambda: nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, divisor_override=5), x(2, 2, 6, 5))
case("AvgPool3d", lambda: nn.AvgPool3d(2, stride=1), x(1, 2, 3, 3, 4))
case("AdaptiveAvgPool1d", lambda: nn.AdaptiveAvgPool1d(3), x(2, 2, 7))
case("AdaptiveAvgPool2d", lambda: nn.AdaptiveAvgPool2d((2, None)), x(2, 2, 5, 3))
case("AdaptiveAvgPool3d", lambda: nn.AdaptiveAvgPool3d(2), x(1, 2, 3, 4, 5))
case("AdaptiveMaxPool1d", lambda: nn.AdaptiveMaxPool1d(3), x(2, 2, 7))
case("AdaptiveMaxPool2d", lambda: nn.AdaptiveMaxPool2d((3, 2)), x(2, 2, 5, 4))
case("AdaptiveMaxPool3d", lambda: nn.AdaptiveMaxPool3d((1, 2, 2)), x(1, 2, 3, 4, 5))

# Norms
case("BatchNorm1d", lambda: nn.BatchNorm1d(3), x(4, 3))
case("BatchNorm1d eval", lambda: nn.BatchNorm1d(3, eps=1e-3), x(4, 3, 2), train=False)
case("BatchNorm2d", lambda: nn.BatchNorm2d(3, momentum=0.3), x(2, 3, 3, 2))
case("BatchNorm2d averaged", lambda: nn.BatchNorm2d(2, momentum=None, affine=False), x(2, 2, 3, 2))
case("BatchNorm2d untracked", lambda: nn.BatchNorm2d(2, track_running_stats=False), x(2, 2, 3, 2), train=False)
case("BatchNorm3d", lambda: nn.BatchNorm3d(2), x(2, 2, 2, 2, 3))
case("InstanceNorm1d", lambda: nn.InstanceNorm1d(3, affine=True), x(2, 3, 4))
case("InstanceNorm2d", lambda: nn.InstanceNorm2d(3, track_running_stats=True), x(2, 3, 3, 2))
case("InstanceNorm2d eval", lambda: nn.InstanceNorm2d(3, track_running_stats=True), x(2, 3, 3, 2), train=False)
case("InstanceNorm2d unbatched", lambda: nn.InstanceNorm2d(3), x(3, 3, 2))
case("InstanceNorm3d", lambda: nn.InstanceNorm3d(2), x(1, 2, 2, 2, 3))
case("GroupNorm", lambda: nn.GroupNorm(2, 4, eps=1e-3), x(2, 4, 3))
case("RMSNorm", lambda: nn.RMSNorm(5), x(3, 5))
case("RMSNorm two", lambda: nn.RMSNorm([2, 5], eps=1e-2, elementwise_affine=False), x(3, 2, 5))

# Activations
for name in (
    "ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardswish", "Sigmoid", "LogSigmoid", "Tanh",
    "Tanhshrink", "Softsign", "Softshrink", "Hardshrink", "Hardsigmoid", "Hardtanh", "GELU",
    "LeakyReLU", "ELU", "CELU", "Softplus",
):
    case(name, getattr(nn, name), x(4, 6, scale=3.0))
case("GELU tanh", lambda: nn.GELU(approximate="tanh"), x(4, 6))
case("LeakyReLU 0.2", lambda: nn.LeakyReLU(0.2), x(4, 6))
case("ELU 2", lambda: nn.ELU(2.0), x(4, 6))
case("CELU 2", lambda: nn.CELU(2.0), x(4, 6))
case("Softplus 2", lambda: nn.Softplus(2.0, 1.0), x(4, 6))
case("Softshrink 1", lambda: nn.Softshrink(1.0), x(4, 6))
case("Hardshrink 1", lambda: nn.Hardshrink(1.0), x(4, 6))
case("Hardtanh 2", lambda: nn.Hardtanh(-0.5, 2.0), x(4, 6, scale=3.0))
case("Threshold", lambda: nn.Threshold(0.3, -2.0), x(4, 6))
case("Softmax", lambda: nn.Softmax(-1), x(3, 4))
case("Softmax implicit", nn.Softmax, x(2, 3, 4))
case("Softmin", lambda: nn.Softmin(1), x(3, 4))
case("LogSoftmax", lambda: nn.LogSoftmax(1), x(3, 4))
case("Softmax2d", nn.Softmax2d, x(2, 3, 2, 2))
case("GLU", nn.GLU, x(3, 4))
case("GLU 0", lambda: nn.GLU(0), x(4, 3))
case("PReLU", nn.PReLU, x(3, 4))
case("PReLU channels", lambda: nn.PReLU(3, init=0.1), x(2, 3, 4))

# Losses
logits = lambda: x(4, 5)
weights = lambda n: unit(n, grad=False) + 0.1
classes = torch.tensor([1, 4, 0, 2])
masked = torch.tensor([1, 3, 0, 2])
fixed = weights(5)
saved["weights.5"] = fixed
case("CrossEntropyLoss", nn.CrossEntropyLoss, logits(), classes)
case("CrossEntropyLoss all", lambda: nn.CrossEntropyLoss(fixed, ignore_index=3, label_smoothing=0.2), logits(), masked)
case("CrossEntropyLoss none", lambda: nn.CrossEntropyLoss(reduction="none"), x(2, 3, 4), ints(3, 2, 4))
case("CrossEntropyLoss soft", nn.CrossEntropyLoss, logits(), torch.softmax(x(4, 5, grad=False), 1))
case("NLLLoss", lambda: nn.NLLLoss(fixed, ignore_index=3), x(4, 5), masked)
case("NLLLoss 2d", lambda: nn.NLLLoss(reduction="sum"), x(2, 3, 2, 2), ints(3, 2, 2, 2))
case("BCELoss", nn.BCELoss, unit(3, 4), unit(3, 4, grad=False))
case("BCELoss weight", lambda: nn.BCELoss(fixed, reduction="sum"), unit(3, 5), unit(3, 5, grad=False))
case("BCEWithLogitsLoss", nn.BCEWithLogitsLoss, x(3, 4), unit(3, 4, grad=False))
case("BCEWithLogitsLoss all", lambda: nn.BCEWithLogitsLoss(fixed, reduction="sum", pos_weight=fixed * 2), x(3, 5), unit(3, 5, grad=False))
case("MultiLabelSoftMarginLoss", lambda: nn.MultiLabelSoftMarginLoss(fixed), x(3, 5), ints(2, 3, 5).double())
case("MSELoss", nn.MSELoss, x(3, 4), x(3, 4))
case("L1Loss", lambda: nn.L1Loss(reduction="sum"), x(3, 4), x(3, 4))
case("SmoothL1Loss", lambda: nn.SmoothL1Loss(beta=0.5), x(3, 4), x(3, 4))
case("HuberLoss", lambda: nn.HuberLoss(reduction="none", delta=0.7), x(3, 4), x(3, 4))
case("KLDivLoss", nn.KLDivLoss, x(3, 4), unit(3, 4, grad=False))
case("KLDivLoss batchmean", lambda: nn.KLDivLoss(reduction="batchmean", log_target=True), x(3, 4), x(3, 4, grad=False))
case("PoissonNLLLoss", nn.PoissonNLLLoss, x(3, 4), ints(5, 3, 4).double())
case("PoissonNLLLoss all", lambda: nn.PoissonNLLLoss(log_input=False, full=True, reduction="sum"), unit(3, 4), ints(5, 3, 4).double())
case("GaussianNLLLoss", nn.GaussianNLLLoss, x(3, 4), x(3, 4), unit(3, 4))
case("GaussianNLLLoss all", lambda: nn.GaussianNLLLoss(full=True, eps=0.5, reduction="sum"), x(3, 4), x(3, 4), unit(3, 1))
case("CosineEmbeddingLoss", lambda: nn.CosineEmbeddingLoss(0.2), x(5, 3), x(5, 3), signs(5))
case("MarginRankingLoss", lambda: nn.MarginRankingLoss(0.5), x(6), x(6), signs(6))
case("HingeEmbeddingLoss", nn.HingeEmbeddingLoss, x(6), signs(6))
case("SoftMarginLoss", nn.SoftMarginLoss, x(6), signs(6))
case("TripletMarginLoss", nn.TripletMarginLoss, x(5, 3), x(5, 3), x(5, 3))
case("TripletMarginLoss all", lambda: nn.TripletMarginLoss(2.0, p=1.0, eps=1e-4, swap=True, reduction="sum"), x(5, 3), x(5, 3), x(5, 3))
case("MultiMarginLoss", lambda: nn.MultiMarginLoss(p=2, margin=0.8, weight=fixed), x(4, 5), classes)
case("MultiLabelMarginLoss", nn.MultiLabelMarginLoss, x(2, 4), torch.tensor([[3, 0, -1, 1], [1, -1, 0, 0]]))
case("CTCLoss", nn.CTCLoss, x(6, 2, 4), ints(3, 2, 3) + 1, call=lambda m, v, t: m(v.log_softmax(2), t, [6, 5], [3, 2]))

# Embeddings
ids = torch.tensor([[1, 4, 1], [0, 2, 6]])
case("Embedding", lambda: nn.Embedding(7, 3, padding_idx=0, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True), ids)
case("EmbeddingBag", lambda: nn.EmbeddingBag(7, 3), ids)
case("EmbeddingBag sum", lambda: nn.EmbeddingBag(7, 3, mode="sum", padding_idx=1), ids.flatten(), torch.tensor([0, 2, 2]))
case("EmbeddingBag max", lambda: nn.EmbeddingBag(7, 3, mode="max", include_last_offset=True), ids.flatten(), torch.tensor([0, 2, 6]))
case("EmbeddingBag weighted", lambda: nn.EmbeddingBag(7, 3, mode="sum"), ids, unit(2, 3), call=lambda m, i, w: m(i, per_sample_weights=w))

# Shapes
case("Flatten", nn.Flatten, x(2, 3, 2))
case("Flatten 0", lambda: nn.Flatten(0, 1), x(2, 3, 2))
case("Unflatten", lambda: nn.Unflatten(1, (2, 3)), x(2, 6))
case("PixelShuffle", lambda: nn.PixelShuffle(2), x(1, 8, 2, 3))
case("PixelUnshuffle", lambda: nn.PixelUnshuffle(2), x(1, 2, 4, 2))
case("ChannelShuffle", lambda: nn.ChannelShuffle(2), x(1, 6, 2, 1))
case("Unfold", lambda: nn.Unfold((2, 3), padding=1, stride=2), x(1, 2, 4, 5))
case("Fold", lambda: nn.Fold((4, 5), (2, 3), dilation=1, padding=1, stride=2), x(1, 12, 9))
case("Upsample", lambda: nn.Upsample(scale_factor=2), x(1, 2, 3, 2))
case("Upsample size", lambda: nn.Upsample(size=(5, 3)), x(1, 2, 3, 2))
case("Upsample linear", lambda: nn.Upsample(scale_factor=1.7, mode="linear"), x(1, 2, 4))
case("Upsample bilinear", lambda: nn.Upsample(scale_factor=(1.5, 2), mode="bilinear"), x(1, 2, 3, 4))
case("Upsample aligned", lambda: nn.Upsample(size=5, mode="bilinear", align_corners=True), x(1, 2, 3, 4))
case("Upsample bicubic", lambda: nn.Upsample(scale_factor=1.5, mode="bicubic", recompute_scale_factor=True), x(1, 1, 3, 3))
case("Upsample trilinear", lambda: nn.Upsample(scale_factor=2, mode="trilinear"), x(1, 1, 2, 2, 2))
case("ConstantPad1d", lambda: nn.ConstantPad1d((2, 1), 0.5), x(1, 2, 3))
case("ZeroPad2d", lambda: nn.ZeroPad2d((1, 0, 2, 1)), x(1, 1, 2, 2))
case("ReflectionPad2d", lambda: nn.ReflectionPad2d(1), x(1, 1, 3, 2))
case("ReplicationPad1d", lambda: nn.ReplicationPad1d(2), x(1, 2, 3))
case("CircularPad2d", lambda: nn.CircularPad2d((1, 2, 0, 1)), x(1, 1, 3, 3))
case("CosineSimilarity", lambda: nn.CosineSimilarity(dim=-1), x(3, 4), x(3, 4))
case("PairwiseDistance", lambda: nn.PairwiseDistance(p=1.5, keepdim=True), x(3, 4), x(3, 4))

# Attention
blocked = torch.ones(4, 4, dtype=torch.bool).triu(1)
padding = torch.tensor([[False, False, False, False], [False, False, True, True]])
mha = nn.MultiheadAttention
case("MultiheadAttention", lambda: mha(6, 2), x(4, 2, 6), call=lambda m, v: first(m, v, v, v))
case("MultiheadAttention masked", lambda: mha(6, 2, batch_first=True), x(2, 4, 6), call=lambda m, v: m(v, v, v, key_padding_mask=padding, attn_mask=blocked, need_weights=False)[0])
case("MultiheadAttention weights", lambda: mha(6, 2, bias=False), x(4, 2, 6), x(3, 2, 6), call=lambda m, q, k: m(q, k, k)[1])
case("MultiheadAttention heads", lambda: mha(6, 2, batch_first=True), x(2, 4, 6), call=lambda m, v: m(v, v, v, key_padding_mask=padding, average_attn_weights=False)[1])
case("MultiheadAttention widths", lambda: mha(6, 3, kdim=5, vdim=4, add_bias_kv=True, add_zero_attn=True, batch_first=True), x(2, 3, 6), x(2, 4, 5), x(2, 4, 4), call=lambda m, q, k, v: m(q, k, v, key_padding_mask=padding)[0])
case("MultiheadAttention unbatched", lambda: mha(6, 2), x(4, 6), call=lambda m, v: first(m, v, v, v))
small = dict(dim_feedforward=5, dropout=0.0)
case("TransformerEncoderLayer", lambda: nn.TransformerEncoderLayer(6, 2, **small), x(4, 2, 6), call=lambda m, v: m(v, src_mask=blocked, src_key_padding_mask=padding))
case("TransformerEncoderLayer pre", lambda: nn.TransformerEncoderLayer(6, 2, activation="gelu", norm_first=True, batch_first=True, bias=False, layer_norm_eps=1e-3, **small), x(2, 4, 6))
case("TransformerDecoderLayer", lambda: nn.TransformerDecoderLayer(6, 2, **small), x(4, 2, 6), x(3, 2, 6), call=lambda m, v, w: m(v, w, tgt_mask=blocked, memory_key_padding_mask=padding[:, 1:]))
case("TransformerDecoderLayer pre", lambda: nn.TransformerDecoderLayer(6, 2, norm_first=True, batch_first=True, **small), x(2, 4, 6), x(2, 3, 6))
case("TransformerEncoder", lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, batch_first=True, **small), 2, nn.LayerNorm(6)), x(2, 4, 6))

# Draws
torch.manual_seed(11)
saved["draw.xavier_normal"] = nn.init.xavier_normal_(torch.empty(4, 6), gain=2)
torch.manual_seed(11)
saved["draw.kaiming_normal"] = nn.init.kaiming_normal_(torch.empty(4, 6, 3), a=0.5, mode="fan_out")
torch.manual_seed(11)
saved["draw.orthogonal"] = nn.init.orthogonal_(torch.empty(3, 2, 4), gain=2)
for name, module in {
    "Dropout1d": nn.Dropout1d(0.4),
    "Dropout2d": nn.Dropout2d(0.4),
    "Dropout3d": nn.Dropout3d(0.4),
    "AlphaDropout": nn.AlphaDropout(0.4),
    "FeatureAlphaDropout": nn.FeatureAlphaDropout(0.4),
}.items():
    shape = {"Dropout1d": (2, 6, 3), "Dropout3d": (2, 6, 1, 2, 2)}.get(name, (2, 6, 2, 2))
    torch.manual_seed(11)
    saved[f"dropout.{name}"] = module(torch.ones(shape))

save_file(
    {name: tensor.detach().clone().contiguous() for name, tensor in saved.items()},
    Path(__file__).parent / "nn-layers.safetensors",
)
