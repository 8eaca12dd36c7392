"""Pointwise functions, special functions and reductions beyond those of torch_ops_cases.py."""

import torch
from torch_ops_values import INF, bits, f64, i32, i64, ints, positive, spd, u8, unit, x

ANYWHERE = """absolute angle arcsinh arctan asinh atan ceil celu conj conj_physical cos cosh deg2rad erfc exp2
fix frac hardshrink hardsigmoid hardswish i0 isfinite isinf isneginf isposinf isreal log_sigmoid mish negative
positive rad2deg relu6 selu sgn signbit sinc sinh softshrink square tan trunc zero real resolve_conj resolve_neg
special_airy_ai special_bessel_j0 special_bessel_j1 special_erf special_erfc special_erfcx special_exp2
special_expit special_expm1 special_i0 special_i0e special_i1 special_i1e special_log_ndtr
special_modified_bessel_i0 special_modified_bessel_i1 special_ndtr special_round special_sinc
special_spherical_bessel_j0 detach clone alias""".split()
INSIDE = "acos arccos arcsin arctanh asin atanh erfinv special_erfinv".split()
ABOVE_ZERO = """log10 log2 special_bessel_y0 special_bessel_y1 special_digamma special_entr special_gammaln special_log1p
special_modified_bessel_k0 special_modified_bessel_k1 special_psi special_scaled_modified_bessel_k0
special_scaled_modified_bessel_k1""".split()
POLYNOMIALS = """chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w
hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p
shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v
shifted_chebyshev_polynomial_w""".split()
PAIRS = "copysign dist fmax fmin igamma igammac logaddexp logaddexp2 nextafter special_xlog1py special_xlogy".split()
COMPARED = "greater greater_equal gt le less less_equal not_equal".split()


def unary(op):
    for name in ANYWHERE:
        op(name, x(5))
    for name in INSIDE:
        op(name, unit(5))
    for name in ("acosh", "arccosh"):
        op(name, positive(4) + 1)
    for name in ABOVE_ZERO:
        op(name, positive(5))
    for name in ("logit", "special_logit", "special_ndtri"):
        op(name, positive(4) * 0.8)
    op("polygamma", 2, positive(3))
    op("special_polygamma", 1, positive(3))
    op("mvlgamma", positive(3) + 1, 2)
    op("special_multigammaln", positive(3) + 1, 2)
    op("threshold", x(5), 0.1, -3)
    op("frexp", x(4))
    op("clamp_max", x(5), 0.2)
    op("clip", x(5), -0.3, 0.4)
    op("celu", x(5), 0.7)
    op("rrelu", x(5), 0.1, 0.3, False)
    op("fill", x(3), 1.5)
    op("is_signed", ints(1, dtype=u8))
    for name in ("is_complex", "is_conj", "is_neg", "is_inference", "numel", "dim"):
        op(name, x(2, 3), raw=name == "numel")


def inplace(op):
    for name in ("abs_", "ceil_", "cos_", "exp_", "floor_", "neg_", "round_", "sigmoid_", "sin_", "sqrt_", "square_",
                 "tanh_", "trunc_", "hardtanh_", "silu_", "leaky_relu_", "elu_", "sign_", "nan_to_num_", "erf_"):
        op(name, positive(4))
    for name in ("sub_", "div_", "pow_", "atan2_", "fmod_", "remainder_", "copysign_", "hypot_"):
        op(name, positive(2, 3), positive(3))
    for name in ("bitwise_and_", "bitwise_or_", "bitwise_xor_", "gcd_", "lcm_"):
        op(name, ints(12, 10), ints(10, 4))
    for name in ("eq_", "lt_", "logical_and_", "logical_not_"):
        op(name, *([x(4), x(4)][: 1 if "not" in name else 2]))
    op("lerp_", x(3), x(3), 0.25)
    op("addcdiv_", x(3), x(3), positive(3), value=0.5)
    op("cumsum_", x(2, 3), 1)
    op("fill_diagonal_", x(3, 3), 2.0, False)
    op("masked_scatter_", x(4), torch.tensor([True, False, True, False]), x(3))
    op("index_fill_", x(3, 2), 0, ints([1]), 7.0)
    op("index_add_", x(3, 2), 0, ints(1, 1), x(2, 2))
    op("index_copy_", x(3, 2), 0, ints(2, 0), x(2, 2))
    op("scatter_", x(2, 3), 1, ints([0, 2], [1, 0]), x(2, 2))
    op("put_", x(2, 3), ints(1, 4), x(2), True)
    op("tril_", x(3, 3), -1)
    op("renorm_", x(3, 2), 2.0, 0, 0.7)
    op("baddbmm_", x(2, 2, 2), x(2, 2, 3), x(2, 3, 2), alpha=0.5)
    op("unsqueeze_", x(2), 0)
    op("squeeze_", x(1, 2))
    op("t_", x(2, 3))


def binary(op):
    for name in PAIRS:
        op(name, positive(4), positive(4))
    for name in COMPARED:
        op(name, x(4), x(4))
        op(name, ints(1, 2, 3), 2)
    for name in POLYNOMIALS:
        op(f"special_{name}", unit(3), ints(0, 1, 3))
    for name in ("gcd", "lcm", "bitwise_or"):
        op(name, ints(12, 10, -9), ints(8, 25, 6))
    for name in ("arctan2", "divide", "multiply", "subtract", "true_divide", "ldexp", "float_power", "heaviside"):
        op(name, positive(2, 3), positive(3))
    for name in ("special_gammainc", "special_gammaincc"):
        op(name, positive(3), positive(3))
    op("special_zeta", positive(3) + 1, positive(3))
    op("bitwise_right_shift", ints(16, 9), ints(2, 1))
    op("logical_and", bits(4), bits(4))
    op("logical_xor", bits(4), bits(4))
    op("isclose", x(3), x(3), 0.5, 0.5)
    op("complex", x(3), x(3))
    op("imag", torch.complex(x(3), x(3)))
    op("real", torch.complex(x(3), x(3)))
    op("angle", torch.complex(x(3), x(3)))
    op("view_as_real", torch.complex(x(2, 2), x(2, 2)))
    op("float_power", x(3), 2)
    op("equal", x(3), x(3))
    for name in ("add", "sub", "mul", "div"):
        op(f"_foreach_{name}", [x(2), x(3)], [positive(2), positive(3)])
    for name in ("sqrt", "exp", "log", "neg", "abs", "reciprocal", "sigmoid", "tanh"):
        op(f"_foreach_{name}", [positive(2), positive(3)])
    op("_foreach_addcmul", [x(2), x(3)], [x(2), x(3)], [x(2), x(3)], 0.5)
    op("_foreach_lerp", [x(2), x(3)], [x(2), x(3)], 0.25)
    op("_foreach_pow", [positive(2)], 2.0)
    op("_foreach_clamp_min", [x(3), x(2)], 0.0)
    op("_foreach_maximum", [x(3)], [x(3)])


def more_reductions(op):
    op("nanmean", torch.tensor([1.0, float("nan"), 3.5]))
    op("nanmedian", torch.tensor([1.0, float("nan"), 3.5, 2.0]))
    op("nanquantile", torch.tensor([1.0, float("nan"), 3.5, 2.0]), 0.4)
    op("std_mean", x(2, 5), [1], correction=0)
    op("cummin", x(5), 0)
    op("cumulative_trapezoid", x(4), dx=0.5)
    op("trapz", x(4), dx=0.5)
    op("corrcoef", x(3, 5))
    op("frobenius_norm", x(2, 3), [0, 1])
    op("nuclear_norm", x(3, 2))
    op("renorm", x(3, 2), 2.0, 0, 0.7)
    op("histogram", x(9), 4)
    op("histogramdd", x(9, 2), [2, 3])
    op("unique_dim", ints([1, 2], [1, 2], [0, 5]), 0, True, True, True)
    op("unique_consecutive", ints(1, 1, 3, 1), True, True)
    op("gradient", x(5), spacing=2.0)
    op("special_logsumexp", x(2, 3), [1])
    op("special_softmax", x(2, 3), 1)
    op("special_log_softmax", x(2, 3), 1)
    op("pdist", x(4, 3), 2.0)
    op("pairwise_distance", x(3, 2), x(3, 2))
    op("msort", x(4, 2))
    op("sum_to_size", x(3, 2), [1, 2])
    op("segment_reduce", x(5), "mean", lengths=ints(2, 3))
    op("argwhere", ints([0, 1], [2, 0]))
    op("nonzero_numpy", ints([0, 1], [2, 0]))
    op("norm_except_dim", x(3, 2), 2, 0)
    op("hash_tensor", ints(1, 2, 3), [0])
