/**
 * IP addresses: validity, and the short form of IPv6 addresses. Linear in the length of the text, which is capped.
 */
import { ValidationError } from "../base/errors.js";

/** The four numbers of an IPv4 address; leading zeros are refused, as some readers take them for octal. */
function ipv4Parts(text: string): number[] | undefined {
  if (text.length > 15) return undefined;
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const numbers = parts.map((p) => (/^(?:0|[1-9][0-9]{0,2})$/.test(p) ? Number(p) : 256));
  return numbers.every((n) => n <= 255) ? numbers : undefined;
}

/** The eight groups of an IPv6 address, or `undefined`. */
function ipv6Groups(text: string): number[] | undefined {
  if (text.length > 45 || !/^[0-9A-Fa-f:.]+$/.test(text)) return undefined;
  let rest = text;
  const tail: number[] = [];
  if (text.includes(".")) {
    const colon = text.lastIndexOf(":");
    const v4 = ipv4Parts(text.slice(colon + 1));
    if (v4 === undefined) return undefined;
    tail.push(v4[0]! * 256 + v4[1]!, v4[2]! * 256 + v4[3]!);
    rest = text.slice(0, colon);
    // "::1.2.3.4" leaves ":", whose second colon belongs to the gap.
    if (rest.endsWith(":")) rest += ":";
  }
  const wanted = 8 - tail.length;
  const halves = rest.split("::");
  if (halves.length > 2) return undefined;
  const groups = (half: string) => (half === "" ? [] : half.split(":"));
  const before = groups(halves[0]!);
  const after = halves.length === 2 ? groups(halves[1]!) : [];
  if ([...before, ...after].some((g) => !/^[0-9A-Fa-f]{1,4}$/.test(g))) return undefined;
  const missing = wanted - before.length - after.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const numbers = [...before, ...Array.from({ length: missing }, () => "0"), ...after].map((g) =>
    Number.parseInt(g, 16),
  );
  return [...numbers, ...tail];
}

/** True for an IPv4 address. */
export function isIpv4(text: string): boolean {
  return ipv4Parts(text) !== undefined;
}
/** True for an IPv6 address, without zone. */
export function isIpv6(text: string): boolean {
  return ipv6Groups(text) !== undefined;
}

/**
 * The short form of an IPv6 address: lower case, the longest run of zero groups as `::`, mapped IPv4 addresses with dots
 * (`::ffff:1.2.3.4`) or, with `unpackIpv4`, alone. `undefined` for a text that is no IPv6 address.
 */
export function cleanIpv6(text: string, unpackIpv4 = false): string | undefined {
  const groups = ipv6Groups(text);
  if (groups === undefined) return undefined;
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) {
    const [a, b] = [groups[6]!, groups[7]!];
    const v4 = `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
    return unpackIpv4 ? v4 : `::ffff:${v4}`;
  }
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > best.length) best = { at: i, length: end - i };
    if (end > i) i = end;
  }
  const hex = groups.map((g) => g.toString(16));
  if (best.at < 0) return hex.join(":");
  return `${hex.slice(0, best.at).join(":")}::${hex.slice(best.at + best.length).join(":")}`;
}

function validator(test: (text: string) => boolean, kind: string): (value: unknown) => void {
  return (value) => {
    if (typeof value !== "string" || !test(value))
      throw new ValidationError(`Enter a valid ${kind} address.`, "invalid", { value });
  };
}
/** Refuses what is no IPv4 address. */
export const validateIpv4Address = validator(isIpv4, "IPv4");
/** Refuses what is no IPv6 address. */
export const validateIpv6Address = validator(isIpv6, "IPv6");
/** Refuses what is neither. */
export const validateIpv46Address = validator((text) => isIpv4(text) || isIpv6(text), "IPv4 or IPv6");
