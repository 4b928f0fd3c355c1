import { Decoder, encode, type ControlPacket, type ProtocolVersion } from "@rivulet/codec";
import { describePacket } from "./describe-packet.ts";
import type { Act, Script, Target, TargetConnection } from "./script.ts";

/** What one client of a script has. */
interface Client {
  readonly name: string;
  readonly connection: TargetConnection;
  /** What came since the last act. */
  received: ControlPacket[];
  isOpen: boolean;
  isAccepted: boolean;
  pongs: number;
}

// Theory of operation
//
// After each act every client that is connected sends PINGREQ and waits for PINGRESP, twice over: a server handles what
// comes on its connections in order, so whatever the act has set off has arrived by then. No time has to be guessed.

/** Plays a script to a server, and returns what the clients saw, a line for each packet. */
export async function replay(script: Script, target: Target): Promise<string[]> {
  const clients = new Map<string, Client>();
  const lines: string[] = [];
  for (const act of script.acts) {
    await perform(act, { script, target, clients, lines });
    for (let round = 0; round < 2; round += 1) {
      for (const client of clients.values()) if (client.isAccepted) await ping(client, script.version, target);
    }
    for (const client of clients.values()) report(client, lines);
    for (const [name, { isOpen }] of clients) if (!isOpen) clients.delete(name);
  }
  for (const { connection } of clients.values()) connection.drop();
  await target.rest();
  return lines;
}

interface Stage {
  readonly script: Script;
  readonly target: Target;
  readonly clients: Map<string, Client>;
  readonly lines: string[];
}

async function perform(act: Act, { script, target, clients, lines }: Stage): Promise<void> {
  if ("wait" in act) {
    lines.push(`wait ${act.wait} ms`);
    await target.wait(act.wait);
    return;
  }
  const { client: name } = act;
  if ("drop" in act) {
    lines.push(`${name} drops its connection`);
    clients.get(name)?.connection.drop();
    clients.delete(name);
    await target.rest();
    return;
  }
  for (const packet of act.send) {
    lines.push(`${name} > ${describePacket(packet as ControlPacket)}`);
    let client = clients.get(name);
    if (client === undefined || packet.type === "connect") {
      if (client !== undefined && !client.isOpen) clients.delete(name);
      client = clients.get(name) ?? (await open(name, script.version, target));
      clients.set(name, client);
    }
    client.connection.send(encode(packet, script.version));
    if (packet.type === "connect" && !client.isAccepted) {
      const connecting = client;
      await until(() => connecting.isAccepted || !connecting.isOpen, target);
    }
    if (packet.type === "disconnect") {
      const leaving = client;
      await until(() => !leaving.isOpen, target);
    }
  }
}

async function open(name: string, version: ProtocolVersion, target: Target): Promise<Client> {
  const decoder = new Decoder({ version });
  const connection = await target.open({
    received: (chunk) => {
      for (const packet of decoder.push(chunk)) {
        if (packet.type === "connack" && packet.reasonCode === 0) client.isAccepted = true;
        if (packet.type === "pingresp") client.pongs += 1;
        else client.received.push(packet);
      }
    },
    closed: () => {
      Object.assign(client, { isOpen: false, isAccepted: false });
    },
  });
  // A server speaks only when it is spoken to: this is there before anything comes.
  const client: Client = { name, connection, received: [], isOpen: true, isAccepted: false, pongs: 0 };
  return client;
}

async function ping(client: Client, version: ProtocolVersion, target: Target): Promise<void> {
  const { pongs } = client;
  client.connection.send(encode({ type: "pingreq" }, version));
  await until(() => client.pongs > pongs || !client.isOpen, target);
}

/** Answers first, then messages: how a server mixes them is its own affair (section 4.6). */
function report({ name, received, isOpen }: Client, lines: string[]): void {
  const messages = received.filter(({ type }) => type === "publish");
  // And whether it gives a reason for closing.
  const answers = received.filter(({ type }) => type !== "publish" && type !== "disconnect");
  for (const packet of [...answers, ...messages]) {
    lines.push(`${name} < ${describePacket(packet)}`);
  }
  received.length = 0;
  if (!isOpen) lines.push(`${name} is disconnected`);
}

async function until(condition: () => boolean, target: Target): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 100_000) throw new Error("The server does not answer");
    await target.rest();
  }
}
