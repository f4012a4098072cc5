/**
 * Patience with a server that does not answer: it was halted, or the way to it swallows what is sent. The limits that a server keeps do
 * not help then. It must not know drivers.
 */
import { OperationalError } from "../base/errors.js";

/** How long nothing at all may arrive after the time was up, in milliseconds: the server's own word about it is on its way. */
const GRACE = 300;

/** The way to a server. */
export interface Line {
  /** How many bytes came over it. */
  received(): number;
  /** Gives it up. What was sent over it may or may not be done. */
  hangUp(): void;
}

/**
 * What was asked for, as long as it comes within `limit` milliseconds, or something of it does all the time; 0 waits for ever.
 * @throws OperationalError `database.timeout` when nothing arrives any more; the line is given up then
 */
export function answered<T>(asked: Promise<T>, limit: number, line: Line): Promise<T> {
  if (limit === 0) return asked;
  return new Promise((resolve, reject) => {
    let over = false;
    let before: number | undefined;
    const end = (): void => {
      over = true;
      clearTimeout(timer);
    };
    // What has arrived while this process was busy is read first.
    const look = (): void => void setImmediate(compare);
    const compare = (): void => {
      if (over) return;
      const now = line.received();
      if (now !== before) {
        before = now;
        timer = setTimeout(look, GRACE);
        return;
      }
      end();
      line.hangUp();
      reject(
        new OperationalError(
          `The database server did not answer within ${limit} ms, and said nothing about it: the connection was given up.`,
          "database.timeout",
        ),
      );
    };
    let timer = setTimeout(look, limit);
    asked.then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}

/** The shorter of two limits, of which 0 is none. */
export function shorter(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b);
}
