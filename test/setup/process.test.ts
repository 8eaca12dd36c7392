import test from "ava";
import { follow, run } from "../../setup/process";

const node = process.execPath;

test("a command's output and code are returned, never thrown", (t) => {
  const program = "console.log(1); console.error(2); process.exitCode = 3";
  t.like(run(node, ["-e", program]), { code: 3, stdout: "1\n", stderr: "2\n", missing: false });
  t.like(run("adaptune-no-such-command", []), { code: null, missing: true });
  t.like(run(node, ["-e", "setTimeout(() => {}, 60000)"], { timeout: 100 }), { timedOut: true });
});

test("a long command is followed line by line", async (t) => {
  const lines: string[] = [];
  const program = "process.stdout.write('a\\nb\\rc'); process.exitCode = 4";
  const result = await follow(node, ["-e", program], { onLine: (line) => lines.push(line) });
  t.deepEqual(lines, ["a", "b", "c"]);
  t.deepEqual(result, { code: 4, tail: "a\nb\nc", missing: false });
});

test("a command that is not there is told", async (t) => {
  t.like(await follow("adaptune-no-such-command", []), { code: null, missing: true });
});
