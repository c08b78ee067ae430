/** Where a queue is. Passwords stay in here: nothing that is printed or written has one. */
import { InputError } from "../../physics/input-error.js";

/** Takes the place of a password in the address, which anybody who lists processes can read. */
const PASSWORD_VARIABLE = "ONSAGER_QUEUE_PASSWORD";

export interface QueueAddress {
  /** For the client. */
  readonly url: string;
  /** For people. */
  readonly shown: string;
}

/**
 * @param text redis://[user:password@]host[:port][/database], or rediss:// with TLS
 * @throws InputError
 */
export function readQueueAddress(text: string): QueueAddress {
  const expected = "an address such as redis://host:6379, or rediss://user:password@host:6379/0";
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new InputError("--queue", maskAddresses(text), expected);
  }
  const ofRedis = url.protocol === "redis:" || url.protocol === "rediss:";
  if (!ofRedis || url.hostname === "" || !/^(\/\d*)?$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    throw new InputError("--queue", maskAddresses(text), expected);
  }
  const password = process.env[PASSWORD_VARIABLE];
  if (url.password === "" && password) url.password = encodeURIComponent(password);
  const database = url.pathname.length > 1 ? url.pathname : "";
  return { url: url.href, shown: `${url.protocol}//${url.hostname}:${url.port || 6379}${database}` };
}

/** A text, such as a command line, without the passwords of the addresses in it. */
export function maskAddresses(text: string): string {
  return text.replace(/\b([a-z]+:\/\/)[^\s]*@/gi, "$1***@");
}

/** The queue is away; what is in it, and what was kept of it, is not lost. */
export class QueueAwayError extends Error {
  override readonly name = "QueueAwayError";
}
