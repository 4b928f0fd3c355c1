/** Some items of a list, always the same ones for a seed, in the order of the list. */
export function sample<Item>(items: readonly Item[], count: number, seed: number): Item[] {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  const random = (): number => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (value ^ (value >>> 14)) >>> 0;
  };
  const ranked = items.map((item, index) => ({ item, index, rank: random() }));
  ranked.sort((one, other) => one.rank - other.rank);
  return ranked
    .slice(0, count)
    .sort((one, other) => one.index - other.index)
    .map(({ item }) => item);
}
