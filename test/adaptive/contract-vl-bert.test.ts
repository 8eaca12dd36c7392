import test from "ava";
import { strategies, vlBertCase } from "./cases";
import { adaptiveContract } from "./contract";

for (const strategy of strategies) adaptiveContract(test, strategy, vlBertCase);
