"""Three ways to run alternatives: the only one, all of them mixed by mask, and the picked ones."""

import torch
import torch.nn.functional as F
from layers import merge_heads


def straight_through(logits, exponential):
    """Gumbel-Softmax at temperature 1 with noise E ~ Exp(1): one-hot [B,N,K], soft gradient."""
    soft = (logits - exponential.log()).softmax(-1)
    hard = F.one_hot(soft.argmax(-1), soft.shape[-1]).to(soft.dtype)
    return hard + soft - soft.detach()


class Only:
    """Standard finetuning: there is one alternative."""

    def __call__(self, name, functions, *args):
        return functions[0](*args)

    def heads(self, name, functions, *args):
        return merge_heads(functions[0](*args))


class Naive:
    """Every alternative on the whole batch, mixed by the gate [B,N,K]."""

    def __init__(self, sites, gate):
        self.sites = sites
        self.gate = gate

    def __call__(self, name, functions, *args):
        gate = self.gate[:, self.sites[name]]  # [B,K]
        results = [function(*args) for function in functions]
        if isinstance(results[0], torch.Tensor):
            return mix(gate[:, :, None, None], results)
        return [mix(gate[:, :, None, None], parts) for parts in zip(*results)]

    def heads(self, name, functions, *args):
        results = [function(*args) for function in functions]  # each [B,H,S,d]
        first, count = self.sites[f"{name}.0"], results[0].shape[1]
        gate = self.gate[:, first : first + count].transpose(1, 2)  # [B,K,H]
        return merge_heads(mix(gate[:, :, :, None, None], results))


def mix(gate, results):
    """gate [B,K,..], results [B,..] -> sum over k of gate_k result_k"""
    return sum(gate[:, k].to(y.dtype) * y for k, y in enumerate(results))


class Routed:
    """Only what was picked; in training the others without a graph, for the gate's gradient."""

    def __init__(self, sites, gate, choice):
        self.sites = sites
        self.gate = gate
        count = gate.shape[-1]
        choices = choice.T.tolist()  # one copy to the host
        groups = [[b for b, k in enumerate(row) if k == n] for row in choices for n in range(count)]
        rows = torch.tensor([b for group in groups for b in group], device=gate.device)
        split = rows.split([len(group) for group in groups])
        self.rows = [split[n : n + count] for n in range(0, len(split), count)]

    def __call__(self, name, functions, *args):
        site = self.sites[name]
        run = lambda k, rows: functions[k](*select(args, rows))  # noqa: E731
        winners, losers = self.run(site, run)
        example = next(winner for winner in winners if winner is not None)
        if isinstance(example, torch.Tensor):
            return self.blend(site, winners, losers)
        part = lambda results, n: [r if r is None else r[n] for r in results]  # noqa: E731
        return [
            self.blend(site, part(winners, n), part(losers, n)) for n in range(len(example))
        ]

    def heads(self, name, functions, x, mask, context):
        """Each head's projections run for its rows alone."""
        parts = [split_by_head(attention) for attention in functions]
        contexts = []
        for head in range(functions[0].count):
            site = self.sites[f"{name}.{head}"]

            def run(k, rows):
                xs, masks, contexts = select((x, mask, context), rows)
                (wq, wk, wv), (bq, bk, bv) = ([p[head] for p in kind] for kind in parts[k])
                q, k, v = F.linear(xs, wq, bq), F.linear(contexts, wk, bk), F.linear(contexts, wv, bv)
                q, k, v = q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1)
                return F.scaled_dot_product_attention(q, k, v, attn_mask=masks).squeeze(1)

            contexts.append(self.blend(site, *self.run(site, run)))
        return torch.cat(contexts, -1)

    def run(self, site, run):
        """Results of every alternative: where it was picked, and where another was."""
        rows = self.rows[site]
        winners = [run(k, r) if len(r) else None for k, r in enumerate(rows)]
        if not self.gate.requires_grad:
            return winners, [None] * len(rows)
        with torch.no_grad():
            losers = [run(k, r) if len(r) else None for k, r in enumerate(reversed(rows))]
        return winners, losers

    def blend(self, site, winners, losers):
        if self.gate.requires_grad:
            return Blend.apply(self.gate[:, site], self.rows[site], losers, *winners)
        return assemble(self.rows[site], winners)


def split_by_head(attention):
    """Weights and biases of query, key and value, each a list by head."""
    linears = (attention.query, attention.key, attention.value)
    unbound = lambda t: t.unflatten(0, (attention.count, -1)).unbind(0)  # noqa: E731
    return [unbound(n.weight) for n in linears], [unbound(n.bias) for n in linears]


def select(args, rows):
    """The rows of every argument; what is there twice is gathered once."""
    if any(a is not None and len(rows) == a.shape[0] for a in args):
        return args
    made = {}
    for arg in args:
        if arg is not None and id(arg) not in made:
            made[id(arg)] = arg.index_select(0, rows)
    return [None if arg is None else made[id(arg)] for arg in args]


def assemble(rows, winners):
    """Results [rows,..] back in batch order."""
    present = [(r, winner) for r, winner in zip(rows, winners) if winner is not None]
    if len(present) == 1:
        return present[0][1]
    batch = sum(len(r) for r, _ in present)
    y = present[0][1].new_empty(batch, *present[0][1].shape[1:])
    for r, winner in present:
        y.index_copy_(0, r, winner)
    return y


class Blend(torch.autograd.Function):
    """Exact straight-through gradient of two alternatives: dL/dg_k = <dL/dy, y_k - y> for the loser,
    up to a constant per row, which the softmax removes."""

    @staticmethod
    def forward(ctx, gate, rows, losers, *winners):
        y = assemble(rows, [None if w is None else w.detach() for w in winners])
        # Alternative k lost where the other one was picked.
        ctx.lost = list(reversed(rows))
        ctx.rows = rows
        differences = [
            None if loser is None else loser - y.index_select(0, r)
            for loser, r in zip(losers, ctx.lost)
        ]
        ctx.save_for_backward(gate, *differences)
        return y

    @staticmethod
    def backward(ctx, dy):
        gate, *differences = ctx.saved_tensors
        slopes = torch.zeros_like(gate)
        for k, (difference, r) in enumerate(zip(differences, ctx.lost)):
            if difference is not None:
                product = dy.index_select(0, r) * difference
                slopes[r, k] = product.flatten(1).sum(1, dtype=gate.dtype)
        parts = [dy.index_select(0, r) if len(r) else None for r in ctx.rows]
        return slopes, None, None, *parts
