import test from "ava";
import { residualCase, strategies } from "./cases";
import { adaptiveContract } from "./contract";

for (const strategy of strategies) adaptiveContract(test, strategy, residualCase);
