/**
 * Validators of e-mail addresses, web addresses and domain names. They take texts apart by hand or with expressions that
 * can match in one way only, and cap lengths first: a hostile text costs linear time.
 */
import { ValidationError } from "../base/errors.js";
import type { Validator } from "./field.js";
import { isIpv4, isIpv6 } from "./ip.js";

const MAX_DOMAIN = 253;
const MAX_EMAIL = 320;
const MAX_URL = 2048;
// A label of letters and digits, hyphens only inside; other scripts from U+00A1 on.
const LABEL = /^[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff-]{0,61}[a-z0-9\u00a1-\uffff])?$/i;
const ASCII_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const TOP_LABEL = /^(?:xn--[a-z0-9-]{1,59}|[a-z\u00a1-\uffff-]{2,63})$/i;
const ASCII_TOP_LABEL = /^(?:xn--[a-z0-9-]{1,59}|[a-z-]{2,63})$/i;

/** True for a name of two or more labels whose last could be a top-level domain. */
export function isDomainName(name: string, acceptIdna = true): boolean {
  if (name.length > MAX_DOMAIN + 1) return false;
  const labels = (name.endsWith(".") ? name.slice(0, -1) : name).split(".");
  const top = labels.pop()!;
  if (labels.length === 0 || top.startsWith("-") || top.endsWith("-")) return false;
  if (!(acceptIdna ? TOP_LABEL : ASCII_TOP_LABEL).test(top)) return false;
  return labels.every((label) => (acceptIdna ? LABEL : ASCII_LABEL).test(label));
}

/** Options of `DomainNameValidator`. */
export interface DomainNameOptions {
  readonly message?: string;
  readonly acceptIdna?: boolean;
}
/** Refuses what is no domain name. */
export function DomainNameValidator(options: DomainNameOptions = {}): Validator {
  return (value) => {
    if (typeof value !== "string" || !isDomainName(value, options.acceptIdna ?? true))
      throw new ValidationError(options.message ?? "Enter a valid domain name.", "invalid", { value });
  };
}
/** `DomainNameValidator` with its defaults. */
export const validateDomainName: Validator = DomainNameValidator();

/** Options of `EmailValidator`. */
export interface EmailOptions {
  readonly message?: string;
  readonly code?: string;
  /** Domains that need not look like one. */
  readonly allowlist?: readonly string[];
}
const ATOM = /^[-!#$%&'*+/=?^_`{}|~0-9a-z]+$/i;

// A local part in quotes: characters of ASCII but NUL, tab and line ends; quotes and those only after a backslash.
function isQuoted(text: string): boolean {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return false;
  for (let i = 1; i < text.length - 1; i++) {
    const escaped = text[i] === "\\";
    if (escaped) i++;
    const code = text.charCodeAt(i);
    if (i === text.length - 1 || code === 0 || code === 10 || code === 13 || code > 127) return false;
    if (!escaped && (code === 9 || code === 32 || code === 34)) return false;
  }
  return true;
}

function isLocalPart(text: string): boolean {
  return isQuoted(text) || text.split(".").every((atom) => ATOM.test(atom));
}
/** Refuses what is no e-mail address. */
export function EmailValidator(options: EmailOptions = {}): Validator {
  const allowed = new Set(options.allowlist ?? ["localhost"]);
  const valid = (text: string): boolean => {
    if (text.length > MAX_EMAIL) return false;
    const at = text.lastIndexOf("@");
    if (at < 1 || !isLocalPart(text.slice(0, at))) return false;
    const domain = text.slice(at + 1);
    if (allowed.has(domain) || (isDomainName(domain) && !domain.endsWith("."))) return true;
    const literal = domain.startsWith("[") && domain.endsWith("]") ? domain.slice(1, -1) : undefined;
    return literal !== undefined && (isIpv4(literal) || isIpv6(literal));
  };
  return (value) => {
    if (typeof value !== "string" || !valid(value))
      throw new ValidationError(options.message ?? "Enter a valid email address.", options.code ?? "invalid", {
        value,
      });
  };
}
/** `EmailValidator` with its defaults. */
export const validateEmail: Validator = EmailValidator();

/** Options of `URLValidator`. */
export interface URLOptions {
  readonly message?: string;
  readonly code?: string;
  readonly schemes?: readonly string[];
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) return host.endsWith("]") && isIpv6(host.slice(1, -1));
  if (host.toLowerCase() === "localhost" || isIpv4(host)) return true;
  // Four numbers that are no IPv4 address are no name either.
  return host.length <= MAX_DOMAIN && isDomainName(host);
}
function isUrl(text: string, schemes: ReadonlySet<string>): boolean {
  if (text.length > MAX_URL || /\s/.test(text)) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 32) return false;
  const colon = text.indexOf("://");
  if (colon < 1 || !schemes.has(text.slice(0, colon).toLowerCase())) return false;
  const rest = text.slice(colon + 3);
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const at = authority.lastIndexOf("@");
  // At most one colon in "user:password", and no "@" or "/" in either.
  if (at >= 0 && !/^[^:@/]+(?::[^:@/]*)?$/.test(authority.slice(0, at))) return false;
  const place = authority.slice(at + 1);
  const port = /:([0-9]{1,5})$/.exec(place);
  return isHost(port === null ? place : place.slice(0, port.index));
}
/** Refuses what is no absolute address of one of `schemes` (http, https, ftp and ftps by default). */
export function URLValidator(options: URLOptions = {}): Validator {
  const schemes = new Set(options.schemes ?? ["http", "https", "ftp", "ftps"]);
  return (value) => {
    if (typeof value !== "string" || !isUrl(value, schemes))
      throw new ValidationError(options.message ?? "Enter a valid URL.", options.code ?? "invalid", { value });
  };
}
