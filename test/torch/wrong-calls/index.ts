import { ofOperators } from "./arguments";
import { ofOurs } from "./hand-written";
import { ofLibTorch } from "./library";
import { survivors } from "./survivors";

export const wrongCalls = [...ofOperators, ...ofLibTorch, ...ofOurs, ...survivors];
