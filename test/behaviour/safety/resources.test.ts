/** SEC-D24, SEC-P03: a value is data whatever it looks like: no path, address, document or serialised object is ever followed. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  babik,
  BabikError,
  BinaryField,
  CharField,
  DateTimeField,
  DecimalField,
  FileField,
  IntegerField,
  JSONField,
  model,
  URLField,
  UUIDField,
} from "babik";
import { testDatabase } from "../../support/database.js";

const database = await testDatabase();
class Thing extends model("Thing", {
  text: CharField({ maxLength: 200, default: "" }),
  count: IntegerField({ null: true }),
  price: DecimalField({ maxDigits: 6, decimalPlaces: 2, null: true }),
  at: DateTimeField({ null: true }),
  link: URLField({ default: "" }),
  file: FileField({ default: "" }),
  key: UUIDField({ null: true }),
  bytes: BinaryField({ null: true }),
  document: JSONField({ null: true }),
}) {}
const orm = babik({ databases: { default: database.url }, apps: { resources: { Thing } } });
await orm.createTables();

let asked = 0;
const server = createServer((_request, response) => {
  asked++;
  response.end("followed");
});
beforeAll(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)));
afterAll(async () => {
  await new Promise<void>((done) => void server.close(() => done()));
  await orm.close();
});

test("SEC-D24, SEC-P03: what names a resource is sent as it is, or refused by its field", async () => {
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const hostile = [
    "file:///etc/passwd",
    address,
    `/vsicurl/${address}`,
    `<!DOCTYPE x [<!ENTITY e SYSTEM "${address}">]><x>&e;</x>`,
    `{"$ref":"${address}"}`,
    `{"type":"Point","coordinates":[0,0]}`,
    'O:8:"stdClass":0:{}',
    "data:text/plain;base64,QUJD",
  ];
  for (const value of hostile) {
    const kept = await Thing.objects.create({ text: value, link: value, file: value, document: value });
    await kept.refreshFromDb();
    expect([kept.text, kept.link, kept.file, kept.document]).toEqual([value, value, value, value]);
    expect(await Thing.objects.filter({ text: value, link: value, file: value }).count()).toBe(1);
    for (const field of ["count", "price", "at", "key", "bytes"])
      for (const given of [value, Buffer.from(value)]) {
        const found = await Promise.resolve()
          .then(() => Thing.objects.filter({ [field]: given } as Readonly<Record<string, unknown>>).count())
          .catch((error: unknown) => error);
        if (found !== 0) expect(found, `${field} took ${value}`).toBeInstanceOf(BabikError);
      }
  }
  expect(asked).toBe(0);
});
