import test from "ava";
import { block, findSites } from "../../src/adaptive";
import { matchesPath } from "../../src/adaptive/patterns";
import { Linear, Module, ModuleList } from "../../src/nn";
import { vlBert } from "./cases";

const namesOf = (...[model, where]: Parameters<typeof findSites>) =>
  findSites(model, where).map(({ name }) => name);

class Tree extends Module {
  readonly stem = new Linear(2, 2);
  readonly layers = new ModuleList(Array.from({ length: 11 }, () => new Linear(2, 2)));
}

test("patterns find sites in natural order, each once", (t) => {
  const layers = [...Array(11).keys()].map((n) => `layers.${n}`);
  t.deepEqual(namesOf(new Tree(), "layers.*"), layers);
  t.deepEqual(namesOf(new Tree(), ["layers.1*", "layers.*", "stem"]), [
    "layers.1",
    "layers.10",
    ...layers.filter((path) => path !== "layers.1" && path !== "layers.10"),
    "stem",
  ]);
});

test("a predicate finds sites in the order of the tree", (t) => {
  const sites = namesOf(new Tree(), (module) => module instanceof Linear);
  t.is(sites[0], "stem");
  t.is(sites.length, 12);
  t.deepEqual(namesOf(vlBert({ num_hidden_layers: 3, num_attention_heads: 4 }).make(), block), [
    "vlbert.encoder.layer.0",
    "vlbert.encoder.layer.1",
    "vlbert.encoder.layer.2",
  ]);
});

test("all patterns that match nothing are reported, with how far they lead", (t) => {
  const { message } = t.throws(() => namesOf(new Tree(), ["layers.12", "layers.*", "lairs.*"]));
  t.true(message.includes('"layers.12" matches no module of Tree: "layers" goes on with 0, 1, 2'));
  t.true(message.includes('"lairs.*" matches no module of Tree: its names are stem, layers'));
  t.throws(() => namesOf(new Tree(), () => false), { message: /no module of Tree is a site/ });
});

test("a site inside a site is refused", (t) => {
  t.throws(() => namesOf(new Tree(), ["layers", "layers.3"]), {
    message: /site "layers.3" lies inside site "layers"/,
  });
});

test("stars stand for parts of a name and for names", (t) => {
  t.true(matchesPath("a.*.c", "a.b.c"));
  t.false(matchesPath("a.*", "a.b.c"));
  t.true(matchesPath("**.c", "a.b.c"));
  t.true(matchesPath("**.c", "c"));
  t.true(matchesPath("a.**", "a"));
  t.true(matchesPath("lay*_2.x+y", "layer_2.x+y"));
  t.false(matchesPath("a+", "aa"));
});
