/** Ordering by dependencies. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { topologicalOrder } from "../../../src/base/graph.js";

const of = (edges: Record<string, readonly string[]>) => topologicalOrder(Object.keys(edges), (x) => edges[x] ?? []);

describe("topologicalOrder", () => {
  test("puts what something depends on before it", () => {
    expect(of({ book: ["author", "shelf"], shelf: ["room"], author: [], room: [] })).toEqual({
      order: ["author", "room", "shelf", "book"],
      cycle: null,
    });
  });
  test("keeps the given order where nothing depends", () => {
    expect(of({ c: [], a: [], b: [] }).order).toEqual(["c", "a", "b"]);
  });
  test("passes over what is not ordered, and what depends on itself", () => {
    expect(of({ node: ["node", "elsewhere"] })).toEqual({ order: ["node"], cycle: null });
  });
  test("tells a circle as the way round", () => {
    expect(of({ start: ["a"], a: ["b"], b: ["c"], c: ["a"] })).toEqual({ order: null, cycle: ["a", "b", "c", "a"] });
  });
  test("orders chains longer than the call stack is deep", () => {
    const n = 100_000;
    const { order } = topologicalOrder(
      Array.from({ length: n }, (_, i) => i),
      (i) => (i + 1 < n ? [i + 1] : []),
    );
    expect(order?.[0]).toBe(n - 1);
  });
  test("any graph whose edges lead to smaller numbers has an order, and it is one", () => {
    const holds = (): void =>
      fc.assert(
        fc.property(fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 30 }), (lists) => {
          const edges = lists.map((list, i) => list.filter((d) => d < i));
          const { order } = topologicalOrder(edges.keys(), (i) => edges[i]!);
          if (order === null || order.length !== edges.length) return false;
          const at = new Map(order.map((x, i) => [x, i]));
          return edges.every((list, i) => list.every((d) => at.get(d)! < at.get(i)!));
        }),
      );
    expect(holds).not.toThrow();
  });
});
