"""Shapes, indices, linear algebra and Fourier transforms beyond those of torch_ops_cases.py."""

import torch
from torch_ops_values import bits, buffer, c64, f32, i64, ints, positive, spd, x


def more_shapes(op):
    op("swapaxes", x(2, 3, 2), 0, 2)
    op("swapdims", x(2, 3, 2), 0, 1)
    op("moveaxis", x(2, 3, 4), [0], [2])
    for name in ("adjoint", "mT", "mH"):
        op(name, x(2, 3, 2), raw=True)
    op("numpy_T", x(2, 3))
    op("matrix_H", x(2, 3))
    for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
        op(name, x(2))
    op("ravel", x(2, 3))
    op("view_as", x(2, 3), x(6))
    op("reshape_as", x(2, 3), x(3, 2))
    op("expand_as", x(3), x(2, 3))
    for name in ("fliplr", "flipud"):
        op(name, x(2, 3))
    for name in ("column_stack", "dstack", "row_stack", "vstack"):
        op(name, [x(2), x(2)])
    for name in ("concat", "concatenate"):
        op(name, [x(2, 1), x(2, 2)], 1)
    for name in ("hsplit", "vsplit"):
        op(name, x(4, 4), 2)
    op("dsplit", x(2, 2, 4), [1, 3])
    op("unsafe_chunk", x(5), 2)
    op("unsafe_split", x(5), 2)
    op("unsafe_split_with_sizes", x(5), [2, 3])
    op("diag", x(3))
    op("diag", x(3, 3), 1)
    op("diagflat", x(2, 2))
    op("diagonal_scatter", x(3, 3), x(3))
    op("select_scatter", x(3, 2), x(2), 0, 1)
    op("slice_scatter", x(4, 2), x(2, 2), 0, 1, 3)
    op("as_strided_scatter", x(6), x(2, 2), [2, 2], [3, 1], 1)
    op("triu_indices", 3, 4, 1)
    op("combinations", x(4), 2)
    op("channel_shuffle", x(1, 4, 2, 2), 2)
    op("pixel_unshuffle", x(1, 1, 4, 4), 2)
    op("pad_sequence", [x(3, 2), x(1, 2)], True, 0.5)
    op("flatten_dense_tensors", [x(2), x(2, 2)])
    op("unflatten_dense_tensors", x(5), [buffer(x(2)), buffer(x(3))])
    op("copy", x(3), ints(1, 2, 3))
    op("put", x(2, 3), ints(1, 4), x(2))
    op("index_reduce", x(3, 2), 0, ints(0, 0), x(2, 2), "mean")
    op("nonzero_static", ints(0, 1, 2), size=3)
    op("is_contiguous", x(2, 3).T, raw=True)
    op("storage_offset", x(2))
    op("stride", x(2, 3), 0)
    op("is_set_to", x(2), x(2))
    op("im2col", x(1, 2, 3, 3), [2, 2], [1, 1], [0, 0], [1, 1])
    op("col2im", x(1, 8, 4), [3, 3], [2, 2], [1, 1], [0, 0], [1, 1])
    op("repeat_interleave", ints(2, 0, 1))
    op("embedding_renorm_", x(3, 2), ints(0, 2), 0.5, 2.0)
    op("_reshape_alias", x(2, 3), [3, 2], [2, 1])


def more_linear_algebra(op):
    op("addbmm", x(2, 2), x(3, 2, 3), x(3, 3, 2))
    op("addmv", x(2), x(2, 3), x(3), beta=0.5)
    op("addr", x(2, 3), x(2), x(3), alpha=2)
    op("ger", x(2), x(3))
    op("inner", x(2, 3), x(4, 3))
    op("vdot", x(3), x(3))
    op("chain_matmul", [x(2, 3), x(3, 2), x(2, 2)])
    op("det", spd(3))
    op("logdet", spd(3))
    op("slogdet", spd(3))
    op("inverse", spd(3))
    op("pinverse", x(3, 2))
    op("matrix_power", x(2, 2), 3)
    op("matrix_exp", x(2, 2))
    op("cholesky", spd(3))
    op("cholesky_solve", x(3, 2), torch.linalg.cholesky(spd(3)))
    op("triangular_solve", x(3, 2), spd(3))
    op("qr", x(3, 2))
    op("geqrf", x(3, 2))
    op("linalg_cholesky_ex", spd(3))
    op("linalg_cond", spd(3))
    op("linalg_cross", x(2, 3), x(2, 3))
    op("linalg_diagonal", x(2, 3, 3))
    op("linalg_inv_ex", spd(3))
    op("linalg_solve_ex", spd(3), x(3, 2))
    op("linalg_ldl_factor", spd(3))
    op("linalg_lstsq", x(4, 2), x(4, 1))
    op("linalg_lu", spd(3))
    op("linalg_lu_factor", spd(3))
    op("linalg_lu_factor_ex", spd(3))
    factors, pivots = torch.linalg.lu_factor(spd(3))
    op("linalg_lu_solve", factors, ints([1, 2, 3], dtype=torch.int32), x(3, 2))
    op("lu_unpack", factors, pivots)
    op("linalg_matmul", x(2, 3), x(3, 2))
    op("linalg_matrix_exp", x(2, 2))
    op("linalg_matrix_rank", spd(3), raw=True)
    op("linalg_solve_triangular", spd(3), x(3, 2), upper=True)
    op("linalg_tensorinv", x(4, 2, 2), 1)
    op("linalg_tensorsolve", x(4, 2, 2), x(4))
    op("linalg_vander", x(3), N=4)
    op("linalg_vecdot", x(2, 3), x(2, 3))
    op("linalg_householder_product", x(3, 2), x(2))
    op("orgqr", x(3, 2), x(2))
    op("ormqr", x(3, 2), x(2), x(3, 2))
    op("linalg_eigvals", torch.tensor([[2.0, 1.0], [0.5, -1.0]]))


def fourier(op):
    for name in ("fft_fft", "fft_ifft", "fft_hfft", "fft_ihfft", "fft_rfft"):
        op(name, x(6))
        op(name, x(2, 5), 4, 1, "ortho")
    for name in ("fft_fft2", "fft_ifft2", "fft_fftn", "fft_ifftn", "fft_rfft2", "fft_rfftn", "fft_ihfft2", "fft_ihfftn"):
        op(name, x(3, 4))
    for name in ("fft_irfft", "fft_irfft2", "fft_irfftn", "fft_hfft2", "fft_hfftn"):
        op(name, torch.complex(x(3, 3), x(3, 3)))
    for name in ("fft_fftshift", "fft_ifftshift"):
        op(name, x(5))
    for name in ("fft_fftfreq", "fft_rfftfreq"):
        op(name, 5, 0.5)
    op("stft", x(16), 8, 4, window=buffer(torch.hann_window(8)), return_complex=True, raw=True)
    op("istft", torch.stft(x(16), 8, 4, window=torch.hann_window(8), return_complex=True), 8, 4,
       window=buffer(torch.hann_window(8)))
