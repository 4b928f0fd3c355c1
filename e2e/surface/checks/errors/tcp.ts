import { equal, event, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import { join } from "../joining.ts";

/** What a page sees of it is a WebSocket that did not open. */
function refuseInPage(stage: Stage): void {
  if (stage.runtime === "browser") stage.absent("a browser does not tell why it could not connect");
}

/** What the processes of Node and Deno have. */
interface WithProcess {
  readonly process: {
    readonly pid: number;
    geteuid(): number;
    seteuid(id: number): void;
  };
}

/** The user that files of nobody belong to. */
const nobody = 65_534;

/** Does something as a user who may not do everything. */
async function asNobody(act: () => Promise<unknown>): Promise<void> {
  const { process } = globalThis as unknown as WithProcess;
  const user = process.geteuid();
  if (user === 0) process.seteuid(nobody);
  try {
    await act();
  } finally {
    if (user === 0) process.seteuid(user);
  }
}

/** Those of TCP/IP. */
export const checks: readonly SurfaceCheck[] = [
  {
    rows: ["error TCP/IP/10013"],
    isAlone: true, // It is of the whole process.
    title: "A local port that only the administrator may have makes connect fail with 10013",
    run: async (stage) => {
      refuseInPage(stage);
      const { host, port } = await stage.lab.openPeer();
      const mqtt = stage.mqtt();
      mqtt.localPort = 1;
      await asNobody(() => throwsCode(10_013, () => mqtt.connectTo(host, port)));
    },
  },
  {
    rows: ["error TCP/IP/10022"],
    title: "A setting that does not exist, and a message that is not listed, fail with 10022",
    run: async (stage) => {
      const mqtt = stage.mqtt();
      await throwsCode(10_022, () => mqtt.config("NoSuchSetting=1"));
      await throwsCode(10_022, () => mqtt.outgoingMessageTopic(0));
    },
  },
  {
    rows: ["error TCP/IP/10024"],
    isAlone: true, // It is of the whole process.
    title: "A process that may open nothing more makes connect fail with 10024, and may try again later",
    run: async (stage) => {
      refuseInPage(stage);
      const { mqtt, peer } = await join(stage); // All that is read from files is loaded now.
      await mqtt.disconnect();
      const limit = await stage.lab.limitFiles((globalThis as unknown as WithProcess).process.pid);
      try {
        await throwsCode(10_024, () => mqtt.connect());
      } finally {
        await limit.lift();
      }
      const again = await Promise.all([mqtt.connect(), peer.nextConnection().then((next) => next.accept())]);
      equal(again.length, 2);
    },
  },
  {
    rows: ["error TCP/IP/10042"],
    title: "KeepAliveInterval, which no platform can honor, fails with 10042",
    run: async (stage) => {
      await throwsCode(10_042, () => stage.mqtt().config("KeepAliveInterval=5000"));
    },
  },
  {
    rows: ["error TCP/IP/10043"],
    title: "A host without ws:// makes connect fail with 10043 where there is no TCP",
    run: async (stage) => {
      if (stage.runtime !== "browser") stage.absent("it has TCP, and WebSockets");
      await throwsCode(10_043, () => stage.mqtt().connectTo("127.0.0.1", 1883));
    },
  },
  {
    rows: ["error TCP/IP/10045"],
    title: "TcpNoDelay fails with 10045 for a WebSocket that the platform makes by itself",
    run: async (stage) => {
      if (stage.runtime === "node") stage.absent("it can do all that there is to be set of a socket");
      const peer = await stage.lab.openPeer({ transport: "ws" });
      const mqtt = stage.mqtt();
      await throwsCode(10_045, async () => {
        mqtt.config("TcpNoDelay=True");
        await mqtt.connectTo(peer.host, peer.port);
      });
      equal(await peer.connectionCount(), 0, "How many connections there were");
    },
  },
  {
    rows: ["error TCP/IP/10047"],
    title: "An address of IPv4 where UseIPv6 allows those of IPv6 only makes connect fail with 10047",
    run: async (stage) => {
      const { host, port } = await stage.lab.openPeer();
      const mqtt = stage.mqtt();
      mqtt.config("UseIPv6=1");
      await throwsCode(10_047, () => mqtt.connectTo(host, port));
    },
  },
  {
    rows: ["error TCP/IP/10048"],
    title: "A local port that is in use makes connect fail with 10048",
    run: async (stage) => {
      const { host, port } = await stage.lab.openPeer();
      const other = await stage.lab.openPeer();
      const mqtt = stage.mqtt();
      mqtt.localHost = "127.0.0.1";
      mqtt.localPort = other.port;
      await throwsCode(10_048, () => mqtt.connectTo(host, port));
    },
  },
  {
    rows: ["error TCP/IP/10049"],
    title: "A local address of another machine makes connect fail with 10049",
    run: async (stage) => {
      const { host, port } = await stage.lab.openPeer();
      const mqtt = stage.mqtt();
      mqtt.localHost = "192.0.2.1"; // For documentation (RFC 5737).
      await throwsCode(10_049, () => mqtt.connectTo(host, port));
    },
  },
  {
    rows: ["error TCP/IP/10051"],
    title: "The address of everybody, to which no connection leads, makes connect fail with 10051",
    run: async (stage) => {
      refuseInPage(stage);
      await throwsCode(10_051, () => stage.mqtt().connectTo("255.255.255.255", 1883));
    },
  },
  {
    rows: ["error TCP/IP/10052"],
    title: "A server that answers no PINGREQ is left with 10052",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage, {
        peer: { answers: false },
        prepare: (each) => {
          each.keepAliveInterval = 1;
        },
      });
      const disconnected = event(mqtt, "disconnected");
      await peer.next("pingreq");
      equal((await disconnected).statusCode, 10_052, "The status");
      await peer.ended();
    },
  },
  {
    rows: ["error TCP/IP/10054"],
    title: "A server that resets the connection ends it with 10054",
    run: async (stage) => {
      if (stage.runtime === "browser") stage.absent("a browser does not tell how a WebSocket was lost");
      const { mqtt, peer } = await join(stage);
      const disconnected = event(mqtt, "disconnected");
      await peer.reset();
      equal((await disconnected).statusCode, 10_054, "The status");
    },
  },
  {
    rows: ["error TCP/IP/10061"],
    title: "A port where nobody listens makes connect fail with 10061",
    run: async (stage) => {
      refuseInPage(stage);
      const { host, port } = await stage.lab.closedPort();
      const mqtt = stage.mqtt();
      const connected = event(mqtt, "connected");
      await throwsCode(10_061, () => mqtt.connectTo(host, port));
      equal((await connected).statusCode, 10_061, "The status");
    },
  },
  {
    rows: ["error TCP/IP/11001"],
    title: "A host name that nobody can have makes connect fail with 11001",
    run: async (stage) => {
      // With an empty label no name server is asked.
      const host = stage.runtime === "browser" ? "ws://[no host]" : "no..name";
      await throwsCode(11_001, () => stage.mqtt().connectTo(host, 1883));
    },
  },
];
