import test from "ava";
import { models, strategies } from "./cases";
import { adaptiveContract } from "./contract";

for (const strategy of strategies) {
  for (const model of models) adaptiveContract(test, strategy, model);
}
