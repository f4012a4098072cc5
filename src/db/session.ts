/**
 * Whether a statement written by hand may leave something in the session that the next user of the connection would meet:
 * settings, temporary tables, advisory locks, prepared names, listeners. It reads text and must not know connections.
 */

// Functions that reach into the session, wherever they stand. Locks that end with the transaction are none of them.
const reaching =
  /\b(?:set_config|pg_(?:try_)?advisory_lock(?:_shared)?|setseed|dblink_connect|get_lock)\s*\(|:=|\binto\s+(?:temp|temporary|pg_temp|@)/i;
// Statements that change data or tables only.
const ordinary =
  /^(?:select|insert|update|delete|merge|replace|with|values|table|explain|show|describe|analyze|fetch|close|savepoint|release|rollback|commit|truncate|comment|grant|revoke|drop|alter|call|create(?!\s+(?:(?:local|global)\s+)?temp))\b/i;
const local = /^set\s+(?:local|transaction|constraints|statement)\b/i;

/**
 * True where the text may change the session. What a function or procedure of the database's own does is not seen.
 * @example changesSession("SET search_path TO other") // => true
 */
export function changesSession(text: string): boolean {
  const start = text.replace(/^(?:\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()+/, "");
  if (local.test(start)) return false;
  return !ordinary.test(start) || reaching.test(text);
}

/** The same for several statements in one text. Cut at every semicolon: what is cut wrongly counts as a change. */
export function scriptChangesSession(text: string): boolean {
  return text.split(";").some((part) => part.trim() !== "" && changesSession(part));
}

// What a text says in quotes and comments is not what it does.
const silent = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g;
const lasting: readonly (readonly [what: string, found: RegExp, instead: string])[] = [
  ["SET", /^(?:set\b(?!\s+(?:local|transaction|constraints)\b)|reset\b|discard\b)/i, "SET LOCAL in an atomic block"],
  [
    "set_config(…, false)",
    /\bset_config\s*\((?:[^()]|\([^()]*\))*,\s*false\s*\)/i,
    "set_config(…, true) in an atomic block",
  ],
  [
    "an advisory lock of the session",
    /\bpg_(?:try_)?advisory_lock(?:_shared)?\s*\(/i,
    "advisoryLock() or withAdvisoryLock(), which lock by a transaction",
  ],
  [
    "a temporary table",
    /^create\s+(?:(?:local|global)\s+)?temp(?:orary)?\b(?![\s\S]*\bon\s+commit\s+drop\b)|^(?:select|with)\b[\s\S]*\binto\s+temp(?:orary)?\b/i,
    "CREATE TEMP TABLE … ON COMMIT DROP in an atomic block",
  ],
  ["LISTEN", /^(?:un)?listen\b/i, "a connection that goes past the pooler"],
  ["a statement prepared by hand", /^(?:prepare\b(?!\s+transaction\b)|deallocate\b)/i, "the statement itself"],
  [
    "a cursor WITH HOLD",
    /^declare\b(?:(?!\bfor\b)[\s\S])*\bwith\s+hold\b/i,
    "iterator(), whose cursor ends with its transaction",
  ],
  ["LOAD", /^load\b/i, "shared_preload_libraries of the server"],
];

/**
 * What a statement of PostgreSQL would leave in its session beyond its transaction, and what to do instead; undefined where it leaves
 * nothing. Narrower than `changesSession`: it names what certainly stays.
 * @example staysInSession("LISTEN news")?.what // => "LISTEN"
 */
export function staysInSession(text: string): { readonly what: string; readonly instead: string } | undefined {
  const plain = text.replace(silent, (found) =>
    found[0] === "'" || found[0] === '"' ? `${found[0]}${found[0]}` : " ",
  );
  for (const part of plain.split(";")) {
    const start = part.replace(/^[\s(]+/, "");
    for (const [what, found, instead] of lasting) if (found.test(start)) return { what, instead };
  }
  return undefined;
}
