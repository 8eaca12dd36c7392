import test from "ava";
import { bertCase, strategies } from "./cases";
import { adaptiveContract } from "./contract";

for (const strategy of strategies) adaptiveContract(test, strategy, bertCase);
