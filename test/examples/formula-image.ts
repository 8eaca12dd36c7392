/** RGB of 0 to 255, [512,512,3]: a disk of waves on white. */
export function formulaImage(): Float32Array {
  return Float32Array.from({ length: 512 * 512 * 3 }, (_, n) => {
    const [y, x, channel] = [Math.floor(n / 1536), Math.floor(n / 3) % 512, n % 3];
    const inside = (x - 260) ** 2 + (y - 240) ** 2 < 150 ** 2;
    return inside ? 127.5 + 127.5 * Math.sin(x / 9 + channel) * Math.cos(y / 40) : 255;
  });
}
