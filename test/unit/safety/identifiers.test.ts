/** Names in SQL: one function per dialect quotes them, whatever they are, and what it writes reads back as the very name. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BabikError } from "../../../src/base/errors.js";
import { isObjectMember } from "../../../src/base/reserved.js";
import { checkAlias } from "../../../src/query/annotate.js";
import { dialectFor } from "../../../src/sql/compile.js";
import { arrayLiteral } from "../../../src/sql/compiled.js";
import { Compiler } from "../../../src/sql/compiler.js";
import { arrayText, pathText } from "../../../src/lookups/json-path.js";
import { databases, mysql, oldMariadb } from "../../support/dialects.js";

const all = [...databases, ["MySQL", mysql], ["old MariaDB", oldMariadb]] as const;
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 90 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('"', "`", "'", "\\", ".", "-", ";", "a", "é", "\u0000", "\n", "\ud800"),
    maxLength: 90,
  }),
  fc.string({ unit: fc.constantFrom('"', "`", ".", "a"), minLength: 60, maxLength: 300 }),
);

describe.each(all)("%s", (_name, info) => {
  const { quote: mark } = dialectFor(info);
  const compiler = new Compiler(dialectFor(info), info);
  /** What a tokenizer reads: null where the text is not one quoted name. */
  const read = (text: string): string | null => {
    if (text[0] !== mark) return null;
    let out = "";
    for (let i = 1; i < text.length; i++) {
      if (text[i] !== mark) out += text[i];
      else if (text[i + 1] === mark) out += text[i++];
      else return i === text.length - 1 ? out : null;
    }
    return null;
  };
  test("a name is quoted whole or refused", () => {
    let accepted = 0;
    fc.assert(
      fc.property(hostile, (name) => {
        let text: string;
        try {
          text = compiler.quote(name);
        } catch (error) {
          expect(error).toBeInstanceOf(BabikError);
          return (
            name === "" || /\p{Cc}/u.test(name) || !(name as unknown as { isWellFormed(): boolean }).isWellFormed()
          );
        }
        accepted++;
        const back = read(text);
        if (back === null || /\p{Cc}/u.test(back)) return false;
        const { maxIdentifier, identifierUnit } = info.features;
        const size = (text: string): number => (identifierUnit === "bytes" ? Buffer.byteLength(text) : text.length);
        return size(name) <= maxIdentifier ? back === name : size(back) <= maxIdentifier;
      }),
      { numRuns: 5_000, seed: 3 },
    );
    expect(accepted).toBeGreaterThan(1000);
  });
  test("long names that differ stay apart", () => {
    const long = 'x"`'.repeat(100);
    expect(compiler.quote(`${long}a`)).not.toBe(compiler.quote(`${long}b`));
    expect(read(compiler.quote(long))).not.toBeNull();
    expect(read(compiler.quote(`${'a"."'.repeat(40)}; DROP TABLE canary`))).not.toBeNull();
  });
  test("SEC-F11: names of many bytes that a server would cut stay apart", () => {
    for (const unit of ["é", "ж", "漢", "a", "😀"])
      for (const length of [20, 31, 32, 62, 63, 64, 65, 200]) {
        const name = unit.repeat(Math.ceil(length / unit.length));
        const [one, two] = [read(compiler.quote(`${name}1`))!, read(compiler.quote(`${name}2`))!];
        expect([unit, length, one === two]).toEqual([unit, length, false]);
        if (info.features.identifierUnit === "bytes") {
          expect(Buffer.byteLength(one)).toBeLessThanOrEqual(info.features.maxIdentifier);
          expect(Buffer.byteLength(two)).toBeLessThanOrEqual(info.features.maxIdentifier);
        }
      }
  });
  test("a key is one quoted step of a path", () => {
    expect(pathText(["a.b", "1", "c"], info)).toBe('$."a.b"[1]."c"');
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }), (key) => {
        if (/^-?\d+$/.test(key) || (key.startsWith("-") && !info.features.jsonHyphenKeys)) return true;
        const text = pathText([key], info);
        if (!text.startsWith('$."') || !text.endsWith('"')) return false;
        // SQLite reads up to the next quote; the others read JSON text.
        return info.name === "sqlite" && !/["\\]/.test(key)
          ? text.slice(3, -1) === key
          : (JSON.parse(text.slice(2)) as string) === key;
      }),
      { numRuns: 2_000, seed: 4 },
    );
  });
});

test("an alias is accepted exactly when the allow-list has it", () => {
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary", maxLength: 10 }), fc.stringMatching(/^[A-Za-z_][A-Za-z_0-9]{0,10}\W?$/)),
      (alias) => {
        let ok = true;
        try {
          checkAlias(alias);
        } catch (error) {
          expect(error).toBeInstanceOf(BabikError);
          ok = false;
        }
        if (ok) accepted++;
        return ok === (/^[A-Za-z_][A-Za-z0-9_]*$/.test(alias) && alias !== "pk" && !isObjectMember(alias));
      },
    ),
    { numRuns: 10_000, seed: 2 },
  );
  expect(accepted).toBeGreaterThan(2000);
});

test("members of an array literal are quoted whole", () => {
  const parse = (text: string): string[] =>
    [...text.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"(?:,|$)/gs)].map((m) => m[1]!.replace(/\\(.)/gs, "$1"));
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 12 }), { minLength: 1, maxLength: 4 }), (items) => {
      expect(parse(arrayLiteral(items))).toEqual(items);
      expect(parse(arrayText(items))).toEqual(items);
    }),
    { numRuns: 2_000, seed: 6 },
  );
});
