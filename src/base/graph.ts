/**
 * Orders things by what they depend on. It knows nothing of what the things are: models to delete from, migrations to run, rows of
 * fixtures to load.
 */

/** An order in which everything comes after what it depends on, or the first circle that was met. */
export type Ordering<T> =
  | { readonly order: readonly T[]; readonly cycle: null }
  | { readonly order: null; readonly cycle: readonly T[] };

/**
 * Topological order, as near to the given one as the dependencies allow. Dependencies outside of `items` are passed over.
 * @param items what is ordered; each once
 * @param dependenciesOf what has to come before an item
 * @returns the order, or a circle as the path that leads from an item back to itself
 * @example topologicalOrder(["book", "author"], (x) => (x === "book" ? ["author"] : [])) // { order: ["author", "book"], cycle: null }
 */
export function topologicalOrder<T>(items: Iterable<T>, dependenciesOf: (item: T) => Iterable<T>): Ordering<T> {
  const all = new Set(items);
  const order: T[] = [];
  const done = new Set<T>();
  for (const start of all) {
    if (done.has(start)) continue;
    // A stack of our own: chains of dependencies may be longer than the call stack is deep.
    const path: { readonly item: T; readonly rest: Iterator<T> }[] = [];
    const onPath = new Set<T>();
    const enter = (item: T): void => {
      path.push({ item, rest: dependenciesOf(item)[Symbol.iterator]() });
      onPath.add(item);
    };
    enter(start);
    while (path.length > 0) {
      const top = path.at(-1)!;
      const next = top.rest.next();
      if (next.done === true) {
        path.pop();
        onPath.delete(top.item);
        done.add(top.item);
        order.push(top.item);
        continue;
      }
      const item = next.value;
      if (!all.has(item) || done.has(item) || item === top.item) continue;
      if (onPath.has(item)) {
        const names = path.map((p) => p.item);
        return { order: null, cycle: [...names.slice(names.indexOf(item)), item] };
      }
      enter(item);
    }
  }
  return { order, cycle: null };
}
