/**
 * DurationField: a length of time, an interval on PostgreSQL and a count of microseconds elsewhere.
 */
import type { DbParam, DialectInfo } from "../ast/seams.js";
import { DataError } from "../base/errors.js";
import {
  durationOfMicros,
  intervalText,
  microsOfDuration,
  microsOfInterval,
  parseDuration,
} from "../base/duration-text.js";
import { asTemporal, type Duration } from "../base/temporal.js";
import { describeType, parseInteger } from "../base/values.js";
import { remembering } from "./dates.js";
import { Field } from "./field.js";
import { invalid, unreadable, wrongType, wrongValue } from "./refusals.js";

const DURATIONS = "Temporal.Duration without years and months, or a text such as 'P1DT2H' or '1 02:00:00'";
const NOT_DURATION = "The value must be a duration such as 'P1DT2H' or '[DD] [[HH:]MM:]ss[.uuuuuu]'.";
const LIMIT = 2n ** 63n;

/** A length of time. Days have 24 hours; values are balanced into days, hours, minutes, seconds and parts of a second. */
export class DurationField extends Field {
  override readonly typeName: string = "DurationField";
  protected override get invalidMessage(): string {
    return NOT_DURATION;
  }
  override prep(value: unknown): unknown {
    let micros: bigint | undefined;
    if (typeof value === "string") {
      micros = parseDuration(value);
      if (micros === undefined) throw invalid(this, NOT_DURATION);
    } else {
      const duration = asTemporal("Duration", value);
      if (duration === undefined) throw wrongType(this, value, DURATIONS);
      if (duration.years !== 0 || duration.months !== 0)
        throw wrongValue(
          this,
          "a duration with years or months, whose length depends on the calendar",
          DURATIONS,
          "value.calendar_duration",
        );
      micros = microsOfDuration(duration);
    }
    if (micros >= LIMIT || micros < -LIMIT)
      throw wrongValue(this, "a duration of more than 292,000 years", DURATIONS, "value.out_of_range");
    return durationOfMicros(micros);
  }
  override toDb(value: unknown, dialect: DialectInfo): DbParam {
    const micros = microsOfDuration(value as Duration);
    if (micros >= LIMIT || micros < -LIMIT)
      throw new DataError(`${this.path} cannot hold a duration of more than 292,000 years.`, "value.out_of_range", {
        path: this.path,
      });
    return dialect.features.nativeInterval ? intervalText(micros) : micros;
  }
  override fromDb(_dialect: DialectInfo): (value: unknown) => unknown {
    return remembering((value) => {
      let micros: bigint | undefined;
      if (typeof value === "bigint") micros = value;
      else if (typeof value === "number")
        micros = Number.isSafeInteger(value)
          ? BigInt(value)
          : Number.isFinite(value)
            ? BigInt(Math.round(value))
            : undefined;
      else if (typeof value === "string")
        micros = parseInteger(value.replace(/\.[0-9]*$/, "")) ?? microsOfInterval(value);
      if (micros === undefined) throw unreadable(this, `a ${describeType(value)} that is no duration`);
      return durationOfMicros(micros);
    });
  }
  // Past 2^53 microseconds (285 years) a number would round.
  override get needsBigInt(): boolean {
    return true;
  }
  override dbType(dialect: DialectInfo): string {
    return dialect.features.nativeInterval ? "interval" : "bigint";
  }
  override castType(dialect: DialectInfo): string {
    if (dialect.features.nativeInterval) return "interval";
    return dialect.name === "mysql" ? "signed integer" : "integer";
  }
  override toJson(value: unknown): unknown {
    return typeof value === "object" && value !== null ? String(value) : value;
  }
}
