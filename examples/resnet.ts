// ResNet-18 (He et al. 2015, arXiv 1512.03385) with torchvision's parameter names, so that its weights
// can be read. Run with: npx ts-node -T examples/resnet.ts [resnet18.pth]
import * as nn from "adaptune/nn";
import * as optim from "adaptune/optim";
import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";

/** Two convolutions around which the input goes: x [B,n,H,W] -> [B,m,H/stride,W/stride]. */
export class BasicBlock extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly downsample: nn.Sequential | null;

  constructor(channels: number, width: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(channels, width, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(width);
    this.conv2 = new nn.Conv2d(width, width, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(width);
    const isSame = stride === 1 && channels === width;
    this.downsample = isSame
      ? null
      : new nn.Sequential(
          new nn.Conv2d(channels, width, 1, { stride, bias: false }),
          new nn.BatchNorm2d(width),
        );
  }

  override forward(x: Tensor): Tensor {
    const inner = this.bn1.forward(this.conv1.forward(x)).relu();
    const out = this.bn2.forward(this.conv2.forward(inner));
    return out.add(this.downsample?.forward(x) ?? x).relu();
  }
}

/** Images [B,3,H,W] -> logits [B,classes]. */
export class ResNet extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly maxpool = new nn.MaxPool2d(3, { stride: 2, padding: 1 });
  readonly layer1: nn.Sequential;
  readonly layer2: nn.Sequential;
  readonly layer3: nn.Sequential;
  readonly layer4: nn.Sequential;
  readonly avgpool = new nn.AdaptiveAvgPool2d(1);
  readonly fc: nn.Linear;

  /** ResNet-18 has two blocks in each of four layers, the first of 64 channels. */
  constructor({ width = 64, classes = 1000, blocks = [2, 2, 2, 2] } = {}) {
    super();
    this.conv1 = new nn.Conv2d(3, width, 7, { stride: 2, padding: 3, bias: false });
    this.bn1 = new nn.BatchNorm2d(width);
    this.layer1 = layer(width, width, blocks[0], 1);
    this.layer2 = layer(width, 2 * width, blocks[1], 2);
    this.layer3 = layer(2 * width, 4 * width, blocks[2], 2);
    this.layer4 = layer(4 * width, 8 * width, blocks[3], 2);
    this.fc = new nn.Linear(8 * width, classes);
    for (const [, module] of this.namedModules()) {
      if (module instanceof nn.Conv2d) nn.init.kaimingNormal_(module.weight, 0, "fanOut");
    }
  }

  override forward(images: Tensor): Tensor {
    let x = this.maxpool.forward(this.bn1.forward(this.conv1.forward(images)).relu());
    for (const part of [this.layer1, this.layer2, this.layer3, this.layer4]) x = part.forward(x);
    return this.fc.forward(this.avgpool.forward(x).flatten(1));
  }
}

function layer(channels: number, width: number, blocks: number, stride: number): nn.Sequential {
  const others = Array.from({ length: blocks - 1 }, () => new BasicBlock(width, width, 1));
  return new nn.Sequential(new BasicBlock(channels, width, stride), ...others);
}

/** Images of noise with a bright square in one of four corners, and which corner. */
function squares(count: number): { images: Tensor; corners: Tensor } {
  const corners = torch.randint(0, 4, [count], { dtype: "int64" });
  const images = torch.randn([count, 3, 32, 32]);
  for (const [n, corner] of corners.toArray<number[]>().entries()) {
    const [top, left] = [corner < 2 ? 4 : 20, corner % 2 === 0 ? 4 : 20];
    images.index(n, torch.slice(), torch.slice(top, top + 8), torch.slice(left, left + 8)).add_(2);
  }
  return { images, corners };
}

function main(): void {
  const [file] = process.argv.slice(2);
  if (file) {
    const pretrained = new ResNet().eval();
    pretrained.loadStateDict(torch.load(file));
    const logits = torch.noGrad(() => pretrained.forward(torch.zeros([1, 3, 224, 224])));
    console.log(logits);
    return;
  }
  torch.manualSeed(0);
  const model = new ResNet({ width: 8, classes: 4 });
  console.log(model.summary(torch.zeros([1, 3, 32, 32])));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true });
  const schedule = new optim.CosineAnnealingLR(optimizer, 30);
  const criterion = new nn.CrossEntropyLoss({ labelSmoothing: 0.05 });
  for (let step = 1; step <= 30; step++) {
    const loss = torch.scope(() => {
      const { images, corners } = squares(32);
      const loss = criterion.forward(model.forward(images), corners);
      loss.backward();
      return loss.item();
    });
    optimizer.step();
    optimizer.zeroGrad();
    schedule.step();
    if (step % 10 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);
  }
  model.eval();
  const { images, corners } = squares(100);
  const right = torch.noGrad(() => model.forward(images).argmax(1).eq(corners).sum().item());
  console.log(`${right} of 100 new images right`);
}

if (require.main === module) main();
