/** One or two neurons often are far larger than all others: the scale of colours ends before them. */
export const EXTENT = 0.985;
export const EXTENT_OF_Q = 0.97;
/** As many numbers tell the scale of a column well enough. */
const MOST_NUMBERS = 8192;

/** End of a symmetric scale: the size that a share of the numbers stays under. Of many rows, some at even steps. */
export function extentOf(rows: number, row: (at: number) => ArrayLike<number>, share = EXTENT): number {
  if (rows === 0) return 0;
  const step = Math.max(1, Math.ceil((rows * row(0).length) / MOST_NUMBERS));
  const sizes = new Float64Array(Math.ceil(rows / step) * row(0).length);
  let count = 0;
  for (let at = 0; at < rows; at += step) {
    const numbers = row(at);
    for (let index = 0; index < numbers.length; index++) {
      if (Number.isFinite(numbers[index])) sizes[count++] = Math.abs(numbers[index]);
    }
  }
  return count === 0 ? 0 : select(sizes.subarray(0, count), Math.floor((count - 1) * share));
}

/** What would stand at a rank if the numbers were sorted (Hoare's selection); moves them about. */
function select(numbers: Float64Array, rank: number): number {
  let [first, last] = [0, numbers.length - 1];
  while (first < last) {
    const pivot = numbers[rank];
    let [low, high] = [first, last];
    while (low <= high) {
      while (numbers[low] < pivot) low++;
      while (numbers[high] > pivot) high--;
      if (low > high) break;
      const moved = numbers[low];
      numbers[low++] = numbers[high];
      numbers[high--] = moved;
    }
    if (high < rank) first = low;
    if (low > rank) last = high;
  }
  return numbers[rank];
}
