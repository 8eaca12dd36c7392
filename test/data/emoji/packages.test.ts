import test from "ava";
import {
  findPackages,
  MissingPackagesError,
  requirePackages,
} from "../../../src/data/emoji/packages";
import { cacheFolder } from "./subset";

test("installed packages are found with version and folder", (t) => {
  const found = findPackages();
  t.is(found.size, 4);
  for (const { version, folder } of found.values()) {
    t.regex(version, /^\d+\.\d+\.\d+/);
    t.regex(folder, /node_modules/);
  }
});

test("missing packages are named all at once, with the command that installs them", (t) => {
  const error = t.throws(() => findPackages(["no-such-a", "openmoji", "no-such-b"]), {
    instanceOf: MissingPackagesError,
  });
  t.deepEqual(error?.packages, ["no-such-a", "no-such-b"]);
  t.true(error?.message.endsWith("npm install no-such-a no-such-b"));
});

test("only the given places are searched", (t) => {
  t.throws(() => findPackages(["openmoji"], [cacheFolder(t)]), {
    message: /npm install openmoji$/,
  });
});

test("a task names all that it lacks, and nothing that it does not need", (t) => {
  t.notThrows(() => requirePackages(["noto", "twemoji", "openmoji"]));
  t.throws(() => requirePackages(["openmoji", "noto", "openmoji"], [cacheFolder(t)]), {
    message: /npm install emojibase-data openmoji @iconify-json\/noto$/,
  });
});
