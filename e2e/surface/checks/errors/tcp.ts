import { equal, event, textOf, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
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

function processOf(): WithProcess["process"] {
  return (globalThis as unknown as WithProcess).process;
}

/** The user that files of nobody belong to. */
const nobody = 65_534;

/** The bit of CAP_NET_BIND_SERVICE. */
const mayHaveAnyPort = 1n << 10n;

/** Does something as a user to whom the kernel does not give port 1. */
async function withoutPort1(stage: Stage, act: () => Promise<unknown>): Promise<void> {
  const read = async (path: string): Promise<string> => textOf((await stage.lab.readFile(path)) ?? new Uint8Array());
  const firstFree = await read("/proc/sys/net/ipv4/ip_unprivileged_port_start");
  if (Number(firstFree) < 2) stage.notHere("its kernel lets everybody have every port");
  const process = processOf();
  const user = process.geteuid();
  if (user !== 0) {
    const [, rights = "0"] = /^CapEff:\s*(\w+)/m.exec(await read(`/proc/${process.pid}/status`)) ?? [];
    if ((BigInt(`0x${rights}`) & mayHaveAnyPort) !== 0n) stage.notHere("its user may have every port");
    await act();
    return;
  }
  try {
    process.seteuid(nobody);
  } catch {
    stage.notHere("its administrator cannot become another user");
  }
  try {
    await act();
  } finally {
    process.seteuid(user);
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
      const { mqtt } = await join(stage); // All that is read from files is loaded now.
      await mqtt.disconnect();
      mqtt.localPort = 1;
      await withoutPort1(stage, () => throwsCode(10_013, () => mqtt.connect()));
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
      const limit = await stage.lab.limitFiles(processOf().pid).catch((error: unknown) => {
        if (/ENOENT|not permitted/.test(String(error))) stage.notHere("nobody may limit what its processes open");
        throw error;
      });
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
