"""Reference values of recurrent layers. Run: python test/reference/nn_recurrent.py

Writes nn-recurrent.safetensors. The metadata's `cases` say how each layer is made and called; of each, in float64:
`<case>.init.<weight>` after torch.manual_seed(11), float32; `<case>.state.<weight>`; `<case>.x`, `<case>.h<n>`, the
states given; `<case>.out`, packed or padded, `<case>.last<n>`, the states given back; `<case>.grad.<name>` for the loss
sum(t * cos(0.7 n)) over all of these, n counting the elements of each.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

nn, rnn = torch.nn, torch.nn.utils.rnn
saved, cases, gen = {}, [], torch.Generator().manual_seed(5)


def x(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=gen)


def weighted(out):
    return (out * (torch.arange(out.numel(), dtype=out.dtype) * 0.7).cos().view(out.shape)).sum()


def case(kind, shape, states=False, lengths=None, sorted=True, evaluate=False, **options):
    name = f"{kind} {len(cases)}"
    size, hidden = shape[-1], 4
    torch.manual_seed(11)
    module = getattr(nn, kind)(size, hidden, **options)
    saved.update({f"{name}.init.{key}": tensor.clone() for key, tensor in module.state_dict().items()})
    module = module.double().train(not evaluate)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(x(*parameter.shape) * 0.7)
    saved.update({f"{name}.state.{key}": tensor.clone() for key, tensor in module.state_dict().items()})
    given = saved[f"{name}.x"] = x(*shape).requires_grad_()
    is_cell = kind.endswith("Cell")
    layers = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    batch = [] if len(shape) == (1 if is_cell else 2) else [shape[0] if options.get("batch_first") or is_cell else shape[1]]
    leading = batch if is_cell else [layers] + batch
    sizes = [options.get("proj_size") or hidden, hidden] if kind.startswith("LSTM") else [hidden]
    before = [x(*leading, one).requires_grad_() for one in sizes] if states else []
    for n, state in enumerate(before):
        saved[f"{name}.h{n}"] = state
    hx = None if not states else tuple(before) if kind.startswith("LSTM") else before[0]
    passed = given if lengths is None else rnn.pack_padded_sequence(given, lengths, options.get("batch_first", False), sorted)
    torch.manual_seed(3)
    results = module(passed, hx)
    out, last = (None, results) if is_cell else results
    last = list(last) if isinstance(last, tuple) else [last]
    if lengths is not None:
        saved[f"{name}.packed"] = out.data
        out, found = rnn.pad_packed_sequence(out, options.get("batch_first", False), -1.0)
        saved[f"{name}.lengths"] = found
    every = ([] if out is None else [out]) + last
    if out is not None:
        saved[f"{name}.out"] = out
    saved.update({f"{name}.last{n}": state for n, state in enumerate(last)})
    sum(weighted(each) for each in every).backward()
    named = {"x": given} | {f"h{n}": state for n, state in enumerate(before)} | dict(module.named_parameters())
    saved.update({f"{name}.grad.{key}": tensor.grad.clone() for key, tensor in named.items()})
    cases.append({"name": name, "kind": kind, "size": size, "options": options, "states": len(before), "lengths": lengths, "sorted": sorted, "evaluate": evaluate})


for kind in ("RNN", "GRU", "LSTM"):
    case(kind, (3, 2, 5))
    case(kind, (2, 3, 5), states=True, batch_first=True, bias=False)
    case(kind, (3, 5), states=True, num_layers=2)
    case(kind, (3, 2, 5), states=True, num_layers=2, bidirectional=True)
    case(kind, (3, 2, 5), num_layers=3, dropout=0.4)
    case(kind, (3, 2, 5), num_layers=2, dropout=0.4, evaluate=True)
    case(kind, (4, 3, 5), lengths=[4, 2, 1], num_layers=2, bidirectional=True)
    case(kind, (3, 4, 5), states=True, lengths=[2, 4, 1], sorted=False, batch_first=True)
    case(kind + "Cell", (3, 5))
    case(kind + "Cell", (3, 5), states=True, bias=False)
    case(kind + "Cell", (5,), states=True)
case("RNN", (3, 2, 5), nonlinearity="relu", states=True)
case("RNNCell", (3, 5), nonlinearity="relu", states=True)
case("LSTM", (3, 2, 5), proj_size=2, num_layers=2, bidirectional=True, states=True)
case("LSTM", (4, 2, 5), proj_size=3, lengths=[4, 1], bias=False)

sequences = [x(2, 3), x(4, 3), x(1, 3)]
packed = rnn.pack_sequence(sequences, enforce_sorted=False)
saved |= {f"sequence.{n}": one for n, one in enumerate(sequences)}
saved |= {"sequences.data": packed.data, "sequences.batch_sizes": packed.batch_sizes, "sequences.sorted": packed.sorted_indices,
          "sequences.unsorted": packed.unsorted_indices, "sequences.padded": rnn.pad_sequence(sequences, True, -2.0),
          "sequences.left": rnn.pad_sequence(sequences, padding_side="left")}
path = Path(__file__).parent / "nn-recurrent.safetensors"
save_file({key: tensor.detach().clone().contiguous() for key, tensor in saved.items()}, path, metadata={"cases": json.dumps(cases, separators=(",", ":"))})
path.chmod(0o644)
print(f"{len(cases)} cases, {path.stat().st_size:,} bytes")
