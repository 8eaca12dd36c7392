import * as nn from "../../../src/nn";
import { type Cases, values } from "./case";

const weight = () => values["weights.5"];

export const cases: Cases = {
  CrossEntropyLoss: () => new nn.CrossEntropyLoss(),
  "CrossEntropyLoss all": () =>
    new nn.CrossEntropyLoss({ weight: weight(), ignoreIndex: 3, labelSmoothing: 0.2 }),
  "CrossEntropyLoss none": () => new nn.CrossEntropyLoss({ reduction: "none" }),
  "CrossEntropyLoss soft": () => new nn.CrossEntropyLoss(),
  NLLLoss: () => new nn.NLLLoss({ weight: weight(), ignoreIndex: 3 }),
  "NLLLoss 2d": () => new nn.NLLLoss({ reduction: "sum" }),
  BCELoss: () => new nn.BCELoss(),
  "BCELoss weight": () => new nn.BCELoss({ weight: weight(), reduction: "sum" }),
  BCEWithLogitsLoss: () => new nn.BCEWithLogitsLoss(),
  "BCEWithLogitsLoss all": () =>
    new nn.BCEWithLogitsLoss({ weight: weight(), reduction: "sum", posWeight: weight().mul(2) }),
  MultiLabelSoftMarginLoss: () => new nn.MultiLabelSoftMarginLoss({ weight: weight() }),
  MSELoss: () => new nn.MSELoss(),
  L1Loss: () => new nn.L1Loss({ reduction: "sum" }),
  SmoothL1Loss: () => new nn.SmoothL1Loss({ beta: 0.5 }),
  HuberLoss: () => new nn.HuberLoss({ reduction: "none", delta: 0.7 }),
  KLDivLoss: () => new nn.KLDivLoss(),
  "KLDivLoss batchmean": () => new nn.KLDivLoss({ reduction: "batchmean", logTarget: true }),
  PoissonNLLLoss: () => new nn.PoissonNLLLoss(),
  "PoissonNLLLoss all": () =>
    new nn.PoissonNLLLoss({ logInput: false, full: true, reduction: "sum" }),
  GaussianNLLLoss: () => new nn.GaussianNLLLoss(),
  "GaussianNLLLoss all": () => new nn.GaussianNLLLoss({ full: true, eps: 0.5, reduction: "sum" }),
  CosineEmbeddingLoss: () => new nn.CosineEmbeddingLoss({ margin: 0.2 }),
  MarginRankingLoss: () => new nn.MarginRankingLoss({ margin: 0.5 }),
  HingeEmbeddingLoss: () => new nn.HingeEmbeddingLoss(),
  SoftMarginLoss: () => new nn.SoftMarginLoss(),
  TripletMarginLoss: () => new nn.TripletMarginLoss(),
  "TripletMarginLoss all": () =>
    new nn.TripletMarginLoss({ margin: 2, p: 1, eps: 1e-4, swap: true, reduction: "sum" }),
  MultiMarginLoss: () => new nn.MultiMarginLoss({ p: 2, margin: 0.8, weight: weight() }),
  MultiLabelMarginLoss: () => new nn.MultiLabelMarginLoss(),
  CTCLoss: {
    make: () => new nn.CTCLoss(),
    run: (module, x, targets) =>
      (module as nn.CTCLoss).forward(x.logSoftmax(2), targets, [6, 5], [3, 2]),
  },
};
