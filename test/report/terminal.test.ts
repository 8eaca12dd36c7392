import test from "ava";
import { styleFor } from "../../src/report/terminal";

const colours = (isTTY: boolean, env: NodeJS.ProcessEnv) => styleFor({ isTTY }, env).colours;

test("colours are for terminals, unless the environment says otherwise", (t) => {
  t.true(colours(true, {}));
  t.false(colours(false, {}));
  t.false(colours(true, { TERM: "dumb" }));
  t.false(colours(true, { NO_COLOR: "1" }));
  t.true(colours(true, { NO_COLOR: "" }));
  t.true(colours(false, { FORCE_COLOR: "1" }));
  t.false(colours(false, { FORCE_COLOR: "1", NO_COLOR: "1" }));
  t.false(colours(false, { FORCE_COLOR: "0" }));
});

test("without colours text stays as it is", (t) => {
  const style = styleFor({ isTTY: false }, {});
  t.is(style.bold("a") + style.dim("b") + style.on(19, true, "c"), "abc");
});
