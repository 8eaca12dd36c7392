import test from "ava";
import { allOnHost, alsoOnHost, knownOnHost, onHost, pack, sendToDevice } from "../../src/nn";
import * as torch from "../../src/torch";
import { loadStandIn, STAND_IN } from "../device/stand-in";

const { notes } = loadStandIn();
const values = () => knownOnHost(BigInt64Array.of(1n, 1n, 0n), { shape: [1, 3], device: STAND_IN });

test.serial("what was sent is looked up on the host, and what is made of it", (t) => {
  const mask = values();
  notes();
  t.is(mask.device, STAND_IN);
  const found = alsoOnHost(mask, (one) => one.to("bool"));
  t.is(found.device, STAND_IN);
  t.deepEqual(onHost(found).toArray(), [[true, true, false]]);
  t.deepEqual(notes().reads, [], "the device is not asked");
  t.deepEqual(found.toArray(), [[true, true, false]]);
  const other = torch.zeros([2], { device: STAND_IN });
  t.is(onHost(other), other);
  t.deepEqual(allOnHost([mask, other]), [mask, other], "all or none");
  const host = torch.ones([2]);
  t.is(sendToDevice(host, "cpu"), host);
  t.is(onHost(sendToDevice(host, STAND_IN)), host);
});

test.serial("what was written to since, or is gone, is read from the device", (t) => {
  const written = values();
  written.fill_(1);
  t.is(onHost(written), written);
  const host = torch.ones([2]);
  const sent = sendToDevice(host, STAND_IN);
  host.fill_(7);
  t.is(onHost(sent), sent);
  t.deepEqual(sent.toArray(), [1, 1]);
  const kept = torch.scope(() => values());
  t.is(onHost(kept), kept, "the host's went with its scope");
  const inference = torch.inferenceMode(() => values());
  t.is(onHost(inference), inference);
});

test.serial("rows are packed by a mask of the host's, without waiting for the device", (t) => {
  const hidden = torch.ones([2, 2, 4], { device: STAND_IN });
  const mask = torch.tensor([0, 0, 0, -Infinity], { shape: [2, 1, 1, 2] });
  notes();
  const packed = pack(hidden, mask)!;
  t.deepEqual(packed.rows.shape, [3, 4]);
  const { reads, uploads } = notes();
  t.deepEqual(reads, []);
  t.deepEqual(uploads, ["pinned Long [3]"]);
  t.truthy(pack(hidden, mask.to(STAND_IN)), "one on the device is read");
  t.deepEqual(notes().reads, ["copy of Float [2, 1, 1, 2]"]);
});
