"""A peer that answers requests, one JSON object a line, so that its runs can be interleaved.

    load {spec}    check {file} -> {}    run {steps} -> {ms}    memory -> {peak_mb, activations_mb}
"""

import json
import os
import sys
import time

import torch
import torch._inductor.config
from encoder import Encoder
from routes import Naive, Only, Routed, straight_through
from safetensors.torch import load_file, save_file


class Peer:
    """Runs training steps or evaluations of one workload; kind: eager, compile, freezing or routed."""

    def __init__(self, spec):
        torch.set_num_threads(spec["threads"])
        self.spec = spec
        self.device = spec["device"]
        self.training = spec["phase"] == "train"
        self.sites = {name: number for number, name in enumerate(spec["sites"])}
        self.encoder = Encoder(spec["size"], spec["level"], spec["alternatives"])
        self.load_weights(spec["weights"])
        self.load_batch(spec["batch"])
        self.parameters = dict(self.trainable())
        self.optimizer = None
        if self.training:
            self.optimizer = torch.optim.AdamW(self.parameters.values(), lr=spec["lr"], fused=True)
        compiled = spec["kind"] in ("compile", "freezing")
        # Packs the weights once, for what never trains.
        torch._inductor.config.freezing = spec["kind"] == "freezing"
        wrap = (lambda fn: torch.compile(fn, dynamic=False)) if compiled else (lambda fn: fn)
        self.loss = wrap(self.loss)
        self.outputs = wrap(self.outputs)
        # A compiled graph guards against tensors of inference mode; without gradient is as fast.
        self.evaluating = torch.no_grad if compiled else torch.inference_mode

    def cast(self, tensor):
        """In the precision of the run; a reference starts from the values that the run starts from."""
        rounded = tensor.to(getattr(torch, self.spec["values"]))
        return rounded.to(self.device, getattr(torch, self.spec["dtype"]))

    def load_weights(self, file):
        state = load_file(file)
        for name, blocks in self.encoder.twins.items():
            values = {k: self.cast(state[f"{name}.encoder.{k}"]) for k in blocks.state_dict()}
            blocks.load_state_dict(values, assign=True)
            blocks.requires_grad_(self.training and name == "tuned")

    def load_batch(self, file):
        batch = load_file(file)
        streams = self.spec["streams"]
        self.inputs = [self.cast(batch[f"input.{name}"]) for name in streams]
        for x in self.inputs:
            x.requires_grad_(self.training)
        present = [batch.get(f"mask.{name}") for name in streams]
        self.present = [None if m is None else m.to(self.device).bool() for m in present]
        self.masks = [
            None if m is None else torch.zeros(m.shape, dtype=x.dtype, device=x.device)
            .masked_fill(~m, float("-inf"))[:, None, None]
            for m, x in zip(self.present, self.inputs)
        ]
        full = torch.float64 if self.spec["dtype"] == "float64" else torch.float32
        place = lambda name: batch[name].to(self.device, full)  # noqa: E731
        self.weights = [place(f"loss.{name}") for name in streams]
        self.logits = self.exponential = self.choice = None
        if self.sites:
            self.logits = place("logits").requires_grad_(self.training)
            self.exponential = place("exponential")
            self.choice = batch["decisions"].to(self.device)

    def trainable(self):
        for name, parameter in self.encoder.named_parameters():
            if parameter.requires_grad:
                yield name.replace("twins.tuned.", "tuned.encoder."), parameter
        if self.logits is not None and self.training:
            yield "logits", self.logits

    def route(self):
        if not self.sites:
            return Only()
        if self.training:
            gate = straight_through(self.logits, self.exponential)
            choice = gate.detach().argmax(-1) if self.spec["kind"] == "routed" else None
        else:
            choice = self.choice
            gate = torch.nn.functional.one_hot(choice, self.logits.shape[-1]).float()
        if self.spec["kind"] == "routed":
            return Routed(self.sites, gate, choice)
        return Naive(self.sites, gate)

    def outputs(self):
        return self.encoder(self.route(), self.inputs, self.masks)

    def loss(self):
        outputs = self.encoder(self.route(), self.inputs, self.masks)
        return sum((y * w).sum() for y, w in zip(outputs, self.weights))

    def step(self, after_forward=lambda: None):
        if not self.training:
            with self.evaluating():
                self.outputs()
            return
        loss = self.loss()
        after_forward()
        loss.backward()
        self.optimizer.step()
        self.zero_grad()

    def zero_grad(self):
        self.optimizer.zero_grad(set_to_none=True)
        for x in self.inputs:
            x.grad = None

    def check(self, file):
        """Writes outputs and, in training, the gradients of one step; weights stay as they are."""
        results = {}
        if self.training:
            self.loss().backward()
            named = {**self.parameters, **self.named("input", self.inputs)}
            results = {k: p.grad for k, p in named.items() if p.grad is not None}
        with torch.no_grad():
            # In training only the loss is compiled.
            outputs = Peer.outputs(self) if self.training else self.outputs()
        for y, m in zip(outputs, self.present):
            if m is not None:
                y.masked_fill_(~m[..., None], 0)
        results.update(self.named("output", outputs))
        save_file({k: v.detach().contiguous().cpu() for k, v in results.items()}, file)
        if self.training:
            self.zero_grad()
        return {}

    def named(self, kind, tensors):
        return {f"{kind}.{name}": t for name, t in zip(self.spec["streams"], tensors)}

    def run(self, steps):
        self.synchronize()
        start = time.perf_counter()
        for _ in range(steps):
            self.step()
        self.synchronize()
        return {"ms": 1000 * (time.perf_counter() - start) / steps}

    def synchronize(self):
        if self.device != "cpu":
            torch.cuda.synchronize()

    def memory(self):
        """What a step needs above what is there before it, in MB; nulls where that is not known."""
        kept = []
        try:
            now, most = memory_of_process() if self.device == "cpu" else memory_of_device()
            before = now()
            self.step(lambda: kept.append(now() - before))
            return {"peak_mb": most() - before, "activations_mb": kept[0] if kept else None}
        except OSError:
            return {"peak_mb": None, "activations_mb": None}


def memory_of_process():
    """MB that are there now, and the most since this call."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return lambda: resident("VmRSS"), lambda: resident("VmHWM")


def memory_of_device():
    torch.cuda.reset_peak_memory_stats()
    return lambda: torch.cuda.memory_allocated() / 1e6, lambda: torch.cuda.max_memory_allocated() / 1e6


def resident(field):
    """MB of this process in /proc/self/status."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field):
                return int(line.split()[1]) * 1.024 / 1e3
    raise OSError(f"/proc/self/status has no {field}")


def main():
    # Answers have a stream of their own: whatever else prints goes to standard error.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    print(json.dumps({"torch": torch.__version__.split("+")[0]}), file=answers)
    peer = None
    for line in sys.stdin:
        request = json.loads(line)
        op = request.pop("op")
        if op == "load":
            peer, answer = Peer(request["spec"]), {}
        else:
            answer = getattr(peer, op)(**request)
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
