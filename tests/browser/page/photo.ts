/** A photograph, nearly: a lake under mountains in the evening, drawn by numbers, as a data URL. */

const SIZE = 224;

type Colour = readonly [number, number, number];

let photo: string | undefined;

/** The same each time. */
export function photograph(): string {
  photo ??= `data:image/png;base64,${base64(png(SIZE, SIZE, colourAt))}`;
  return photo;
}

function colourAt(x: number, y: number): Colour {
  const [across, down] = [x / SIZE, y / SIZE];
  const grain = (noise(x * 0.9, y * 0.9, 7) - 0.5) * 14;
  const shore = 0.63;
  if (down <= shore) return lit(land(across, down), grain);
  const ripple = 0.012 * Math.sin(40 * (down - shore) ** 0.6 * 9 + 6 * noise(across * 30, down * 60, 3));
  const mirrored = land(across + ripple, shore - (down - shore) * 1.15);
  const isTree = trees(across, down);
  return isTree ? lit([22, 26, 24], grain) : lit(mix(mirrored, [18, 44, 66], 0.42), grain);
}

function land(x: number, y: number): Colour {
  const sun = Math.hypot(x - 0.7, (y - 0.3) * 1.1);
  const sky = mix([250, 178, 96], [52, 96, 168], Math.min(1, (0.62 - y) * 1.7));
  const clouds = Math.max(0, noise(x * 5, y * 14, 1) * noise(x * 11, y * 30, 2) - 0.22) * 2.2;
  let colour = mix(mix(sky, [255, 226, 190], Math.min(0.85, clouds)), [255, 244, 214], Math.exp(-sun * 9));
  if (sun < 0.055) colour = [255, 250, 232];
  const far = 0.45 - 0.2 * noise(x * 4, 0, 4) + 0.03 * noise(x * 22, 0, 5);
  if (y > far)
    colour = mix(
      [96, 104, 142],
      y < far + 0.07 && noise(x * 40, y * 40, 8) > 0.42 ? [236, 236, 240] : [80, 84, 118],
      0.7,
    );
  const near = 0.62 - 0.16 * noise(x * 3 + 9, 0, 6) * (1.3 - x);
  if (y > near) colour = mix([34, 66, 48], [58, 84, 52], noise(x * 60, y * 60, 9));
  return colour;
}

function trees(x: number, y: number): boolean {
  return [0.08, 0.16, 0.9].some((at, index) => {
    const height = 0.62 - 0.1 * index;
    const top = 1 - height * 0.6;
    const width = 0.05 * ((y - top) / (1 - top)) * (1 + 0.4 * Math.sin(y * 160));
    return y > top && Math.abs(x - at) < width;
  });
}

function mix(a: Colour, b: Colour, share: number): Colour {
  const at = Math.max(0, Math.min(1, share));
  return [a[0] + at * (b[0] - a[0]), a[1] + at * (b[1] - a[1]), a[2] + at * (b[2] - a[2])];
}

function lit(colour: Colour, by: number): Colour {
  return [colour[0] + by, colour[1] + by, colour[2] + by];
}

/** Smooth noise, 0 to 1. */
function noise(x: number, y: number, seed: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const ease = (share: number) => share * share * (3 - 2 * share);
  const [across, down] = [ease(x - left), ease(y - top)];
  const at = (i: number, j: number) => {
    const hash = Math.sin((left + i) * 127.1 + (top + j) * 311.7 + seed * 74.7) * 43758.5453;
    return hash - Math.floor(hash);
  };
  const row = (j: number) => at(0, j) + across * (at(1, j) - at(0, j));
  return row(0) + down * (row(1) - row(0));
}

/** A PNG whose pixels are stored as they are. */
function png(width: number, height: number, colour: (x: number, y: number) => Colour): Uint8Array {
  const rows = new Uint8Array(height * (1 + 3 * width));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      colour(x, y).forEach((value, channel) => {
        rows[y * (1 + 3 * width) + 1 + 3 * x + channel] = Math.max(0, Math.min(255, Math.round(value)));
      });
  const header = [...word(width), ...word(height), 8, 2, 0, 0, 0];
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", header),
    ...chunk("IDAT", stored(rows)),
    ...chunk("IEND", []),
  ]);
}

function stored(bytes: Uint8Array): number[] {
  const most = 65535;
  const out = [0x78, 0x01];
  for (let at = 0; at < bytes.length; at += most) {
    const piece = bytes.subarray(at, at + most);
    const isLast = at + most >= bytes.length ? 1 : 0;
    out.push(isLast, piece.length & 255, piece.length >> 8, ~piece.length & 255, (~piece.length >> 8) & 255);
    for (const byte of piece) out.push(byte);
  }
  let [a, b] = [1, 0];
  for (const byte of bytes) [a, b] = [(a + byte) % 65521, (b + a + byte) % 65521];
  out.push(...word(((b << 16) | a) >>> 0));
  return out;
}

function chunk(name: string, data: readonly number[]): number[] {
  const body = [...[...name].map((letter) => letter.charCodeAt(0)), ...data];
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return [...word(data.length), ...body, ...word((crc ^ 0xffffffff) >>> 0)];
}

function word(number: number): number[] {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
