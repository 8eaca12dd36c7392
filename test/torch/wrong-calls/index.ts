import { ofOperators } from "./arguments";
import { ofOurs } from "./hand-written";
import { ofLibTorch } from "./library";
import { sizes } from "./sizes";
import { survivors } from "./survivors";
import { unchecked } from "./unchecked";

export const wrongCalls = [
  ...ofOperators,
  ...ofLibTorch,
  ...ofOurs,
  ...unchecked,
  ...sizes,
  ...survivors,
];
