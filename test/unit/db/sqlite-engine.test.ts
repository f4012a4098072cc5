/** Which of the two SQLite libraries is taken. */
import { describe, expect, test } from "vitest";
import { preferred } from "../../../src/db/sqlite/engine.js";

describe("the SQLite library that comes first", () => {
  test("is better-sqlite3 on the Nodes that it works with", () => {
    for (const node of ["20.20.2", "22.23.2", "24.18.0"]) expect(preferred(node, "12.11.1")[0]).toBe("better-sqlite3");
    expect(preferred("24.21.0", "13.0.0")[0]).toBe("better-sqlite3");
    expect(preferred("26.0.0", "13.2.0")[0]).toBe("better-sqlite3");
  });
  test("is Node's own where better-sqlite3 before 13 would end the process", () => {
    for (const node of ["24.19.0", "24.21.0", "25.0.0", "26.3.0"])
      expect(preferred(node, "12.11.1")[0]).toBe("node:sqlite");
    expect(preferred("24.19.0", "11.10.0")[0]).toBe("node:sqlite");
  });
  test("does not matter where better-sqlite3 is not installed", () => {
    expect(preferred("24.21.0", null)).toEqual(["better-sqlite3", "node:sqlite"]);
  });
});
