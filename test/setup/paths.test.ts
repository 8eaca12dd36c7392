import { homedir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { cacheFolder, isCheckout, root } from "../../setup/paths";

test("the cache folder follows the XDG Base Directory specification", (t) => {
  t.is(cacheFolder({ XDG_CACHE_HOME: "/caches", HOME: "/home/ada" }), "/caches/adaptune");
  t.is(cacheFolder({ HOME: "/home/ada" }), "/home/ada/.cache/adaptune");
  t.is(cacheFolder({ XDG_CACHE_HOME: "", HOME: "/home/ada" }), "/home/ada/.cache/adaptune");
  // "All paths set in these environment variables must be absolute", others are to be ignored.
  t.is(cacheFolder({ XDG_CACHE_HOME: "caches", HOME: "/home/ada" }), "/home/ada/.cache/adaptune");
  t.is(cacheFolder({}), join(homedir(), ".cache", "adaptune"));
});

test("these sources are a checkout", (t) => {
  t.is(root, join(__dirname, "..", ".."));
  t.true(isCheckout());
});
