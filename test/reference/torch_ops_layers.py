"""Layers, losses and factories beyond those of torch_ops_cases.py, and operators with random results."""

import torch
from torch_ops_values import bits, buffer, f32, i32, i64, ints, positive, unit, x


def more_images(op):
    op("conv3d", x(1, 1, 3, 3, 3), x(2, 1, 2, 2, 2), x(2))
    op("conv_transpose1d", x(1, 2, 3), x(2, 1, 2), x(1), [2])
    op("conv_transpose3d", x(1, 1, 2, 2, 2), x(1, 1, 2, 2, 2))
    op("conv_tbc", x(4, 1, 2), x(2, 2, 3), x(3))
    op("convolution", x(1, 2, 4), x(3, 2, 2), x(3), [1], [0], [1], False, [0], 1)
    op("avg_pool1d", x(1, 2, 6), [2])
    op("avg_pool3d", x(1, 1, 2, 2, 2), [2])
    op("max_pool1d", x(1, 1, 6), [2])
    op("max_pool1d_with_indices", x(1, 1, 6), [2])
    op("max_pool3d", x(1, 1, 2, 2, 4), [2, 2, 2])
    op("max_pool3d_with_indices", x(1, 1, 2, 2, 4), [2, 2, 2])
    op("adaptive_avg_pool1d", x(1, 2, 5), [2])
    op("adaptive_avg_pool3d", x(1, 1, 3, 2, 2), [2, 1, 1])
    op("adaptive_max_pool1d", x(1, 2, 5), [2])
    op("adaptive_max_pool2d", x(1, 1, 4, 4), [2, 2])
    op("adaptive_max_pool3d", x(1, 1, 2, 2, 2), [1, 1, 2])
    op("fractional_max_pool2d", x(1, 1, 5, 5), [2, 2], [3, 3], buffer(torch.rand(1, 1, 2)))
    op("fractional_max_pool3d", x(1, 1, 4, 4, 4), [2, 2, 2], [2, 2, 2], buffer(torch.rand(1, 1, 3)))
    op("max_unpool2d", x(1, 1, 2, 2), ints([[[[0, 3], [8, 15]]]]), [4, 4])
    op("max_unpool3d", x(1, 1, 1, 1, 2), ints([[[[[0, 7]]]]]), [2, 2, 2], [2, 2, 2], [0, 0, 0])
    for n, name in ((1, "1d"), (2, "2d"), (3, "3d")):
        op(f"reflection_pad{name}", x(1, 1, *[3] * n), [1] * 2 * n)
        op(f"replication_pad{name}", x(1, 1, *[2] * n), [1] * 2 * n)
    op("upsample_linear1d", x(1, 1, 3), [5], True)
    op("upsample_nearest1d", x(1, 1, 3), [5])
    op("upsample_nearest3d", x(1, 1, 1, 2, 2), [2, 4, 4])
    op("upsample_bicubic2d", x(1, 1, 3, 3), [5, 4], False)
    op("upsample_trilinear3d", x(1, 1, 2, 2, 2), [3, 3, 3], True)
    op("grid_sampler_2d", x(1, 1, 3, 3), x(1, 2, 2, 2) / 3, 0, 1, True)
    op("grid_sampler_3d", x(1, 1, 2, 2, 2), x(1, 1, 2, 2, 3) / 3, 0, 0, False)
    op("affine_grid_generator", x(1, 2, 3), [1, 1, 2, 2], True)
    op("thnn_conv2d", x(1, 1, 3, 3), x(1, 1, 2, 2), [2, 2], x(1), [1, 1], [0, 0])
    op("slow_conv3d", x(1, 1, 2, 2, 2), x(1, 1, 2, 2, 2), [2, 2, 2], x(1))
    op("slow_conv_dilated2d", x(1, 1, 4, 4), x(1, 1, 2, 2), [2, 2], x(1), [1, 1], [0, 0], [2, 2])
    op("slow_conv_transpose2d", x(1, 1, 2, 2), x(1, 1, 2, 2), [2, 2], x(1))


def more_layers(op):
    op("instance_norm", x(2, 2, 4), x(2), x(2), None, None, True, 0.1, 1e-5, False)
    op("native_group_norm", x(2, 4, 3), x(4), x(4), 2, 4, 3, 2, 1e-5)
    op("native_batch_norm", x(4, 3), x(3), x(3), None, None, True, 0.1, 1e-5)
    for cell, gates in (("lstm_cell", 4), ("gru_cell", 3), ("rnn_tanh_cell", 1), ("rnn_relu_cell", 1)):
        state = [x(2, 3), x(2, 3)] if gates == 4 else x(2, 3)
        op(cell, x(2, 2), state, x(3 * gates, 2), x(3 * gates, 3), x(3 * gates), x(3 * gates))
    for name in ("rnn_tanh", "rnn_relu"):
        op(name, x(3, 1, 2), x(1, 1, 3), [x(3, 2), x(3, 3), x(3), x(3)], True, 1, 0.0, True, False, False)
    op("dropout", x(4), 0.5, False)
    op("alpha_dropout", x(4), 0.5, False)
    op("feature_dropout", x(1, 2, 3), 0.5, False)
    op("feature_alpha_dropout", x(1, 2, 3), 0.5, False)
    op("native_dropout", x(4), 0.5, False)
    op("_weight_norm", x(3, 2), positive(3, 1), 0)


def more_losses(op):
    op("hinge_embedding_loss", x(4), ints(1, -1, 1, -1), 0.8)
    op("margin_ranking_loss", x(3), x(3), ints(1, -1, 1).float(), 0.2)
    op("multi_margin_loss", x(3, 4), ints(0, 3, 1))
    op("multilabel_margin_loss", x(2, 4), ints([3, 0, -1, 1], [1, -1, 0, 2]))
    op("poisson_nll_loss", x(4), buffer(positive(4) * 3), True, False, 1e-8, 1)
    op("soft_margin_loss", x(4), buffer(torch.tensor([1.0, -1, 1, -1])))
    op("triplet_margin_loss", x(3, 2), x(3, 2), x(3, 2), swap=True)
    op("nll_loss2d", x(1, 3, 2, 2), ints([[[0, 2], [1, 1]]]))
    op("nll_loss_nd", x(1, 3, 4), ints([[0, 2, 1, 1]]))
    op("nll_loss_forward", x(3, 4), ints(0, 3, 1), None, 1, -100)
    op("ctc_loss", torch.log_softmax(x(5, 2, 4), 2), ints([1, 2], [3, 1]), [5, 4], [2, 1], 0, 1)
    op("huber_loss", x(4), x(4), 0, 0.5)


def more_factories(op):
    for name in ("bartlett_window", "blackman_window", "hamming_window", "kaiser_window"):
        op(name, 6)
    op("range", 1, 4, 1)
    op("new_ones", ints(1), [2, 2])
    op("triu_indices", 2, 3)
    op("cartesian_prod", [x(2), x(3)])
    op("vander", buffer(x(3)))
    op("zeros", [2, 3], dtype=torch.complex64)
    op("linspace", buffer(x()), buffer(x()), 3)


def seeded(op):
    """After manual_seed(7): the numbers are PyTorch's."""
    op("rand", [4], seed=7)
    op("randn", [2, 3], seed=7)
    op("randint", 10, [5], seed=7)
    op("randint", -3, 4, [5], dtype=i32, seed=7)
    op("randperm", 6, seed=7)
    for name in ("rand_like", "randn_like"):
        op(name, x(3), seed=7)
    op("randint_like", x(4), 9, seed=7)
    op("bernoulli", unit(6).abs(), seed=7)
    op("bernoulli", unit(6).abs(), 0.3, seed=7)
    op("multinomial", positive(2, 4), 3, seed=7)
    op("multinomial", positive(4), 6, True, seed=7)
    op("poisson", positive(4) * 5, seed=7)
    op("binomial", torch.full([4], 10.0), unit(4).abs(), seed=7)
    op("normal", buffer(x(3)), buffer(positive(3)), seed=7)
    op("normal", 1.0, 2.0, [4], seed=7)
    op("normal", 0.5, buffer(positive(3)), seed=7)
    op("dropout", x(8), 0.4, True, seed=7)
    op("native_dropout", x(8), 0.4, True, seed=7)
    op("alpha_dropout", x(8), 0.4, True, seed=7)
    op("feature_dropout", x(2, 3, 2), 0.4, True, seed=7)
    op("rrelu", x(6), 0.1, 0.3, True, seed=7)
    for name in ("uniform_", "normal_", "exponential_", "cauchy_", "log_normal_", "random_"):
        op(name, buffer(x(5)), seed=7)
    op("geometric_", buffer(x(5)), 0.4, seed=7)
    op("bernoulli_", buffer(x(5)), 0.4, seed=7)
    for name in ("uniform", "exponential", "cauchy", "log_normal", "random"):
        op(name, buffer(x(5)), seed=7)
    op("geometric", buffer(x(5)), 0.4, seed=7)
    op("normal_functional", buffer(x(5)), 1.0, 0.5, seed=7)
    op("_standard_gamma", positive(4) * 3, seed=7)
    op("_sample_dirichlet", positive(2, 3), seed=7)
