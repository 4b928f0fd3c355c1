import type { Defect } from "../bundle.ts";

/** A deliberate defect of the engine, which the simulation must find. */
export interface Mutant extends Defect {
  /** What the client then does wrong. */
  readonly name: string;
}

/** Everything that a client does here is wrong, and none of it may escape the simulation. */
export const mutants: readonly Mutant[] = [
  {
    name: "hands a QoS 2 message over each time it comes",
    file: "session/receiver.ts",
    find: "const known = qos === 2 ? this.#exactlyOnce?.get(packetIdentifier) : undefined;",
    replace: "const known = undefined;",
  },
  {
    name: "acknowledges the last message first",
    file: "session/receiver.ts",
    find: "queue.push(exchange);",
    replace: "queue.unshift(exchange);",
  },
  {
    name: "takes a new QoS 2 message for the one that had its Packet Identifier before",
    file: "session/receiver.ts",
    find: "if (exchange !== undefined) this.#complete(exchange);",
    replace: "",
  },
  {
    name: "keeps the Packet Identifier of a QoS 2 message that it has refused",
    file: "session/receiver.ts",
    find: "if (isRefusal(head.acknowledgement)) this.#complete(head);",
    replace: "",
  },
  {
    name: "forgets the QoS 2 messages that it has received when the connection is lost",
    file: "session/receiver.ts",
    find: "this.#unacknowledged[2] = [];",
    replace: "this.#unacknowledged[2] = []; this.#exactlyOnce = undefined;",
  },
  {
    name: "remembers the QoS 2 messages of a Session that the server has lost",
    file: "session/receiver.ts",
    find: "if (!hasSession) this.#lose();",
    replace: "",
  },
  {
    name: "keeps to the first topic of an alias",
    file: "session/receiver.ts",
    find: "(this.#topicNames ??= new Map()).set(alias, packet.topicName);",
    replace:
      "if (this.#topicNames?.has(alias) !== true) (this.#topicNames ??= new Map()).set(alias, packet.topicName);",
  },
  {
    name: "does not answer PUBREL for a message that it does not know",
    file: "session/receiver.ts",
    find: 'this.#outbox.send({ type: "pubcomp", packetIdentifier, reasonCode });',
    replace: 'if (exchange !== undefined) this.#outbox.send({ type: "pubcomp", packetIdentifier, reasonCode });',
  },
  {
    name: "does not acknowledge a QoS 2 message that is sent again",
    file: "session/receiver.ts",
    find: "if (queue.includes(known)) return;",
    replace: "return;",
  },
  {
    name: "swallows what its consumers were not done with when it was closed",
    file: "session/receiver.ts",
    find: "if (exchange.acknowledgement === undefined) this.forget(exchange);",
    replace: "",
  },
  {
    name: "forgets a QoS 2 message that its process had taken before it ended",
    file: "session/receiver.ts",
    find: "if (journal.isKept && isDone(exchange) && this.#isKnown(exchange)) journal.put(recordOf(exchange));",
    replace: "",
  },
  {
    name: "does not send QoS 2 messages again",
    file: "session/sender.ts",
    find: "else again.push(exchange);",
    replace: 'else if (exchange.awaits !== "pubrec") again.push(exchange);',
  },
  {
    name: "forgets PUBREL",
    file: "session/sender.ts",
    find: "this.#release(exchange as Outgoing<Context>);",
    replace: "",
  },
  {
    name: "sends again without DUP",
    file: "session/sender.ts",
    find: "this.#outbox.send({ ...exchange.packet, duplicate: true });",
    replace: "this.#outbox.send({ ...exchange.packet });",
  },
  {
    name: "never gets back what it has used of the Receive Maximum",
    file: "session/sender.ts",
    find: "if (exchange.hasQuota) this.#quota += 1;",
    replace: "",
  },
  {
    name: "heeds no Receive Maximum in its queue",
    file: "session/sender.ts",
    find: "return packet.qos === 0 || (this.#quota > 0 && (",
    replace: "return packet.qos === 0 || ((",
  },
  {
    name: "does not know the server's Receive Maximum",
    file: "session/sender.ts",
    find: "this.#quota = Math.min(server.receiveMaximum, terms.maxInflight);",
    replace: "this.#quota = terms.maxInflight;",
  },
  {
    name: "uses Packet Identifiers that are in use",
    file: "session/sender.ts",
    find: "packet.packetIdentifier = this.#exchanges.nextIdentifier();",
    replace: "packet.packetIdentifier = (this.#lastOrder % 5) + 1;",
  },
  {
    name: "lets QoS 0 overtake",
    file: "session/sender.ts",
    find: "const mayLeave = this.#queue.length === 0 &&",
    replace: "const mayLeave = (packet.qos === 0 || this.#queue.length === 0) &&",
  },
  {
    name: "goes on with a Session that the server has lost",
    file: "session/sender.ts",
    find: "if (terms.hasSession) this.#resume();",
    replace: "if (terms.hasSession || true) this.#resume();",
  },
  {
    name: "publishes QoS 2 messages anew in a new Session",
    file: "session/sender.ts",
    find: '(packet.qos === 2 && sessionLost !== "republish")',
    replace: "false",
  },
  {
    name: "publishes anew what was given up",
    file: "session/sender.ts",
    find: "if (exchange.isGivenUp === true) continue;",
    replace: "",
  },
  {
    name: "republishes in any order",
    file: "session/sender.ts",
    find: "again.sort((one, other) => one.order - other.order);",
    replace: "again.reverse();",
  },
  {
    name: "forgets a message that was aborted after it was sent",
    file: "session/sender.ts",
    find: "if (exchange.awaits === undefined && this.#queue.remove(",
    replace: "this.#exchanges.delete(exchange);\nif (exchange.awaits === undefined && this.#queue.remove(",
  },
  {
    name: "sends a message that was aborted before",
    file: "session/sender.ts",
    find: "if (exchange.awaits === undefined && this.#queue.remove(exchange as Outgoing<Context>)) {",
    replace: "if (exchange.order < 0) {",
  },
  {
    name: "says nothing of the time that a message has waited",
    file: "session/sender.ts",
    find: "messageExpiryInterval: Math.ceil(leftMs / 1000)",
    replace: "messageExpiryInterval: interval",
  },
  {
    name: "sends an alias again that died with its connection",
    file: "session/sender.ts",
    find: "delete (packet.properties = { ...packet.properties }).topicAlias;",
    replace: "packet.properties = { ...packet.properties };",
  },
  {
    name: "does not know how many aliases the server takes",
    file: "session/sender.ts",
    find: "this.#aliases.maximum = server.topicAliasMaximum;",
    replace: "this.#aliases.maximum = 5;",
  },
  {
    name: "forgets what is under way when it is closed",
    file: "session/sender.ts",
    find: "if (!isMessage(exchange)) this.#exchanges.delete(exchange);\n    }\n    this.#requests?.awaited.clear();",
    replace: "this.#exchanges.delete(exchange);\n    }\n    this.#requests?.awaited.clear();",
  },
  {
    name: "gives keys to messages that are in use in the store",
    file: "session/sender.ts",
    find: "this.#lastOrder = Math.max(this.#lastOrder, exchange.order, exchange.released ?? 0);",
    replace: "",
  },
  {
    name: "keeps the aliases of a connection that is gone",
    file: "session/topic-aliases.ts",
    find: "this.#mappings = undefined;",
    replace: "",
  },
  {
    name: "sends again after everything that waits",
    file: "session/message-queue.ts",
    find: "this.#reset([...exchanges, ...this.#rest]);",
    replace: "this.#reset([...this.#rest, ...exchanges]);",
  },
  {
    name: "takes messages from the store in any order",
    file: "session/outgoing-records.ts",
    find: "(one.released ?? one.order) - (other.released ?? other.order)",
    replace: "(other.released ?? other.order) - (one.released ?? one.order)",
  },
  {
    name: "does not write down that a message is done with",
    file: "session/journal.ts",
    find: "if (this.isKept) this.#entries.push({ key, isNew: false });",
    replace: "",
  },
  {
    name: "does not subscribe anew in a new Session",
    file: "session/session.ts",
    find: "if (!server.sessionPresent && resubscribe !== false) {",
    replace: "if (resubscribe === undefined && server.sessionPresent) {",
  },
  {
    name: "sends no PINGREQ",
    file: "session/keep-alive.ts",
    find: 'return now >= this.#pingDue() ? "ping" : "alive";',
    replace: 'return "alive";',
  },
  {
    name: "does not know a dead connection",
    file: "session/keep-alive.ts",
    find: 'if (now >= this.#dead()) return "dead";',
    replace: "",
  },
  {
    name: "writes only the last of the changes that have gathered",
    file: "client/persister.ts",
    find: "for (const entry of this.#session.changes()) this.#gathered.push(entry);",
    replace: "this.#gathered = this.#session.changes();",
  },
  {
    name: "acknowledges a message when the first of its consumers is done",
    file: "client/delivery.ts",
    find: "if (this.consumers === 0) this.acknowledge();",
    replace: "this.acknowledge();",
  },
  {
    name: "acknowledges what waited for a process before anybody in it can subscribe",
    file: "client/subscriber.ts",
    find: "consumers.isHolding ??= sessionPresent;",
    replace: "consumers.isHolding ??= false;",
  },
  {
    name: "forgets that a loop has asked for the next message",
    file: "client/inbox.ts",
    find: "this.#processed(this.#inHand.shift());",
    replace: "this.#inHand.shift();",
  },
  {
    name: "does not acknowledge what a consumer that leaves has in hand",
    file: "client/inbox.ts",
    find: "for (const entry of this.#inHand.splice(0)) this.#processed(entry);",
    replace: "",
  },
  {
    name: "reads the store twice when an attempt is taken over by another",
    file: "client/link.ts",
    find: "signal.throwIfAborted(); // The Session may be",
    replace: "//",
  },
  {
    name: "lets go of its session before the last write",
    file: "client/persister.ts",
    find: "await this.flush()?.catch(ignore);",
    replace: "void this.flush();",
  },
  {
    name: "lets go of its session, and is not waited for by the next connect",
    file: "client/link.ts",
    find: "await this.#written;\n    signal",
    replace: "signal",
  },
  {
    name: "cuts off a server that heeds Receive Maximum",
    file: "session/receiver.ts",
    find: "this.#underWay < receiveMaximum) return;",
    replace: "this.#underWay + 1 < receiveMaximum) return;",
  },
  {
    name: "reads the store before it is written, when it is closed twice",
    file: "client/link.ts",
    find: "this.#written = this.#persister?.release() ?? this.#written;",
    replace: "this.#written = this.#persister?.release();",
  },
  {
    name: "sends what it has not stored",
    file: "connection.ts",
    find: "if (persisting !== undefined) await persisting;",
    replace: "",
  },
  {
    name: "takes a message that nobody got for one that somebody has",
    file: "connection.ts",
    find: "else if (event.exchange !== undefined) this.#session.forget(event.exchange);",
    replace: "",
  },
];
