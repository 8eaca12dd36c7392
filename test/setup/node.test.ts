import test from "ava";
import { engines } from "../../package.json";
import { nodeHint, nodeProblem } from "../../setup/node";

test("an old Node.js is named, with the commands that install a current one", (t) => {
  t.is(nodeProblem("18.20.4"), "Node.js 18.20.4 is too old: 20.19 or newer is needed.");
  t.truthy(nodeProblem("20.18.3"));
  t.is(nodeProblem("20.19.0"), null);
  t.is(nodeProblem("22.1.0"), null);
  for (const command of ["nvm install", "apt-get install", "dnf install", "brew install"]) {
    t.true(nodeHint.includes(command), command);
  }
});

test("package.json asks for the same", (t) => {
  t.is(nodeProblem(`${engines.node.replace(">=", "")}.0`), null);
  const [major, minor] = engines.node.replace(">=", "").split(".").map(Number);
  t.truthy(nodeProblem(`${major}.${minor - 1}.9`));
});
