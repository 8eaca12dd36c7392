import test from "ava";
import { lxmertCase, strategies } from "./cases";
import { adaptiveContract } from "./contract";

for (const strategy of strategies) adaptiveContract(test, strategy, lxmertCase);
