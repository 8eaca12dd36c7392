"""The calls of functions.py: what Python's functions do beside calling an operator."""

import torch

inf = float("inf")
gen = torch.Generator().manual_seed(3)


def x(*shape, scale=1.0):
    return torch.randn(shape, dtype=torch.float64, generator=gen) * scale


def unit(*shape):
    return torch.rand(shape, dtype=torch.float64, generator=gen) * 0.9 + 0.05


def fixed(tensor):
    """Without a gradient, which weights of classes, statistics and signs have none of."""
    tensor.fixed = True
    return tensor


def ints(high, *shape):
    return torch.randint(high, shape, generator=gen)


def signs(*shape):
    return fixed(ints(2, *shape).double() * 2 - 1)


def cases(case):
    of_torch(case)
    activations(case)
    dropouts(case)
    norms(case)
    losses(case)
    class_losses(case)
    pools(case)
    images(case)
    rows_and_attention(case)


def of_torch(case):
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        case(f"torch.{name}", x(2))
        case(f"torch.{name}", x(), x(3))
        case(f"torch.{name}", [x(2, 2)])
    case("torch.block_diag", x(2, 2), x(1, 3), x())
    case("torch.broadcast_tensors", x(2, 1), x(3))
    case("torch.cartesian_prod", x(2), x(3))
    case("torch.cartesian_prod", x(2))
    for options in ({}, {"p": 1.0}, {"p": inf}, {"compute_mode": "donot_use_mm_for_euclid_dist"}, {"compute_mode": "fast"}):
        case("torch.cdist", x(3, 2), x(4, 2), **options)
    case("torch.chain_matmul", x(2, 3), x(3, 4), x(4, 2))
    case("torch.einsum", "ij,jk->ik", x(2, 3), x(3, 2))
    case("torch.einsum", "ij,jk,kl", x(2, 3), x(3, 2), x(2, 2))
    case("torch.einsum", "ij,j", [x(2, 3), x(3)])
    case("torch.einsum", "ii", x(3, 3))
    case("torch.einsum", x(2, 3), [0, 1], x(3, 2), [1, 2], [0, 2])
    case("torch.einsum", x(2, 3, 2), [..., 0], x(2), [0], [...])
    case("torch.einsum", x(2, 3), [0, 60])
    case("torch.einsum", x(2, 3))
    case("torch.meshgrid", x(2), x(3))
    case("torch.meshgrid", x(2), x(3), indexing="xy")
    case("torch.meshgrid", [x(2), x(3)], indexing="ij")
    for args in ([], [1], ["fro"], ["nuc"], [inf], [0.5], [2, 1], [1, [0, 1], True], ["fro", 0], ["nuc", [0, 1], True], [None, 1], [-inf, 0], [0]):
        case("torch.norm", x(3, 4), *args)
    case("torch.norm", x(2, 3, 4), "fro", [0, 2])
    case("torch.norm", x(2, 3, 4), "nuc", [1, 2])
    case("torch.norm", x(2, 3, 4), "nuc")
    case("torch.norm", x(2, 3), "max")
    case("torch.norm", x(2, 3), dim=1, keepdim=True)
    case("torch.norm", torch.ones(2, 3), dtype=torch.float64)
    case("torch.split", x(5, 2), 2)
    case("torch.split", x(2, 5), [1, 4], 1)
    case("torch.split", x(5), 0)
    signal, window = x(2, 16), torch.hann_window(8, dtype=torch.float64)
    for options in ({}, {"center": False}, {"pad_mode": "constant"}, {"normalized": True}, {"onesided": False}, {"win_length": 6, "window": torch.hann_window(6, dtype=torch.float64)},
                    {"align_to_window": True}, {"center": False, "align_to_window": True}):
        case("torch.stft", signal, 8, 4, **({"window": window} | options), return_complex=True, gradients="window" not in options)
    case("torch.stft", x(16), 8, return_complex=True, window=window)
    case("torch.stft", x(16), 8)
    transformed = torch.stft(signal, 8, 4, window=window, return_complex=True)
    case("torch.istft", transformed, 8, 4, window=window)
    case("torch.istft", transformed, 8, 4, window=window, length=14)
    for args in ([], [1], [0], [[[1, 2], [1, 0]]], [torch.tensor(1)], [torch.tensor([[1], [1]])], [5], [-1]):
        case("torch.tensordot", x(2, 3, 4), x(4, 3, 2) if args not in ([[[1, 2], [1, 0]]], []) else x(4, 3, 2) if args else x(3, 4, 2), *args)
    runs = torch.tensor([1, 1, 2, 2, 3, 1])
    for options in ({}, {"return_inverse": True}, {"return_counts": True}, {"return_inverse": True, "return_counts": True}):
        case("torch.unique_consecutive", runs, **options)
        case("torch.unique", runs, **options)
        case("torch.unique_consecutive", runs.view(3, 2)[:, [0, 0]], dim=0, **options)
    case("torch.unravel_index", torch.tensor([[5, 0], [23, 11]]), [2, 3, 4])
    case("torch.unravel_index", torch.tensor(7), 5)
    case("torch.unravel_index", x(2), [3])
    case("torch.unravel_index", torch.tensor([1]), [-3])
    case("torch.lu", x(3, 3))
    case("torch.lu", x(2, 3, 3), get_infos=True)
    case("torch.lu", torch.zeros(2, 2, dtype=torch.float64), get_infos=True)
    case("torch.lu", torch.zeros(2, 2, dtype=torch.float64))
    low = x(9, 8)  # of more singular values than are sought: what is beyond a rank is rounding
    for options in ({}, {"q": 2}, {"q": 2, "niter": 0}, {"q": 3, "M": x(1, 8)}):
        case("torch.svd_lowrank", low, seed=4, gradients=False, **options)
    case("torch.svd_lowrank", low.T.contiguous(), q=2, seed=4, gradients=False)
    for options in ({}, {"q": 2, "center": False}, {"q": 9}, {"niter": 1}):
        case("torch.pca_lowrank", low, seed=4, gradients=False, **options)
    case("torch.broadcast_shapes", [2, 1], [3], [1, 1, 1])
    case("torch.broadcast_shapes", [2], [3])


def activations(case):
    for name in ("relu", "relu6", "selu", "silu", "mish", "hardsigmoid", "hardswish"):
        case(f"F.{name}", x(2, 5, scale=4))
        case(f"F.{name}", x(2, 5, scale=4), inplace=True)
    for name in ("tanhshrink", "softsign", "logsigmoid", "sigmoid", "tanh", "softplus", "softshrink", "hardshrink", "gelu"):
        case(f"F.{name}", x(2, 5, scale=2))
    case("F.gelu", x(5), approximate="tanh")
    case("F.gelu", x(5), approximate="other")
    for name in ("elu", "celu"):
        case(f"F.{name}", x(5), 0.5)
        case(f"F.{name}", x(5), alpha=2.0, inplace=True)
    case("F.leaky_relu", x(5))
    case("F.leaky_relu", x(5), 0.3, inplace=True)
    case("F.hardtanh", x(5))
    case("F.hardtanh", x(5), -0.5, 0.2)
    case("F.hardtanh", x(5), 1.0, -1.0)
    case("F.threshold", x(5), 0.1, 7.0)
    case("F.threshold", x(5), 0.1, 7.0, inplace=True)
    case("F.rrelu", x(6))
    case("F.rrelu", x(6), 0.1, 0.4, True, seed=5)
    case("F.glu", x(3, 4))
    case("F.glu", x(4, 3), 0)
    case("F.glu", x())
    case("F.glu", x(3))
    for name in ("softmax", "log_softmax", "softmin"):
        case(f"F.{name}", x(2, 3), -1)
        case(f"F.{name}", x(3))
        case(f"F.{name}", x(2, 3))
        case(f"F.{name}", x(2, 3, 2))
        case(f"F.{name}", torch.tensor([1, 2]), 0, dtype=torch.float64)
    case("F.gumbel_softmax", x(3, 4), seed=6)
    case("F.gumbel_softmax", x(3, 4), tau=0.5, hard=True, dim=0, seed=6)
    case("F.prelu", x(2, 3), x(3))


def dropouts(case):
    for name, shapes in (("dropout1d", [(2, 3, 4), (3, 4), (2,)]), ("dropout2d", [(2, 3, 2, 2), (2, 3, 4)]), ("dropout3d", [(2, 3, 1, 2, 2), (3, 1, 2, 2)])):
        for shape in shapes:
            case(f"F.{name}", x(*shape), 0.4, seed=7)
        case(f"F.{name}", x(*shapes[0]), training=False)
        case(f"F.{name}", x(*shapes[0]), 1.2)
        case(f"F.{name}", x(*shapes[0]), 0.4, inplace=True, seed=7)
    for name in ("alpha_dropout", "feature_alpha_dropout"):
        case(f"F.{name}", x(3, 4, 2), 0.4)
        case(f"F.{name}", x(3, 4, 2), 0.4, training=True, seed=7)
        case(f"F.{name}", x(3, 4, 2), -0.1)
    case("F.dropout", x(4), 0.4, False)
    case("F.dropout", x(4), 1.5)
    case("F.dropout", x(4), -0.5, False)


def norms(case):
    mean, var = fixed(x(3)), fixed(unit(3))
    case("F.batch_norm", x(4, 3), mean, var)
    case("F.batch_norm", x(4, 3), None, None, training=True)
    case("F.batch_norm", x(1, 3, 2), None, None, weight=x(3), bias=x(3), training=True)
    case("F.batch_norm", x(1, 3), None, None, training=True)
    case("F.batch_norm", x(1, 3, 1, 1), mean, var, training=True)
    case("F.batch_norm", x(1, 3), mean, var, x(3), x(3), False, 0.2, 1e-3)
    case("F.batch_norm", x(2, 3), None, None, training=True, eps=0.0)
    case("F.batch_norm", x(2, 3), mean, var, eps=-1.0)
    case("F.instance_norm", x(2, 3, 4))
    case("F.instance_norm", x(2, 3, 4), weight=x(3), bias=x(3), eps=1e-2)
    case("F.instance_norm", x(2, 3, 1))
    case("F.instance_norm", x(2, 3, 1, 1), mean, var, use_input_stats=False)
    case("F.instance_norm", x(2, 3, 4), mean, var, use_input_stats=False)
    case("F.group_norm", x(2, 4, 3), 2)
    case("F.group_norm", x(2, 4), 2, weight=x(4), bias=x(4), eps=1e-3)
    case("F.group_norm", x(1, 4), 4)
    case("F.group_norm", x(4), 2)
    case("F.group_norm", x(2, 4), 3)
    case("F.layer_norm", x(2, 3, 4), [4])
    case("F.layer_norm", x(2, 3, 4), [3, 4], x(3, 4), x(3, 4), 1e-3)
    case("F.layer_norm", x(2, 3), [3], weight=x(3))
    case("F.rms_norm", x(2, 4), [4])
    case("F.rms_norm", x(2, 4), [4], x(4), 1e-3)
    case("F.local_response_norm", x(2, 5, 3), 3)
    case("F.local_response_norm", x(2, 5, 3, 2), 4, alpha=0.1, beta=0.5, k=2.0)
    case("F.local_response_norm", x(5, 3), 3)
    case("F.local_response_norm", x(0, 5, 3), 3)
    case("F.normalize", x(3, 4))
    case("F.normalize", x(3, 4), p=1, dim=0)
    case("F.normalize", torch.zeros(2, 3, dtype=torch.float64), gradients=False)
    case("F.normalize", x(2, 3, 4), 3.0, [1, 2], 0.1)
    case("F.normalize", x(4))


def losses(case):
    for name in ("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss"):
        for options in ({}, {"reduction": "sum"}, {"reduction": "none"}, {"reduction": "batch"}):
            case(f"F.{name}", x(2, 3), x(2, 3), **options)
        case(f"F.{name}", x(2, 3), x(3))
        case(f"F.{name}", x(2, 3), x(2))
        if name != "smooth_l1_loss":
            for options in ({}, {"reduction": "sum"}, {"reduction": "none"}):
                case(f"F.{name}", x(2, 3), x(2, 3), weight=unit(2, 3), **options)
            case(f"F.{name}", x(2, 3), x(2, 3), weight=unit(3))
    case("F.smooth_l1_loss", x(5), x(5), beta=0.0)
    case("F.smooth_l1_loss", x(5), x(5), beta=0.3)
    case("F.huber_loss", x(5), x(5), delta=0.4)
    for options in ({}, {"reduction": "batchmean"}, {"reduction": "sum"}, {"reduction": "none"}, {"reduction": "batchmean", "log_target": True}):
        case("F.kl_div", x(3, 4), unit(3, 4), **options)
    case("F.kl_div", x(), unit(), reduction="batchmean")
    for options in ({}, {"log_input": False}, {"full": True}, {"reduction": "sum"}, {"reduction": "other"}):
        case("F.poisson_nll_loss", unit(6), unit(6) * 5, **options)
    for var in (unit(3, 4), unit(3, 1), unit(3), 0.5, -unit(3, 4), unit(2)):
        case("F.gaussian_nll_loss", x(3, 4), x(3, 4), var)
    case("F.gaussian_nll_loss", x(3, 4), x(3, 4), unit(3, 4) * 1e-9, full=True, eps=1e-2, reduction="sum")
    case("F.gaussian_nll_loss", x(3), x(3), unit(3), reduction="other")
    case("F.margin_ranking_loss", x(4), x(4), signs(4))
    case("F.margin_ranking_loss", x(4), x(4), signs(4), margin=0.5, reduction="none")
    case("F.margin_ranking_loss", x(4), x(4, 1), signs(4))
    case("F.hinge_embedding_loss", x(4), signs(4), margin=0.5)
    case("F.soft_margin_loss", x(4), signs(4), reduction="sum")
    case("F.cosine_embedding_loss", x(3, 4), x(3, 4), signs(3), margin=0.1)
    case("F.cosine_similarity", x(3, 4), x(3, 4))
    case("F.pairwise_distance", x(3, 4), x(3, 4), p=1.0, keepdim=True)
    case("F.pdist", x(4, 2))
    for options in ({}, {"margin": 0.2, "p": 1.0, "swap": True}, {"reduction": "none"}, {"margin": 0.0}, {"margin": -1.0}):
        case("F.triplet_margin_loss", x(3, 4), x(3, 4), x(3, 4), **options)
    for options in ({}, {"margin": 0.2, "swap": True}, {"reduction": "none"}, {"margin": 0.0}, {"reduction": "other"}, {"distance_function": lambda a, b: (a - b).abs().sum(-1)}):
        case("F.triplet_margin_with_distance_loss", x(3, 4), x(3, 4), x(3, 4), **options)
    case("F.triplet_margin_with_distance_loss", x(3, 4), x(4), x(3, 4))


def class_losses(case):
    classes = torch.tensor([0, 2, -100, 1])
    for options in ({}, {"reduction": "sum"}, {"reduction": "none"}, {"weight": fixed(unit(3))}, {"label_smoothing": 0.2}, {"ignore_index": 2, "reduction": "sum"},
                    {"weight": fixed(unit(3)), "label_smoothing": 0.1, "reduction": "mean"}, {"label_smoothing": 1.5}, {"reduction": "other"}):
        case("F.cross_entropy", x(4, 3), classes, **options)
    case("F.cross_entropy", x(4, 3), unit(4, 3))
    case("F.cross_entropy", x(4, 3), unit(4, 3), weight=fixed(unit(3)), label_smoothing=0.1)
    case("F.cross_entropy", x(2, 3, 2), ints(3, 2, 2))
    case("F.cross_entropy", x(3), torch.tensor(1))
    case("F.cross_entropy", x(4, 3), torch.tensor([0, 2]))
    case("F.nll_loss", x(4, 3), classes)
    case("F.nll_loss", x(2, 3, 2), ints(3, 2, 2), weight=fixed(unit(3)), reduction="none", ignore_index=1)
    case("F.linear_cross_entropy", x(4, 5), x(3, 5), ints(3, 4))
    case("F.linear_cross_entropy", x(4, 5), x(3, 5), ints(3, 4), linear_bias=x(3), weight=fixed(unit(3)), label_smoothing=0.1, reduction="sum")
    for options in ({}, {"weight": fixed(unit(3))}, {"weight": fixed(unit(2, 1)), "reduction": "sum"}, {"reduction": "none"}):
        case("F.binary_cross_entropy", unit(2, 3), unit(2, 3), **options)
        case("F.binary_cross_entropy_with_logits", x(2, 3), unit(2, 3), **options)
    case("F.binary_cross_entropy", unit(2, 3), unit(3))
    case("F.binary_cross_entropy", unit(2, 3) + 1, unit(2, 3))
    case("F.binary_cross_entropy_with_logits", x(2, 3), unit(2, 1))
    case("F.binary_cross_entropy_with_logits", x(2, 3), unit(2, 3), pos_weight=fixed(unit(3)))
    for options in ({}, {"weight": fixed(unit(3))}, {"reduction": "none"}, {"reduction": "sum"}, {"reduction": "other"}):
        case("F.multilabel_soft_margin_loss", x(2, 3), unit(2, 3), **options)
    for options in ({}, {"p": 2, "margin": 0.5}, {"weight": fixed(unit(3))}, {"p": 3}, {"weight": fixed(unit(1, 3))}):
        case("F.multi_margin_loss", x(4, 3), ints(3, 4), **options)
    case("F.multilabel_margin_loss", x(2, 3), torch.tensor([[0, 2, -1], [1, -1, 0]]))
    scores = torch.log_softmax(x(5, 2, 4), -1)
    for lengths in ([torch.tensor([5, 4]), torch.tensor([2, 1])], [(5, 4), (2, 1)]):
        for options in ({}, {"blank": 3, "reduction": "sum"}, {"zero_infinity": True, "reduction": "none"}):
            case("F.ctc_loss", scores, torch.tensor([[1, 2], [2, 0]]), *lengths, **options)


def pools(case):
    for dims, shape in ((1, (2, 2, 6)), (2, (2, 2, 5, 6)), (3, (1, 2, 4, 4, 5))):
        case(f"F.max_pool{dims}d", x(*shape), 2)
        case(f"F.max_pool{dims}d", x(*shape), 2, return_indices=True)
        case(f"F.max_pool{dims}d", x(*shape), 3, 2, 1, 1, True)
        case(f"F.max_pool{dims}d", x(*shape), 2, stride=1, dilation=2, return_indices=True)
        case(f"F.max_pool{dims}d", x(*shape), 2, padding=2)
        case(f"F.avg_pool{dims}d", x(*shape), 2, 1)
        for norm in (1, 2.5, inf, -inf):
            case(f"F.lp_pool{dims}d", x(*shape).abs() + 0.1, norm, 2)
        case(f"F.lp_pool{dims}d", x(*shape).abs() + 0.1, 2, 3, stride=1, ceil_mode=True)
        pooled, places = getattr(torch.nn.functional, f"max_pool{dims}d")(x(*shape), 2, return_indices=True)
        case(f"F.max_unpool{dims}d", pooled, places, 2)
        case(f"F.max_unpool{dims}d", pooled, places, 2, output_size=list(shape))
        case(f"F.max_unpool{dims}d", pooled, places, 2, output_size=[size + 9 for size in shape])
        case(f"F.adaptive_max_pool{dims}d", x(*shape), 2)
        case(f"F.adaptive_max_pool{dims}d_with_indices", x(*shape), [None] * (dims - 1) + [2])
        case(f"F.max_pool{dims}d_with_indices", x(*shape), 2)
        case(f"F.adaptive_max_pool{dims}d", x(*shape), 2, return_indices=True)
    case("F.adaptive_avg_pool1d", x(2, 2, 6), 4)
    case("F.adaptive_avg_pool2d", x(2, 2, 5, 6), [None, 3])
    case("F.adaptive_avg_pool2d", x(2, 2, 5, 6), 2)
    case("F.adaptive_avg_pool2d", x(5, 6), [2, 2])
    case("F.adaptive_avg_pool3d", x(1, 2, 4, 4, 5), [2, None, 3])
    case("F.adaptive_max_pool2d", x(2, 2, 5, 6), [3, None])
    case("F.adaptive_max_pool3d", x(1, 2, 4, 4, 5), [None, 2, None], return_indices=True)
    case("F.fractional_max_pool2d", x(2, 2, 6, 6), 2, output_size=3, seed=8)
    case("F.fractional_max_pool2d", x(2, 2, 6, 6), 2, output_ratio=[0.5, 0.7], return_indices=True, seed=8)
    case("F.fractional_max_pool2d", x(2, 6, 6), 2, output_size=[3, 4], _random_samples=fixed(unit(1, 2, 2)))
    case("F.fractional_max_pool2d", x(2, 2, 6, 6), 2)
    case("F.fractional_max_pool3d", x(1, 2, 4, 4, 4), 2, output_size=2, seed=8)
    case("F.fractional_max_pool2d_with_indices", x(2, 2, 6, 6), 2, output_size=3, seed=8)
    case("F.fractional_max_pool3d_with_indices", x(1, 2, 4, 4, 4), 2, output_ratio=0.6, seed=8)


def images(case):
    signal, image, volume = x(1, 2, 5), x(1, 2, 4, 6), x(1, 2, 3, 4, 3)
    for given, mode in ((signal, "linear"), (image, "bilinear"), (image, "bicubic"), (volume, "trilinear")):
        for options in ({"size": 3}, {"scale_factor": 2.0}, {"scale_factor": 1.7, "align_corners": True}, {"scale_factor": 1.3, "recompute_scale_factor": True}):
            case("F.interpolate", given, mode=mode, **options)
    for given in (signal, image, volume):
        for mode in ("nearest", "nearest-exact", "area"):
            case("F.interpolate", given, size=3, mode=mode)
            case("F.interpolate", given, scale_factor=1.5, mode=mode)
    for mode in ("bilinear", "bicubic", "lanczos"):
        case("F.interpolate", image, size=[2, 3], mode=mode, antialias=True)
        case("F.interpolate", image, scale_factor=0.6, mode=mode, antialias=True)
    case("F.interpolate", image, size=[2, 3], mode="bilinear", antialias=True, align_corners=True)
    for options in ({"size": 2, "antialias": True}, {"size": 2, "mode": "area", "antialias": True}, {"size": 2, "mode": "lanczos"}, {"size": 2, "scale_factor": 2.0}, {},
                    {"size": 2, "align_corners": True}, {"size": 2, "recompute_scale_factor": True}, {"size": [2]}, {"scale_factor": [2.0]}, {"size": 2, "mode": "linear"}):
        case("F.interpolate", image, **options)
    case("F.interpolate", volume, size=2, mode="trilinear", antialias=True)
    case("F.upsample", image, scale_factor=2.0)
    case("F.upsample_nearest", image, size=3)
    case("F.upsample_bilinear", image, scale_factor=2.0)
    grid = unit(1, 3, 2, 2) * 3 - 1.5
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding_mode in ("zeros", "border", "reflection"):
            case("F.grid_sample", image, grid, mode=mode, padding_mode=padding_mode)
    case("F.grid_sample", image, grid, align_corners=True)
    case("F.grid_sample", image, grid, mode="trilinear")
    case("F.grid_sample", image, grid, padding_mode="circular")
    case("F.affine_grid", x(1, 2, 3), [1, 2, 3, 4])
    case("F.affine_grid", x(1, 2, 3), [1, 2, 3, 4], align_corners=True)
    case("F.affine_grid", x(1, 3, 4), [1, 2, 2, 3, 2])
    case("F.affine_grid", x(1, 2, 3), [1, 2, 3])
    case("F.affine_grid", x(1, 3, 3), [1, 2, 3, 4])
    case("F.affine_grid", x(1, 2, 3), [1, 2, 0, 4])
    case("F.affine_grid", ints(3, 1, 2, 3), [1, 2, 3, 4])
    case("F.unfold", image, 2)
    case("F.unfold", image, [2, 3], dilation=1, padding=1, stride=2)
    case("F.fold", x(1, 8, 15), [4, 6], 2)
    case("F.fold", x(1, 8, 15), [4, 5], 2)
    for pad, options in (([1, 2], {}), ([1, 2], {"value": 3.0}), ([1, 2, 0, 1], {"mode": "reflect"}), ([1, 1], {"mode": "circular"}), ([1, 1], {"mode": "replicate"}), ([9, 9], {"mode": "reflect"}), ([1], {}), ([-1, 0], {}), ([1, 1], {"mode": "reflect", "value": 2.0}), ([1, 1], {"mode": "other"})):
        case("F.pad", x(1, 2, 4, 5) if len(pad) == 4 else x(2, 4, 5), pad, **options)
    case("F.pixel_shuffle", x(1, 8, 2, 3), 2)
    case("F.pixel_unshuffle", x(1, 2, 4, 6), 2)
    case("F.channel_shuffle", x(1, 4, 2, 2), 2)
    for dims, shape in ((1, (2, 4, 6)), (2, (2, 4, 5, 6)), (3, (1, 4, 4, 4, 4))):
        kernel = (3,) * dims
        case(f"F.conv{dims}d", x(*shape), x(6, 4, *kernel), x(6))
        case(f"F.conv{dims}d", x(*shape), x(6, 2, *kernel), stride=2, padding=1, groups=2)
        case(f"F.conv{dims}d", x(*shape), x(2, 4, *kernel), padding="same", dilation=2)
        case(f"F.conv_transpose{dims}d", x(*shape), x(4, 2, *kernel), x(2), stride=2, padding=1, output_padding=1)
    case("F.conv_tbc", x(5, 2, 3), x(2, 3, 4), x(4))
    case("F.linear", x(2, 3), x(4, 3), x(4))
    case("F.bilinear", x(2, 3), x(2, 4), x(5, 3, 4), x(5))


def rows_and_attention(case):
    ids = torch.tensor([[0, 2, 1], [3, 3, -4 + 4]])
    weight = x(4, 3, scale=2)
    for options in ({}, {"padding_idx": 3}, {"padding_idx": -1}, {"padding_idx": 4}, {"padding_idx": -5}, {"scale_grad_by_freq": True}, {"sparse": True}):
        case("F.embedding", ids, weight, **options)
    case("F.embedding", ids, weight, max_norm=1.0, gradients=False)
    case("F.embedding", ids, weight, max_norm=1.0, norm_type=1.0, gradients=False)
    for options in ({}, {"mode": "sum"}, {"mode": "max"}, {"padding_idx": -1}, {"per_sample_weights": unit(2, 3)}, {"mode": "sum", "per_sample_weights": unit(2, 3)},
                    {"mode": "max", "sparse": True}, {"mode": "median"}, {"offsets": torch.tensor([0])}, {"mode": "sum", "per_sample_weights": unit(2, 2)}):
        case("F.embedding_bag", ids, weight, **options)
    case("F.embedding_bag", ids.view(-1), weight, torch.tensor([0, 2]))
    case("F.embedding_bag", ids.view(-1), weight, offsets=torch.tensor([0, 2, 6]), include_last_offset=True)
    case("F.embedding_bag", ids.view(-1), weight)
    case("F.one_hot", torch.tensor([0, 2]))
    case("F.one_hot", torch.tensor([0, 2]), 4)
    case("F.one_hot", torch.tensor([0, 2]), 2)
    query, key, value = x(1, 2, 3, 4), x(1, 2, 5, 4), x(1, 2, 5, 4)
    case("F.scaled_dot_product_attention", query, key, value)
    case("F.scaled_dot_product_attention", query, key, value, attn_mask=x(3, 5))
    case("F.scaled_dot_product_attention", query, key, value, attn_mask=torch.ones(3, 5, dtype=torch.bool).tril(1))
    case("F.scaled_dot_product_attention", query, key, value, is_causal=True)
    case("F.scaled_dot_product_attention", query, key, value, scale=0.3)
    case("F.scaled_dot_product_attention", x(1, 4, 3, 4), key, value, enable_gqa=True)
    case("F.scaled_dot_product_attention", query, key, value, attn_mask=x(3, 5), is_causal=True)
    width, heads = 4, 2
    plain = [width, heads, x(3 * width, width), x(3 * width), None, None, False, 0.0, x(width, width), x(width)]
    states = x(3, 2, width)
    for options in ({}, {"need_weights": False}, {"average_attn_weights": False}, {"attn_mask": torch.ones(3, 3, dtype=torch.bool).triu(1)}, {"attn_mask": x(4, 3, 3)},
                    {"key_padding_mask": torch.tensor([[False, False, True], [False, True, False]])}, {"is_causal": True}, {"static_k": x(4, 5, 2), "static_v": x(4, 5, 2)}):
        case("F.multi_head_attention_forward", states, states, states, *plain, **options)
    case("F.multi_head_attention_forward", x(3, width), x(5, width), x(5, width), *plain)
    learned = [width, heads, x(3 * width, width), None, x(1, 1, width), x(1, 1, width), True, 0.0, x(width, width), None]
    case("F.multi_head_attention_forward", states, states, states, *learned, attn_mask=x(3, 3), key_padding_mask=torch.zeros(2, 3, dtype=torch.bool))
    apart = [width, heads, None, x(3 * width), None, None, False, 0.0, x(width, width), x(width)]
    case("F.multi_head_attention_forward", states, x(5, 2, 3), x(5, 2, 6), *apart, use_separate_proj_weight=True, q_proj_weight=x(width, width), k_proj_weight=x(width, 3), v_proj_weight=x(width, 6))
    case("F.multi_head_attention_forward", states, states, states, 5, *plain[1:])
