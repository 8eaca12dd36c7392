import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { DownloadError, download } from "../../setup/download";
import { serve, temporaryFolder } from "./support";

const content = randomBytes(200_000);

/** Answers one request after the other, in order; `asked` are the ranges that were asked for. */
async function server(t: ExecutionContext, ...answers: Answer[]) {
  const asked: (string | undefined)[] = [];
  const address = await serve(t, (request, response) => {
    asked.push(request.headers.range);
    const answer = answers[asked.length - 1];
    if (answer) answer(request, response);
    else response.writeHead(500).end();
  });
  const folder = temporaryFolder(t);
  return { asked, url: `${address}/libtorch.zip`, folder, target: join(folder, "libtorch.zip") };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const headers = { etag: '"one"', "content-length": content.length };
const whole: Answer = (_, response) => response.writeHead(200, headers).end(content);
const rest: Answer = (request, response) => {
  const from = Number(/\d+/.exec(request.headers.range ?? "")?.[0]);
  const range = `bytes ${from}-${content.length - 1}/${content.length}`;
  const length = content.length - from;
  response.writeHead(206, { ...headers, "content-range": range, "content-length": length });
  response.end(content.subarray(from));
};
const breakingAfter =
  (bytes: number, extra: object = headers): Answer =>
  (_, response) => {
    response.writeHead(200, { "content-length": content.length, ...extra });
    // What has not reached the file when the connection breaks counts as not sent: it gets time for that.
    response.write(content.subarray(0, bytes), () => setTimeout(() => response.destroy(), 300));
  };

test("a file arrives whole, with its progress", async (t) => {
  const { url, target, folder } = await server(t, whole);
  const progress: (number | undefined)[][] = [];
  await download(url, target, { onProgress: (...counts) => progress.push(counts) });
  t.deepEqual(readFileSync(target), content);
  t.deepEqual(progress.at(-1), [content.length, content.length]);
  t.deepEqual(readdirSync(folder), ["libtorch.zip"]);
});

test("a broken download is continued where it broke", async (t) => {
  const { url, target, asked } = await server(t, breakingAfter(50_000), rest);
  const progress: number[] = [];
  await download(url, target, { onProgress: (done) => progress.push(done) });
  t.deepEqual(readFileSync(target), content);
  t.deepEqual(asked, [undefined, "bytes=50000-"]);
  t.true(progress.every((done, i) => i === 0 || done > progress[i - 1]));
});

test("a broken download is continued by the next attempt of the user", async (t) => {
  const silent: Answer = (_, response) => response.destroy();
  const { url, target, asked } = await server(t, breakingAfter(50_000), silent, rest);
  await t.throwsAsync(() => download(url, target), { instanceOf: DownloadError });
  t.false(existsSync(target));
  await download(url, target);
  t.deepEqual(readFileSync(target), content);
  t.deepEqual(asked, [undefined, "bytes=50000-", "bytes=50000-"]);
});

test("a file that changed meanwhile is fetched anew instead of glued together", async (t) => {
  const { url, target, folder } = await server(t, whole);
  writeFileSync(`${target}.part`, "the old file's beginning");
  writeFileSync(`${target}.part.tag`, '"zero"');
  await download(url, target);
  t.deepEqual(readFileSync(target), content);
  t.deepEqual(readdirSync(folder), ["libtorch.zip"]);
});

test("a piece longer than the file is thrown away", async (t) => {
  const tooFar: Answer = (_, response) => response.writeHead(416).end();
  const { url, target, asked } = await server(t, tooFar, whole);
  writeFileSync(`${target}.part`, Buffer.alloc(content.length + 1));
  writeFileSync(`${target}.part.tag`, '"one"');
  await download(url, target);
  t.deepEqual(readFileSync(target), content);
  t.deepEqual(asked, [`bytes=${content.length + 1}-`, undefined]);
});

test("there is no storm of retries", async (t) => {
  const nothing = await server(t, breakingAfter(0), whole);
  await t.throwsAsync(() => download(nothing.url, nothing.target), { instanceOf: DownloadError });
  t.is(nothing.asked.length, 1);
  // Without a tag nothing can be continued, and an attempt that gets no further is the last.
  const untagged = breakingAfter(50_000, {});
  const again = await server(t, untagged, untagged, whole);
  await t.throwsAsync(() => download(again.url, again.target), { message: /broke/ });
  t.is(again.asked.length, 2);
});

test("a server that falls silent is given up", async (t) => {
  const stalling: Answer = (_, response) => {
    response.writeHead(200, headers);
    response.write(content.subarray(0, 10));
  };
  const { url, target } = await server(t, stalling, stalling);
  await t.throwsAsync(() => download(url, target, { silence: 200 }), {
    message: /silent for 0.2 s/,
  });
  t.false(existsSync(target));
});

test("a missing file and a failing server are named with the address", async (t) => {
  for (const code of [403, 404, 500]) {
    const answer: Answer = (_, response) => response.writeHead(code).end("sorry");
    const { url, target, asked, folder } = await server(t, answer, answer);
    await t.throwsAsync(() => download(url, target), { message: `${url} answered ${code}.` });
    t.is(asked.length, 1);
    t.deepEqual(readdirSync(folder), []);
  }
});

test("redirects are followed, but not for ever", async (t) => {
  const to: (path: string) => Answer = (path) => (_, response) =>
    response.writeHead(302, { location: path }).end();
  const once = await server(t, to("/elsewhere"), whole);
  await download(once.url, once.target);
  t.deepEqual(readFileSync(once.target), content);
  const circles = await server(t, ...Array<Answer>(20).fill(to("/libtorch.zip")));
  await t.throwsAsync(() => download(circles.url, circles.target), { message: /in circles/ });
  t.is(circles.asked.length, 6);
});

test("a host that cannot be reached is named", async (t) => {
  const url = await serve(t, () => {});
  const closed = "http://127.0.0.1:1/file";
  const target = join(temporaryFolder(t), "file");
  const error = await t.throwsAsync(() => download(closed, target), { instanceOf: DownloadError });
  t.regex(error.message, /^127\.0\.0\.1:1 cannot be reached \(/);
  t.not(url, closed);
});
