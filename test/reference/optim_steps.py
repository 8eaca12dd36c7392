"""Reference values of optimizers and schedules. Run: python test/reference/optim_steps.py

Writes optim-steps.safetensors: `start.<p>`, `gradient.<p>` [steps,..]; of every optimizer
`<case>.<p>` [steps,..] after each step, and of its state dict after the last step
`<case>.state.<number>.<name>`, with `param_groups` as JSON in the metadata under the case's name; of
every schedule `schedule.<case>` [steps + 1,groups], the rates from the start on, and for cycles of
momentum `momentum.<case>`.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

STEPS, SHAPES = 6, {"a": (3, 2), "b": (4,)}
optim, schedules = torch.optim, torch.optim.lr_scheduler
torch.manual_seed(5)
saved, metadata = {}, {}
for name, shape in SHAPES.items():
    saved[f"start.{name}"] = torch.randn(shape, dtype=torch.float64)
    saved[f"gradient.{name}"] = torch.randn(STEPS, *shape, dtype=torch.float64)


def steps(case, make):
    p = {name: torch.nn.Parameter(saved[f"start.{name}"].clone()) for name in SHAPES}
    optimizer = make([{"params": [p["a"]]}, {"params": [p["b"]], "lr": 0.03}])
    after = {name: [] for name in SHAPES}
    for step in range(STEPS):
        for name, parameter in p.items():
            absent = name == "b" and step == 0
            parameter.grad = None if absent else saved[f"gradient.{name}"][step].clone()
        optimizer.step()
        for name, parameter in p.items():
            after[name].append(parameter.detach().clone())
    for name in SHAPES:
        saved[f"{case}.{name}"] = torch.stack(after[name])
    state = optimizer.state_dict()
    for number, slots in state["state"].items():
        for name, value in slots.items():
            if value is not None:
                saved[f"{case}.state.{number}.{name}"] = value
    metadata[case] = json.dumps(state["param_groups"])


rate = {"lr": 0.05}
steps("SGD", lambda p: optim.SGD(p, **rate))
steps("SGD decay", lambda p: optim.SGD(p, **rate, weight_decay=0.1, maximize=True))
steps("SGD momentum", lambda p: optim.SGD(p, **rate, momentum=0.9, dampening=0.3, weight_decay=0.1))
steps("SGD nesterov", lambda p: optim.SGD(p, **rate, momentum=0.8, nesterov=True, maximize=True))
steps("Adam", lambda p: optim.Adam(p, **rate))
steps("Adam all", lambda p: optim.Adam(p, **rate, betas=(0.5, 0.7), eps=1e-3, weight_decay=0.1, amsgrad=True, maximize=True))
steps("AdamW", lambda p: optim.AdamW(p, **rate))
steps("AdamW all", lambda p: optim.AdamW(p, **rate, betas=(0.5, 0.7), weight_decay=0.2, amsgrad=True, maximize=True))
steps("RMSprop", lambda p: optim.RMSprop(p, **rate))
steps("RMSprop momentum", lambda p: optim.RMSprop(p, **rate, alpha=0.8, momentum=0.5, weight_decay=0.1))
steps("RMSprop all", lambda p: optim.RMSprop(p, **rate, alpha=0.8, momentum=0.5, centered=True, eps=1e-3, weight_decay=0.1, maximize=True))


def schedule(case, make, count=24, cycles=None):
    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [{"params": [weights[0]]}, {"params": [weights[1]], "lr": 0.3}]
    optimizer = optim.AdamW(groups, lr=0.1) if cycles == "betas" else optim.SGD(groups, lr=0.1, momentum=0.9)
    scheduler = make(optimizer)
    rates, momenta = [], []
    for step in range(count + 1):
        if step > 0:
            optimizer.step()
            scheduler.step(*([METRICS[step - 1]] if case.startswith("ReduceLROnPlateau") else []))
        rates.append([group["lr"] for group in optimizer.param_groups])
        if cycles:
            of = lambda group: group["betas"][0] if cycles == "betas" else group["momentum"]
            momenta.append([of(group) for group in optimizer.param_groups])
    saved[f"schedule.{case}"] = torch.tensor(rates, dtype=torch.float64)
    if cycles:
        saved[f"momentum.{case}"] = torch.tensor(momenta, dtype=torch.float64)


METRICS = [5, 4, 3.9999, 3.9998, 4, 4.1, 4.2, 3, 3, 3, 3, 3, 2, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 1, 1, 1, 1, 1]
saved["metrics"] = torch.tensor(METRICS, dtype=torch.float64)
s = schedules
schedule("StepLR", lambda o: s.StepLR(o, 5, gamma=0.5))
schedule("MultiStepLR", lambda o: s.MultiStepLR(o, [3, 3, 10]))
schedule("ExponentialLR", lambda o: s.ExponentialLR(o, 0.9))
schedule("CosineAnnealingLR", lambda o: s.CosineAnnealingLR(o, 7, eta_min=0.01))
schedule("CosineAnnealingWarmRestarts", lambda o: s.CosineAnnealingWarmRestarts(o, 5))
schedule("CosineAnnealingWarmRestarts longer", lambda o: s.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.02))
schedule("LinearLR", lambda o: s.LinearLR(o))
schedule("LinearLR down", lambda o: s.LinearLR(o, 1.0, 0.1, total_iters=12))
schedule("ConstantLR", lambda o: s.ConstantLR(o, factor=0.25, total_iters=4))
schedule("PolynomialLR", lambda o: s.PolynomialLR(o, total_iters=15, power=2.0))
schedule("LambdaLR", lambda o: s.LambdaLR(o, [lambda n: 0.9**n, lambda n: 1 / (1 + n)]))
schedule("OneCycleLR", lambda o: s.OneCycleLR(o, 0.5, total_steps=24), cycles="momentum")
schedule("OneCycleLR all", lambda o: s.OneCycleLR(o, [0.5, 0.7], epochs=6, steps_per_epoch=4, pct_start=0.4, anneal_strategy="linear", base_momentum=[0.8, 0.7], max_momentum=0.9, div_factor=10, final_div_factor=100, three_phase=True), cycles="betas")
schedule("ReduceLROnPlateau", lambda o: s.ReduceLROnPlateau(o, factor=0.5, patience=2))
schedule("ReduceLROnPlateau all", lambda o: s.ReduceLROnPlateau(o, "max", 0.3, patience=1, threshold=0.5, threshold_mode="abs", cooldown=2, min_lr=[0.02, 0.01]))
schedule("SequentialLR", lambda o: s.SequentialLR(o, [s.ConstantLR(o, total_iters=9), s.LinearLR(o, total_iters=4), s.CosineAnnealingLR(o, 8), s.ExponentialLR(o, 0.5)], [2, 7, 16]))

HERE = Path(__file__).parent
save_file({k: v.detach().clone() for k, v in saved.items()}, HERE / "optim-steps.safetensors", metadata)
(HERE / "optim-steps.safetensors").chmod(0o644)
