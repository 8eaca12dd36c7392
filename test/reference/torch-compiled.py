"""A package that AOTInductor compiles for this machine. Run: python torch-compiled.py model.pt2"""

import sys

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.layer.weight.copy_(torch.arange(6.0).view(2, 3))

    def forward(self, x, y):
        return self.layer(x) + y, y * 2


program = torch.export.export(Net().eval(), (torch.ones(4, 3), torch.ones(4, 2)))
torch._inductor.aoti_compile_and_package(program, package_path=sys.argv[1])
