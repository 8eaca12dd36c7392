import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { listZip, readZipText, unzip, ZipError } from "../../setup/zip";
import { makeZip } from "./make-zip";
import { temporaryFolder } from "./support";

// Written by Python's zipfile: a folder, a deflated file, a name in UTF-8, and a stored file whose
// local header alone has the fields of zip64.
const written =
  "UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAAJAAAAbGlidG9yY2gvUEsDBBQAAAAIAJkaeF00/wuaDQAAAAsAAAAWAAAAbGlidG9yY2gvYnVpbGQtdmVyc2lvbjPSMzTWM9BOLijlAgBQSwMEFAAACAgAAAAhABMtQxsHAAAALAEAABMAAABsaWJ0b3JjaC9saWIvw6kudHh0q6gYBcQCAFBLAwQtAAAAAAAAACEAL0I9Hf//////////DwAUAGxpYnRvcmNoL3N0b3JlZAEAEAAqAAAAAAAAACoAAAAAAAAAc3RvcmVkLCBzdHJlYW1lZCB3aXRoIGEgemlwNjQgbG9jYWwgaGVhZGVyUEsBAhQDFAAAAAAAAAAhAAAAAAAAAAAAAAAAAAkAAAAAAAAAAAAQAP9BAAAAAGxpYnRvcmNoL1BLAQIUAxQAAAAIAJkaeF00/wuaDQAAAAsAAAAWAAAAAAAAAAAAAACAAScAAABsaWJ0b3JjaC9idWlsZC12ZXJzaW9uUEsBAhQDFAAACAgAAAAhABMtQxsHAAAALAEAABMAAAAAAAAAAAAAAIABaAAAAGxpYnRvcmNoL2xpYi/DqS50eHRQSwECLQMtAAAAAAAAACEAL0I9HSoAAAAqAAAADwAAAAAAAAAAAAAAgAGgAAAAbGlidG9yY2gvc3RvcmVkUEsFBgAAAAAEAAQA+QAAAAsBAAAAAA==";

function archiveOf(t: ExecutionContext, content: Buffer) {
  const folder = temporaryFolder(t);
  const archive = join(folder, "archive.zip");
  writeFileSync(archive, content);
  return { archive, target: join(folder, "unpacked") };
}

async function refused(t: ExecutionContext, content: Buffer, message: RegExp) {
  const { archive, target } = archiveOf(t, content);
  await t.throwsAsync(() => unzip(archive, target), { instanceOf: ZipError, message });
  return target;
}

test("an archive of another program is unpacked", async (t) => {
  const { archive, target } = archiveOf(t, Buffer.from(written, "base64"));
  t.deepEqual(await listZip(archive), [
    "libtorch/",
    "libtorch/build-version",
    "libtorch/lib/é.txt",
    "libtorch/stored",
  ]);
  const progress: number[] = [];
  const done = await unzip(archive, target, { onProgress: (count) => progress.push(count) });
  t.deepEqual(done, { files: 3, bytes: 353 });
  t.is(progress.at(-1), 353);
  t.is(readFileSync(join(target, "libtorch/build-version"), "utf8"), "2.13.0+cpu\n");
  t.is(readFileSync(join(target, "libtorch/lib/é.txt"), "utf8"), "x".repeat(300));
  t.regex(readFileSync(join(target, "libtorch/stored"), "utf8"), /^stored, streamed/);
});

test("only what is selected is unpacked, to where the selection says", async (t) => {
  const files = ["top/lib/a", "top/bin/b"].map((name) => ({ name, data: name }));
  const { archive, target } = archiveOf(t, makeZip(files));
  const select = (name: string) => (name.startsWith("top/lib/") ? name.slice(4) : null);
  t.is((await unzip(archive, target, { select })).files, 1);
  t.deepEqual(readdirSync(target, { recursive: true }).sort(), ["lib", "lib/a"]);
});

test("zip64 sizes and offsets, and a comment at the end", async (t) => {
  const files = [
    { name: "first", data: "1".repeat(1000) },
    { name: "second", data: "2", method: 0 },
    { name: "empty", data: "", method: 0 },
  ];
  for (const options of [
    { zip64: true },
    { comment: "PK: a comment" },
    { zip64: true, comment: "x" },
  ]) {
    const { archive, target } = archiveOf(t, makeZip(files, options));
    t.deepEqual(await unzip(archive, target), { files: 3, bytes: 1001 });
    t.is(readFileSync(join(target, "first"), "utf8"), files[0].data);
    t.is(readFileSync(join(target, "second"), "utf8"), "2");
    t.is(readFileSync(join(target, "empty"), "utf8"), "");
  }
});

test("the text of one file is read", async (t) => {
  const { archive } = archiveOf(t, makeZip([{ name: "a/METADATA", data: "Name: é\n" }]));
  t.is(await readZipText(archive, (name) => name.endsWith("METADATA")), "Name: é\n");
  t.is(await readZipText(archive, (name) => name === "none"), null);
});

for (const zip64 of [false, true]) {
  test(`no truncated archive passes${zip64 ? ", zip64" : ""}`, async (t) => {
    const whole = makeZip(
      [
        { name: "a", data: "some text" },
        { name: "b", data: "stored text", method: 0 },
      ],
      { zip64 },
    );
    for (let length = 0; length < whole.length; length += 3) {
      await refused(t, whole.subarray(0, length), /cannot be unpacked/);
    }
  });
}

test("a flipped byte is found, or was one that changes nothing", async (t) => {
  const data = "The quick brown fox jumps over the lazy dog.";
  const whole = makeZip([{ name: "a", data }]);
  let found = 0;
  const bytes = { from: 31, to: whole.indexOf(Buffer.from("PK\x01\x02")) };
  for (let at = bytes.from; at < bytes.to; at++) {
    const damaged = Buffer.from(whole);
    damaged[at] ^= 0x10;
    const { archive, target } = archiveOf(t, damaged);
    try {
      await unzip(archive, target);
      // Such as the bits after the end of the compressed data.
      t.is(readFileSync(join(target, "a"), "utf8"), data);
    } catch (error) {
      t.true(error instanceof ZipError, String(error));
      found++;
    }
  }
  t.true(found >= bytes.to - bytes.from - 2);
});

test("a file that is not what the directory announces is refused", async (t) => {
  const data = "x".repeat(100);
  await refused(t, makeZip([{ name: "crc", data, crc: 1 }]), /crc is damaged \(CRC-32 differs\)/);
  await refused(t, makeZip([{ name: "short", data, size: 101 }]), /has 100 bytes instead of 101/);
  await refused(t, makeZip([{ name: "bomb", data, size: 10 }]), /bomb is longer than announced/);
  await refused(t, makeZip([{ name: "lzma", data, method: 14 }]), /unknown way \(14\)/);
  await refused(t, makeZip([{ name: "secret", data, encrypted: true }]), /secret is encrypted/);
});

test("an archive cannot write outside its folder", async (t) => {
  for (const name of [
    "../evil",
    "a/../../evil",
    "/tmp/adaptune-evil",
    "a\\..\\evil",
    "..",
    "a\0b",
  ]) {
    const target = await refused(t, makeZip([{ name, data: "evil" }]), /leaves the folder/);
    t.false(existsSync(join(target, "..", "evil")), name);
  }
  t.false(existsSync("/tmp/adaptune-evil"));
});

test("symbolic links and a name given twice are refused", async (t) => {
  const link = { name: "link", data: "/etc", link: true };
  await refused(t, makeZip([link, { name: "link/passwd", data: "x" }]), /symbolic link: link/);
  const twice = [1, 2].map((n) => ({ name: "a", data: `${n}` }));
  await refused(t, makeZip(twice), /holds a twice/);
});

test("what is no zip file at all is named so", async (t) => {
  await refused(t, Buffer.from("<html>404</html>".repeat(50)), /not a zip file, or truncated/);
});
