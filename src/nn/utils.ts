// torch.nn.utils of PyTorch; clipping of gradients is in adaptune/optim.
export * as rnn from "./packed-sequence";
