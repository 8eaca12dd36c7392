"""The defaults of PyTorch's layers, losses, optimizers and schedules. Run: python test/reference/defaults.py

Writes defaults.json: by class the parameters of its constructor with their defaults, in order;
null is None, and "required" what has no default. Functions are written by name.
"""

import inspect
import json
from pathlib import Path

import torch

nn, optim, schedules = torch.nn, torch.optim, torch.optim.lr_scheduler

LAYERS = """
    Linear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
    MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d
    AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d
    AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
    BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d
    LayerNorm GroupNorm RMSNorm
    ReLU ReLU6 LeakyReLU ELU CELU SELU GELU SiLU Mish Hardswish Sigmoid LogSigmoid Tanh Tanhshrink
    Softsign Softplus Softshrink Hardshrink Hardsigmoid Hardtanh Threshold
    Softmax Softmin LogSoftmax Softmax2d GLU PReLU
    CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss MultiLabelSoftMarginLoss CTCLoss
    L1Loss MSELoss SmoothL1Loss HuberLoss KLDivLoss PoissonNLLLoss GaussianNLLLoss
    CosineEmbeddingLoss MarginRankingLoss HingeEmbeddingLoss SoftMarginLoss TripletMarginLoss
    MultiMarginLoss MultiLabelMarginLoss
    Embedding EmbeddingBag Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout
    Flatten Unflatten PixelShuffle PixelUnshuffle ChannelShuffle Unfold Fold Upsample
    ConstantPad1d ConstantPad2d ConstantPad3d ZeroPad1d ZeroPad2d ZeroPad3d ReflectionPad1d
    ReflectionPad2d ReplicationPad1d ReplicationPad2d CircularPad1d CircularPad2d
    CosineSimilarity PairwiseDistance
    MultiheadAttention TransformerEncoderLayer TransformerDecoderLayer RNNCell LSTMCell GRUCell
""".split()
OPTIMIZERS = "SGD Adam AdamW RMSprop".split()
SCHEDULES = """
    StepLR MultiStepLR ExponentialLR CosineAnnealingLR CosineAnnealingWarmRestarts LinearLR
    ConstantLR PolynomialLR LambdaLR OneCycleLR ReduceLROnPlateau SequentialLR
""".split()


def defaults(of):
    parameters = list(inspect.signature(of.__init__).parameters.values())[1:]
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if len(named) < len(parameters):  # Softmax2d and others inherit object's
        assert not named, of
    return {p.name: "required" if p.default is p.empty else plain(p.default) for p in named}


def plain(value):
    if callable(value):
        return value.__name__
    return list(value) if isinstance(value, tuple) else value


table = {
    "nn": {name: defaults(getattr(nn, name)) for name in LAYERS},
    "optim": {name: defaults(getattr(optim, name)) for name in OPTIMIZERS},
    "schedules": {name: defaults(getattr(schedules, name)) for name in SCHEDULES},
}
recurrent = defaults(nn.RNNBase)  # their own constructors take *args
del recurrent["mode"]
table["nn"] |= {"LSTM": recurrent, "GRU": recurrent, "RNN": recurrent}
text = json.dumps(table, indent=2)
(Path(__file__).parent / "defaults.json").write_text(text + "\n")
