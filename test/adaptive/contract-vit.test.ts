import test from "ava";
import { strategies, vitCase } from "./cases";
import { adaptiveContract } from "./contract";

for (const strategy of strategies) adaptiveContract(test, strategy, vitCase);
