/**
 * Everything between babik and the server comes in other pieces than it was sent: byte by byte, in pieces of random lengths, many in one. The
 * results are the same, also of a row of 50 MB.
 */
import { createHash, randomBytes } from "node:crypto";
import { babik, model, TextField } from "babik";
import { fillBank, openBank } from "./bank.js";
import { everything } from "./everything.js";
import { type Framing, FramingProxy } from "./framing-proxy.js";
import { type PrivateServer, type Skipped, withPrivate } from "./private.js";
import { onServer, placeOn, type ServerKind, sessionsLeft } from "./servers.js";

const MEGABYTES = 50;

class Page extends model("Page", { text: TextField() }) {}

export async function runFraming(kind: ServerKind): Promise<Record<string, unknown> | Skipped> {
  const settings = kind === "mariadb" ? ["max-allowed-packet=256M"] : [];
  return withPrivate(kind, { settings }, (server) => framing(kind, server));
}

async function framing(kind: ServerKind, server: PrivateServer): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const place = await placeOn(kind, server.url, "bank");
  const direct = openBank(place.url, 2);
  await fillBank(direct);
  const expected = JSON.stringify(await everything(direct));
  await direct.close();
  // Letters that UTF-8 writes in one to four bytes, so that pieces end within letters.
  const part = `${randomBytes(600).toString("base64")}äöü€𝄞`;
  const text = part.repeat(Math.ceil((MEGABYTES * 2 ** 20) / Buffer.byteLength(part)));
  const pages = babik({ databases: { default: place.url }, apps: { pages: { Page } } });
  await pages.createTables();
  await pages.close();

  const figures: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const how of ["bytes", "random", "merged"] as const) {
    const from = performance.now();
    const target = new URL(place.url);
    const proxy = new FramingProxy(how, { host: target.hostname, port: Number(target.port) });
    target.hostname = "127.0.0.1";
    target.port = String(await proxy.listen());
    try {
      const bank = openBank(target.href, 2);
      try {
        if (JSON.stringify(await everything(bank)) !== expected) wrong.push(`${how}: other results`);
      } finally {
        await bank.close();
      }
      if (how !== "bytes" && !(await sameRow(target.href, text))) wrong.push(`${how}: another row`);
    } catch (error) {
      wrong.push(`${how}: ${error instanceof Error ? `${error.name}: ${error.message}` : "an error"}`);
    } finally {
      await proxy.close();
    }
    figures[how] = describe(how, proxy, performance.now() - from);
  }
  const left = await onServer(place, sessionsLeft);
  return {
    scenario: "hostile framing",
    database: kind,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    "row (MB)": Math.round(Buffer.byteLength(text) / 2 ** 20),
    ...figures,
    sessionsLeft: left,
    wrong,
    good: wrong.length === 0 && left === 0,
  };
}

function describe(how: Framing, { pieces, bytes }: FramingProxy, milliseconds: number): string {
  const each = Math.round(bytes / Math.max(1, pieces));
  return `${bytes.toLocaleString("en")} bytes in ${pieces.toLocaleString("en")} pieces (${each} each), ${Math.round(milliseconds)} ms${how === "bytes" ? ", without the row" : ""}`;
}

/** Writes a row and reads it by itself and within a stream. */
async function sameRow(url: string, text: string): Promise<boolean> {
  const orm = babik({ databases: { default: url }, apps: { pages: { Page } } });
  try {
    const digest = (value: string): string => createHash("sha256").update(value).digest("hex");
    const { pk } = await Page.objects.create({ text });
    const again = await Page.objects.get({ id: pk });
    let streamed = "";
    for await (const page of Page.objects.filter({ id: pk }).iterator({ chunkSize: 1 })) streamed = page.text;
    await Page.objects.filter({ id: pk }).delete();
    const wanted = digest(text);
    return digest(again.text) === wanted && digest(streamed) === wanted;
  } finally {
    await orm.close();
  }
}
