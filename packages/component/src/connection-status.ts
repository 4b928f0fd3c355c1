import type { ConnectionInfo, Milestone } from "rivulet";
import type { ConnectionStatusEvent } from "./events.ts";

/** Values of `connectionEvent` when something stands. */
const complete: Readonly<Record<Milestone, string>> = {
  proxy: "Firewall connection complete.",
  tls: "SSL or S/Shell handshake complete.",
  host: "Remote host connection complete.",
};

/** Values of `connectionEvent` when it has ended. */
const over: Readonly<Record<Milestone, string>> = {
  host: "Remote host disconnected.",
  tls: "SSL or S/Shell connection broken.",
  proxy: "Firewall host disconnected.",
};

/** How something went: 0 and "OK", or the error's code and what it says. */
type Status = Pick<ConnectionStatusEvent, "statusCode" | "description">;

/** What is to be told when a connection has got so far; nothing in between. */
export function connectionReached(reached: Milestone | undefined): readonly ConnectionStatusEvent[] {
  return reached === undefined ? [] : [{ connectionEvent: complete[reached], statusCode: 0, description: "OK" }];
}

/** What is to be told when nothing has come of an attempt, from the top to the bottom of what had been reached. */
export function connectionFailed(reached: readonly Milestone[], status: Status): readonly ConnectionStatusEvent[] {
  return [...reached].reverse().map((milestone) => ({ connectionEvent: over[milestone], ...status }));
}

/** What is to be told when a connection is over, from the top to the bottom: the server, TLS and the proxy, as there were. */
export function connectionEnded(
  connection: ConnectionInfo | undefined,
  { statusCode, description }: Status,
): readonly ConnectionStatusEvent[] {
  const { url = "", tls, proxy } = connection ?? {};
  // Where TLS is the platform's own affair, only the URL tells of it.
  const hadTls = tls !== undefined || /^(mqtts|ssl|tls|wss):/.test(url);
  const ended = [
    "host",
    ...(hadTls ? ["tls" as const] : []),
    ...(proxy === undefined ? [] : ["proxy" as const]),
  ] as const;
  return ended.map((milestone) => ({ connectionEvent: over[milestone], statusCode, description }));
}
