/**
 * Error numbers of MariaDB and MySQL, and failures of the connection, as kinds of errors.
 * Messages of the server quote values of rows (`Duplicate entry 'a@b'`): those parts are taken out.
 * It must not know connections.
 */
import { BabikError } from "../../base/errors.js";
import { type ErrorKind, field, type Finding, toError } from "./facts.js";
import { socketFinding } from "./postgres.js";

const kindsByNumber: readonly (readonly [ErrorKind, readonly number[]])[] = [
  ["unique", [1022, 1062, 1169, 1586, 1859]],
  ["foreign_key", [1215, 1216, 1217, 1451, 1452, 1761, 1762]],
  ["not_null", [1048, 1121, 1171, 1263, 1364]],
  // 1690: an unsigned column below zero, which elsewhere is a violated check.
  ["check", [3819, 4025, 1690]],
  ["deadlock", [1213, 1614]],
  ["serialization", [1020]],
  ["locked", [1205]],
  ["lock_not_available", [3572]],
  ["cancelled", [1317]],
  ["timeout", [1969, 3024]],
  ["read_only", [1290, 1792, 1836]],
  ["full", [1021, 1114, 1041]],
  ["corrupt", [1194, 1712, 1030]],
  ["login", [1044, 1045, 1130, 1251, 1524, 1698, 1820, 1862, 4151]],
  ["connect", [1040, 1049, 1053, 1203, 1226, 2002, 2003, 2005]],
  ["connection_lost", [1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2055, 1079]],
  [
    "data",
    [
      1264, 1265, 1292, 1366, 1367, 1406, 1411, 1441, 1416, 1425, 1426, 1427, 1441, 1525, 3140, 3141, 4036, 4037, 4038,
      1301, 1365, 1300, 1977, 1918,
    ],
  ],
  ["syntax", [1064, 1149, 1065]],
  ["no_table", [1051, 1109, 1146, 1932]],
  ["no_column", [1054, 1072, 1091, 1166]],
  ["no_function", [1305, 1128, 1582, 1584]],
  ["exists", [1007, 1050, 1060, 1061, 1304, 1826]],
  ["permission", [1142, 1143, 1227, 1370]],
  [
    "programming",
    [1052, 1055, 1056, 1066, 1067, 1093, 1110, 1111, 1136, 1140, 1222, 1235, 1241, 1242, 1247, 1248, 1835, 1210, 1583],
  ],
  ["not_supported", [1112, 1118, 1119, 1178, 1235, 1390, 1436, 1461, 1473, 1295, 3772, 1901]],
  ["transaction", [1568, 1179, 1565]],
];
const kinds = new Map<number, ErrorKind>();
for (const [kind, numbers] of kindsByNumber) for (const number of numbers) kinds.set(number, kind);

const classes: Readonly<Record<string, ErrorKind>> = {
  "08": "connection_lost",
  "0A": "not_supported",
  "21": "programming",
  "22": "data",
  "23": "integrity",
  "25": "transaction",
  "28": "login",
  "40": "serialization",
  "42": "programming",
  "70": "cancelled",
};

/** Sorts a failure of MariaDB, MySQL or of the connection to it. Errors of babik itself come back as they are. */
export function classifyMysql(error: unknown, statement?: string): Error {
  if (error instanceof BabikError) return error;
  return toError(mysqlFinding(error), error, statement);
}

/** What a failure of MariaDB or MySQL says. */
export function mysqlFinding(error: unknown): Finding {
  const number = Number(field(error, "errno") ?? Number.NaN);
  const text =
    field(error, "sqlMessage") ?? field(error, "message") ?? "The database reported a failure without a message.";
  const state = field(error, "sqlState") ?? "";
  // Numbers from 45000 are the connector's own; with a negative one it hands a failure of the socket on.
  if (number >= 45_000 && number < 46_000) return connectorFinding(number, text, field(error, "code"));
  const known = kinds.get(number);
  if (known !== undefined || (number > 0 && state !== ""))
    return {
      kind: known ?? classes[state.slice(0, 2)] ?? "error",
      message: withoutValues(text),
      databaseCode: String(number),
      ...constraintOf(number, text),
    };
  return socketFinding(error) ?? connectorFinding(number, text, field(error, "code"));
}

function connectorFinding(number: number, text: string, code: string | undefined): Finding {
  const databaseCode = code ?? (Number.isNaN(number) ? undefined : String(number));
  if (number === 45_050 || code === "ER_PARSING_PRECISION")
    return {
      kind: "data",
      message: "An integer of the result does not fit a JavaScript number without loss; read it as a bigint.",
      databaseCode,
    };
  if (/local ?(?:file|infile)/i.test(text))
    return {
      kind: "not_supported",
      message: "The server asked for a file of this machine (LOAD DATA LOCAL INFILE); babik never sends any.",
      databaseCode,
    };
  if (/timeout/i.test(text))
    return { kind: "connect", message: "The database server did not answer in time.", databaseCode };
  if (/password|authenticat|plugin|RSA public key/i.test(text))
    return {
      kind: "login",
      message: "The database server refused the way of logging in that the settings allow.",
      databaseCode,
    };
  if (/SSL|TLS|certificate|altnames/i.test(text))
    return {
      kind: "connect",
      message:
        "No encrypted connection to the database server could be made; its certificate or support of TLS does not fit the settings.",
      databaseCode,
    };
  // What sets a session up is sent with the login; a socket that ends there is told by the connector in its own words.
  if (/clos|socket|connection|ended|\b(?:EPIPE|ECONNRESET|ERR_STREAM_DESTROYED)\b/i.test(text))
    return { kind: "connection_lost", message: "The connection to the database was lost.", databaseCode };
  return { kind: "error", message: withoutValues(text), databaseCode };
}

function constraintOf(number: number, text: string): Partial<Finding> {
  if (number === 1048 || number === 1364 || number === 1263 || number === 1121) {
    const column = /(?:Column|Field|column) '([^']+)'/.exec(text)?.[1];
    return column === undefined ? {} : { columns: [column] };
  }
  if (number === 1062 || number === 1586) {
    const key = /for key '(.+)'$/.exec(text)?.[1];
    if (key === undefined) return {};
    // MySQL 8 writes `table.key`, MariaDB the key alone.
    const point = key.indexOf(".");
    return point < 0 ? { constraint: key } : { table: key.slice(0, point), constraint: key.slice(point + 1) };
  }
  if (number === 1451 || number === 1452) {
    const m = /\((?:`[^`]*`\.)?`([^`]+)`, CONSTRAINT `([^`]+)` FOREIGN KEY \(([^)]*)\)/.exec(text);
    if (m === null) return {};
    return {
      table: m[1]!,
      constraint: m[2]!,
      columns: m[3]!.split(",").map((name) => name.trim().replaceAll("`", "")),
    };
  }
  if (number === 4025 || number === 3819) {
    const m =
      /(?:CONSTRAINT|Check constraint) [`']([^`']+)[`'] (?:failed for (?:`[^`]*`\.)?`([^`]+)`|is violated)/.exec(text);
    if (m === null) return {};
    return m[2] === undefined ? { constraint: m[1]! } : { constraint: m[1]!, table: m[2] };
  }
  return {};
}

function withoutValues(text: string): string {
  return (
    text
      .replace(/^Duplicate entry '[\s\S]*' for key/, "Duplicate entry for key")
      .replace(/(value:?) '[\s\S]*?'(?= for |\s*$)/gi, "$1 '…'")
      // The place of a syntax error is worth showing as long as no quoted text, which may be a value, stands in it.
      .replace(
        / near '([\s\S]*)' at line/,
        (_, near: string) => ` near '${near.split(/['"]/, 1)[0]!.slice(0, 40)}…' at line`,
      )
      .replace(/for function [\w.]+ '[\s\S]*'/i, (found) => found.replace(/'[\s\S]*'/, "'…'"))
  );
}
