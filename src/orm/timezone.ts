/** The current time zone: the setting, or what `timezone.override` says for a call. */
import { AsyncLocalStorage } from "node:async_hooks";
import { ValueError } from "../base/errors.js";
import { type Started, started } from "../base/started.js";

const overrides = new AsyncLocalStorage<string>();
let overridden = false;
let setting = "UTC";

/** A zone's name, checked: "UTC", "Europe/Paris", "+03:00". */
export function timeZoneOf(name: unknown): string {
  if (typeof name !== "string" || name === "")
    throw new ValueError(
      'A time zone is a name such as "Europe/Paris" or an offset such as "+03:00".',
      "timezone.name",
    );
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(name);
  if (offset !== null) return `${offset[1]}${offset[2]}:${offset[3]}`;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
  } catch (cause) {
    throw new ValueError(
      'This time zone is not known. Names are those of the IANA database, such as "Europe/Paris".',
      "timezone.unknown",
      { cause },
    );
  }
  return name === "Etc/UTC" ? "UTC" : name;
}
/** Puts the setting in force. */
export function installTimeZone(zone: string, install: (read: () => string) => void): void {
  setting = zone;
  install(() => (overridden ? (overrides.getStore() ?? setting) : setting));
}
export const timezone = Object.freeze({
  /** Runs `fn` in another time zone: date lookups, truncations and extractions think in it. */
  override<T>(zone: string | null, fn: () => T): Started<T> {
    overridden = true;
    return overrides.run(zone === null ? setting : timeZoneOf(zone), () => started(fn()));
  },
  /** Name of the zone in force. */
  current(): string {
    return overridden ? (overrides.getStore() ?? setting) : setting;
  },
});
