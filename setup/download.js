const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const path = require("node:path");
const { Transform } = require("node:stream");
const { pipeline } = require("node:stream/promises");

/** A download that did not happen. `unreachable`: the server was not reached at all, or has no such file. */
class DownloadError extends Error {
  /**
   * @param {string} message
   * @param {{ unreachable?: boolean }} [options]
   */
  constructor(message, { unreachable = false } = {}) {
    super(message);
    this.name = "DownloadError";
    this.unreachable = unreachable;
  }
}

/**
 * @typedef {{ onProgress?: (done: number, total?: number) => void, silence?: number }} Options
 *   `silence`: milliseconds without a byte after which the connection counts as broken
 */

/**
 * Downloads a file. The bytes go to `<target>.part`, which a broken connection leaves behind and the
 * next attempt continues; the target appears only when complete.
 * @param {string} url
 * @param {string} target
 * @param {Options} [options]
 * @throws {DownloadError}
 */
async function download(url, target, options = {}) {
  const part = `${target}.part`;
  await fs.promises.mkdir(path.dirname(target), { recursive: true });
  for (;;) {
    const before = sizeOf(part);
    try {
      await attempt(url, part, options);
      break;
    } catch (error) {
      const failed = error instanceof DownloadError ? error : brokenConnection(error);
      // Another attempt only after one that brought something: never a storm of retries.
      if (failed.unreachable || sizeOf(part) <= before) throw failed;
    }
  }
  await fs.promises.rename(part, target);
  await fs.promises.rm(`${part}.tag`, { force: true });
}

/**
 * @param {string} url
 * @param {string} part
 * @param {Options} options
 */
async function attempt(url, part, { onProgress = () => {}, silence = 30_000 }) {
  const have = sizeOf(part);
  const tag = readTag(part);
  // If-Range: a file that changed on the server is sent whole instead of being glued to the old one.
  const headers = have > 0 && tag ? { range: `bytes=${have}-`, "if-range": tag } : {};
  const response = await request(url, headers, silence);
  const continues = response.statusCode === 206 && startsAt(response) === have;
  if (response.statusCode !== 200 && !continues) {
    response.destroy();
    await discard(part);
    // Nothing lies beyond the piece that is here, or not where it was asked for: start anew.
    if (have > 0 && (response.statusCode === 416 || response.statusCode === 206)) {
      return attempt(url, part, { onProgress, silence });
    }
    const gone = response.statusCode === 404 || response.statusCode === 403;
    throw new DownloadError(`${url} answered ${response.statusCode}.`, { unreachable: gone });
  }
  const validator = response.headers.etag ?? response.headers["last-modified"];
  if (validator) fs.writeFileSync(`${part}.tag`, validator);
  else fs.rmSync(`${part}.tag`, { force: true });

  const start = continues ? have : 0;
  const length = response.headers["content-length"];
  const total = length === undefined ? undefined : start + Number(length);
  let done = start;
  const count = new Transform({
    transform(chunk, _, next) {
      done += chunk.length;
      onProgress(done, total);
      next(null, chunk);
    },
  });
  await pipeline(response, count, fs.createWriteStream(part, { flags: continues ? "a" : "w" }));
  if (total !== undefined && done !== total) {
    throw new DownloadError(`${url} ended after ${done} of ${total} bytes.`);
  }
}

/**
 * @param {string} url
 * @param {http.OutgoingHttpHeaders} headers
 * @param {number} silence
 * @param {number} [redirects]
 * @returns {Promise<http.IncomingMessage>}
 */
function request(url, headers, silence, redirects = 5) {
  return new Promise((resolve, reject) => {
    const client = url.startsWith("https:") ? https : http;
    /** @type {http.ClientRequest | http.IncomingMessage} */
    let stalling;
    const sent = client.get(url, { headers, timeout: silence }, (response) => {
      stalling = response;
      const { statusCode = 0, headers: answered } = response;
      if (statusCode < 300 || statusCode >= 400 || !answered.location) return resolve(response);
      response.resume();
      if (redirects === 0) return reject(new DownloadError(`${url} redirects in circles.`));
      const next = new URL(answered.location, url).href;
      request(next, headers, silence, redirects - 1).then(resolve, reject);
    });
    stalling = sent;
    sent.on("timeout", () => stalling.destroy(new Error(`silent for ${silence / 1000} s`)));
    sent.on("error", (error) => {
      const host = new URL(url).host;
      reject(
        new DownloadError(`${host} cannot be reached (${error.message}).`, { unreachable: true }),
      );
    });
  });
}

/** @param {unknown} error */
function brokenConnection(error) {
  return new DownloadError(`The connection broke (${/** @type {Error} */ (error).message}).`);
}

/** @param {http.IncomingMessage} response */
function startsAt(response) {
  return Number(/^bytes (\d+)-/.exec(response.headers["content-range"] ?? "")?.[1] ?? Number.NaN);
}

/** @param {string} file */
function sizeOf(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** @param {string} part */
function readTag(part) {
  return fs.existsSync(`${part}.tag`) ? fs.readFileSync(`${part}.tag`, "utf8") : null;
}

/** @param {string} part */
async function discard(part) {
  await fs.promises.rm(part, { force: true });
  await fs.promises.rm(`${part}.tag`, { force: true });
}

module.exports = { download, DownloadError };
