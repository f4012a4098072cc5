/**
 * How texts of PostgreSQL's protocol become values: exact primitives where JavaScript has one, the server's own text
 * otherwise. The table belongs to babik's connections; `pg`'s global one is neither read nor changed.
 */

type Parse = (text: string) => unknown;

const asText: Parse = (text) => text;
const asNumber: Parse = Number;

/** int8: a number where it is exact, else a bigint. */
export function parseInt8(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** bytea in either of the server's two notations. */
export function parseBytea(text: string): Uint8Array {
  if (text.startsWith("\\x")) return Buffer.from(text.slice(2), "hex");
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "\\") bytes.push(text.charCodeAt(i));
    else if (text[i + 1] === "\\") {
      bytes.push(92);
      i++;
    } else {
      bytes.push(Number.parseInt(text.slice(i + 1, i + 4), 8));
      i += 3;
    }
  }
  return Uint8Array.from(bytes);
}

const parsers = new Map<number, Parse>([
  [16, (text) => text === "t"], // bool
  [17, parseBytea], // bytea
  [20, parseInt8], // int8
  [21, asNumber], // int2
  [23, asNumber], // int4
  [26, asNumber], // oid
  [700, asNumber], // float4
  [701, asNumber], // float8
]);

/** What `pg` asks for the reader of a column. numeric, dates, times, intervals, json, uuid, arrays, ranges stay text. */
export const typeParsers = {
  getTypeParser: (oid: number): Parse => parsers.get(oid) ?? asText,
};
