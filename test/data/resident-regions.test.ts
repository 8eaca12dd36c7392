import test from "ava";
import { collate, type Example, type RegionSource, ResidentRegions } from "../../src/data";
import * as torch from "../../src/torch";
import { loadStandIn, STAND_IN } from "../device/stand-in";

const { notes } = loadStandIn();

/** Images 0, 1, .. of which the n-th has n + 1 regions; a seed changes them where `augments`. */
function source(augments: boolean): RegionSource {
  return {
    width: 3,
    augments,
    imageOf: ({ id }) => id[0],
    count: ({ id }) => Number(id[0]) + 1,
    fill({ id }, features, boxes, seed) {
      const shift = augments && seed !== undefined ? seed : 0;
      features.forEach((_, i) => {
        features[i] = (Number(id[0]) + shift) / 7 + i;
      });
      boxes.forEach((_, i) => {
        boxes[i] = i / 16;
      });
    },
  };
}

/** Questions a and b about each of four images. */
const examples: Example[] = ["0a", "0b", "1a", "1b", "2a", "2b", "3a", "3b"].map((id) => ({
  id,
  question: id,
  tokens: [1, 2, 3],
  answerStart: 2,
  answer: 0,
  kind: "word",
}));

for (const device of ["cpu", STAND_IN]) {
  test.serial(`batches on ${device} are those of the host to the bit`, (t) => {
    const host = source(false);
    const there = new ResidentRegions(host, examples, device);
    t.is(ResidentRegions.bytes(host, examples), 4 * 4 * 4 * (3 + 4), "four images of four regions");
    for (const chosen of [[5, 0, 4], [1, 1], [7, 2, 3, 6], [0]]) {
      const batch = chosen.map((n) => examples[n]);
      const seeds = chosen.map((n) => n + 1);
      for (const given of [{}, { seeds }, { atLeast: { tokens: 4, regions: 4 } }]) {
        const expected = collate(batch, host, given).inputs;
        notes();
        const found = collate(batch, there, { ...given, device }).inputs;
        const { reads, uploads } = notes();
        t.deepEqual(reads, []);
        t.deepEqual(
          uploads.filter((upload) => upload.includes("Float")),
          [],
          "no features are sent",
        );
        for (const name of ["regionFeatures", "regionBoxes", "regionMask"] as const) {
          t.deepEqual(found[name].shape, expected[name].shape);
          t.true(torch.equal(found[name].cpu(), expected[name]), name);
          t.true(found[name].isContiguous());
        }
      }
    }
    there.dispose();
    const after = collate(examples.slice(0, 2), there, { device }).inputs;
    t.true(
      torch.equal(
        after.regionFeatures.cpu(),
        collate(examples.slice(0, 2), host).inputs.regionFeatures,
      ),
    );
  });
}

test.serial("what is augmented, or was not sent, is made on the host", (t) => {
  const host = source(true);
  const there = new ResidentRegions(host, examples.slice(0, 6), STAND_IN);
  const at = { device: STAND_IN, augmented: true, count: 2 };
  t.is(there.batch(examples.slice(0, 2), at), null);
  t.is(there.batch(examples.slice(5, 7), { ...at, augmented: false }), null, "one was not sent");
  t.is(there.batch(examples.slice(0, 2), { ...at, device: "cpu", augmented: false }), null);
  t.is(there.batch(examples.slice(0, 2), { ...at, augmented: false, count: 9 }), null, "too many");
  t.truthy(there.batch(examples.slice(0, 2), { ...at, augmented: false }));
  const seeds = [5, 6];
  const batch = examples.slice(0, 2);
  t.true(
    torch.equal(
      collate(batch, there, { seeds, device: STAND_IN }).inputs.regionFeatures.cpu(),
      collate(batch, host, { seeds }).inputs.regionFeatures,
    ),
  );
  t.throws(() => new ResidentRegions({ ...host, imageOf: undefined }, examples, STAND_IN), {
    message: /no imageOf/,
  });
});
