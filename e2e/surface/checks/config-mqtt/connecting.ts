import { equal, event, events, ok, pass, throwsCode, until, type SurfaceCheck } from "../../check.ts";
import { accepted, join } from "../joining.ts";

/** Longer than the first attempt to connect again is ever waited for. */
const pastFirstAttemptMs = 1_200;

const connectChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config MQTT/ConnectProperties", "config MQTT/ClientTopicAliasMax", "config MQTT/SessionExpInterval"],
    title: "ConnectProperties: CONNECT of MQTT 5.0 has what was set, until it is reset, one by one and all at once",
    run: async (stage) => {
      const { mqtt, peer, connect } = await join(stage, {
        version: 1,
        prepare: (one) => {
          const all = {
            ClientTopicAliasMax: "20",
            MaximumPacketSize: 128_000,
            ReceiveMaximum: "12",
            RequestResponseInformation: "true",
            RequestProblemInformation: false,
            SessionExpInterval: "1234",
          };
          one.config(`ConnectProperties=${JSON.stringify(all)}`);
        },
      });
      const set = {
        topicAliasMaximum: 20,
        maximumPacketSize: 128_000,
        receiveMaximum: 12,
        requestResponseInformation: 1,
        requestProblemInformation: 0,
        sessionExpiryInterval: 1234,
      };
      equal(connect.properties, set, "The properties of CONNECT");
      equal([mqtt.config("SessionExpInterval"), mqtt.config("ClientTopicAliasMax")], ["1234", "20"], "The settings");

      const { maximumPacketSize: _, requestProblemInformation: __, ...fewer } = set;
      await mqtt.disconnect();
      mqtt.config('connectproperties={"MaximumPacketSize":"-1","RequestProblemInformation":""}');
      const second = await reconnected();
      equal(second.properties, fewer, "Those of the second CONNECT");

      await mqtt.disconnect();
      mqtt.config("ConnectProperties=");
      const third = await reconnected();
      const {
        topicAliasMaximum = 0,
        receiveMaximum = 65_535,
        sessionExpiryInterval = 0,
        ...more
      } = third.properties ?? {};
      equal([topicAliasMaximum, receiveMaximum, sessionExpiryInterval, more], [0, 65_535, 0, {}], "Those of the third");

      async function reconnected(): Promise<typeof connect> {
        const [accepted] = await Promise.all([
          peer.nextConnection().then((one) => one.accept()),
          mqtt.connectTo(peer.host, peer.port),
        ]);
        return accepted;
      }
    },
  },
  {
    rows: ["config MQTT/ConnectProperties", "config MQTT/ClientTopicAliasMax", "config MQTT/SessionExpInterval"],
    title: "ConnectProperties: CONNECT of MQTT 3.1.1 has none of them, and they are kept",
    run: async (stage) => {
      const { mqtt, connect } = await join(stage, {
        prepare: (one) => {
          one.config('ConnectProperties={"ReceiveMaximum":"12"}');
          one.config("ClientTopicAliasMax=4");
          one.config("SessionExpInterval=5");
        },
      });
      equal([connect.protocolVersion, connect.properties], [4, undefined], "CONNECT");
      await mqtt.disconnect();
      mqtt.version = 1;
      const peer = await stage.lab.openPeer();
      const { properties } = await accepted(mqtt, peer);
      equal(
        [properties?.receiveMaximum, properties?.topicAliasMaximum, properties?.sessionExpiryInterval],
        [12, 4, 5],
        "The properties of CONNECT in MQTT 5.0",
      );
    },
  },
  {
    rows: ["config MQTT/ClientTopicAliasMax"],
    title: "ClientTopicAliasMax: the server may use so many Topic Aliases; one more ends the connection with 0x94",
    run: async (stage) => {
      const { mqtt, peer, connect } = await join(stage, {
        version: 1,
        prepare: (one) => {
          one.config("ClientTopicAliasMax=2");
        },
      });
      equal(connect.properties?.topicAliasMaximum, 2, "The Topic Alias Maximum of CONNECT");
      const messages = event(mqtt, "messageIn", 2);
      const payload = Uint8Array.of(1);
      await peer.send(
        { type: "publish", topicName: "surface/alias", payload, properties: { topicAlias: 2 } },
        { type: "publish", topicName: "", payload, properties: { topicAlias: 2 } },
      );
      equal(
        (await messages).map(({ topic }) => topic),
        ["surface/alias", "surface/alias"],
        "The topics of both messages",
      );
      await peer.send({ type: "publish", topicName: "surface/more", payload, properties: { topicAlias: 3 } });
      equal((await peer.next("disconnect")).reasonCode, 0x94, "The Reason Code of DISCONNECT");
    },
  },
  {
    rows: ["config MQTT/ConnAckProperties", "config MQTT/ServerTopicAliasMax"],
    title: "ConnAckProperties has what CONNACK had, as strings, and nothing else; it cannot be set",
    run: async (stage) => {
      const { mqtt } = await join(stage, {
        version: 1,
        connack: {
          properties: {
            assignedClientIdentifier: "assigned",
            maximumQoS: 1,
            maximumPacketSize: 5000,
            reasonString: "welcome",
            receiveMaximum: 10,
            responseInformation: "answers/1",
            retainAvailable: 0,
            serverKeepAlive: 100,
            topicAliasMaximum: 7,
            sessionExpiryInterval: 50,
            sharedSubscriptionAvailable: 0,
            subscriptionIdentifierAvailable: 1,
            wildcardSubscriptionAvailable: 0,
          },
        },
      });
      equal(
        JSON.parse(mqtt.config("ConnAckProperties")),
        {
          AssignedClientIdentifier: "assigned",
          MaximumQoS: "1",
          MaximumPacketSize: "5000",
          ReasonString: "welcome",
          ReceiveMaximum: "10",
          ResponseInformation: "answers/1",
          RetainAvailable: "False",
          ServerKeepAlive: "100",
          ServerTopicAliasMax: "7",
          SessionExpInterval: "50",
          SharedSubscriptionAvailable: "False",
          SubscriptionIdentifiersAvailable: "True",
          WildcardSubscriptionAvailable: "False",
          WildcardSubscriptionAvaiable: "False",
        },
        "ConnAckProperties",
      );
      equal(mqtt.config("ServerTopicAliasMax"), "7", "ServerTopicAliasMax");
      await throwsCode(211, () => mqtt.config("ConnAckProperties={}"));
      await throwsCode(211, () => mqtt.config("ServerTopicAliasMax=1"));
      const { mqtt: other } = await join(stage, { version: 1, connack: { properties: { receiveMaximum: 3 } } });
      equal(
        JSON.parse(other.config("ConnAckProperties")),
        { ReceiveMaximum: "3" },
        "ConnAckProperties of one property",
      );
      equal(other.config("ServerTopicAliasMax"), "0", "ServerTopicAliasMax without the property");
    },
  },
  {
    rows: ["config MQTT/ServerTopicAliasMax"],
    title: "ServerTopicAliasMax: up to it PUBLISH has the alias that is set; one above it is never sent",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, { version: 1, connack: { properties: { topicAliasMaximum: 2 } } });
      equal(mqtt.config("ServerTopicAliasMax"), "2", "ServerTopicAliasMax");
      mqtt.config("TopicAlias=2");
      await mqtt.publishMessage("surface/within", 0, "a");
      equal((await peer.next("publish")).properties, { topicAlias: 2 }, "The properties of PUBLISH");
      mqtt.config("TopicAlias=3");
      let failure: unknown;
      await mqtt.publishMessage("surface/above", 0, "b").catch((error: unknown) => (failure = error));
      ok(failure !== undefined, "Publishing with an alias above the maximum did not fail");
      mqtt.config("TopicAlias=-1");
      await mqtt.publishMessage("surface/plain", 0, "c");
      const next = await peer.next("publish");
      equal([next.topicName, next.properties ?? {}], ["surface/plain", {}], "What came next");
    },
  },
];

const attemptChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config MQTT/ConnectionTimeout", "config TCPClient/ConnectionTimeout"],
    title: "ConnectionTimeout: a server that does not answer CONNECT is left after that time, whatever timeout says",
    run: async (stage) => {
      const peer = await stage.lab.openPeer();
      const mqtt = stage.mqtt();
      equal(mqtt.config("ConnectionTimeout"), "60", "The default");
      mqtt.timeout = 600; // Longer than a check may take.
      mqtt.config("ConnectionTimeout=3");
      const begun = performance.now();
      const connecting = throwsCode(201, () => mqtt.connectTo(peer.host, peer.port));
      await peer.next("connect");
      await connecting;
      const took = performance.now() - begun;
      ok(took > 2_700, `It took ${took} ms`);
      await peer.ended();
    },
  },
  {
    rows: ["config MQTT/AutoReconnect"],
    title: "AutoReconnect: when the connection is lost, a second CONNECT comes, and messages go on",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, {
        prepare: (one) => {
          one.config("AutoReconnect=True");
          one.clientId = "surface-again";
        },
      });
      const again = event(mqtt, "connected");
      await peer.reset();
      const connection = await peer.nextConnection();
      const { clientIdentifier } = await connection.accept();
      equal(clientIdentifier, "surface-again", "The Client Identifier of the second CONNECT");
      equal((await again).statusCode, 0, "The status of onConnected");
      await mqtt.publishMessage("surface/again", 0, "a");
      equal((await connection.next("publish")).topicName, "surface/again", "The topic at the second connection");
    },
  },
  {
    rows: ["config MQTT/AutoReconnect"],
    title: "AutoReconnect is off by default: a lost connection stays lost",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      equal(mqtt.config("AutoReconnect"), "False", "The default");
      const over = event(mqtt, "disconnected");
      await peer.reset();
      ok((await over).statusCode !== 0, "The status of onDisconnected is that of a good end");
      await pass(pastFirstAttemptMs);
      equal(await peer.connectionCount(), 1, "How many connections there were");
    },
  },
  {
    rows: ["config MQTT/LogLevel"],
    title: "LogLevel: onLog tells nothing at 0, and more at each level up to a line for each packet at 3",
    run: async (stage) => {
      const counts: number[] = [];
      for (const level of [0, 1, 2, 3]) {
        const peer = await stage.lab.openPeer({ answers: true });
        const mqtt = stage.mqtt();
        const log = events(mqtt, "log");
        mqtt.config(`LogLevel=${level}`);
        await mqtt.connectTo(peer.host, peer.port);
        await mqtt.subscribe("surface/log", 1);
        await mqtt.publishMessage("surface/log", 1, "secret payload");
        await until(() => mqtt.outgoingMessageCount === 0);
        await mqtt.disconnect();
        ok(
          log.every(({ logLevel }) => logLevel >= 1 && logLevel <= level),
          `There is an entry beyond level ${level}`,
        );
        ok(!log.some(({ message }) => message.includes("secret payload")), "The log has the payload");
        counts.push(log.length);
        const packets = log.filter(({ logType }) => logType === "Packet").map(({ message }) => message);
        equal(
          packets.some((message) => /subscribe/i.test(message)),
          level === 3,
          `Whether SUBSCRIBE is told at ${level}`,
        );
      }
      const [none = 0, info = 0, verbose = 0, debug = 0] = counts;
      ok(none === 0 && info > 0 && verbose >= info && debug > verbose, `The levels have ${counts.join(", ")} entries`);
      const { mqtt: plain } = await join(stage);
      equal(plain.config("LogLevel"), "1", "The default");
    },
  },
];

export const connectingChecks: readonly SurfaceCheck[] = [...connectChecks, ...attemptChecks];
