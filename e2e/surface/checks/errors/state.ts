import type { MQTT } from "@rivulet/component";
import { equal, event, ok, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import { join } from "../joining.ts";

/** Shows that it cannot be set while there is a connection, which goes on. */
function fixed(row: string, name: string, set: (mqtt: MQTT, stage: Stage) => void): SurfaceCheck {
  const code = Number(row.slice(row.lastIndexOf("/") + 1));
  return {
    rows: [`error ${row}`],
    title: `Setting ${name} while there is a connection fails with ${code}, and the connection goes on`,
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await throwsCode(code, () => {
        set(mqtt, stage);
      });
      await mqtt.publishMessage("kitchen", 0, "on");
      await peer.next("publish");
    },
  };
}

/** Those of TCPClient, which are about what is possible when. */
export const checks: readonly SurfaceCheck[] = [
  fixed("TCPClient/100", "remotePort", (mqtt) => {
    mqtt.remotePort = 1;
  }),
  fixed("TCPClient/101", "remoteHost", (mqtt) => {
    mqtt.remoteHost = "broker.test";
  }),
  fixed("TCPClient/106", "localPort", (mqtt) => {
    mqtt.localPort = 1;
  }),
  fixed("TCPClient/107", "localHost", (mqtt) => {
    mqtt.localHost = "127.0.0.2";
  }),
  fixed("TCPClient/112", "MaxLineLength", (mqtt) => {
    mqtt.config("MaxLineLength=4096");
  }),
  fixed("TCPClient/211", "keepAliveInterval", (mqtt) => {
    mqtt.keepAliveInterval = 5;
  }),
  fixed("TCPClient/1119", "the setting LocalHost", (mqtt) => {
    mqtt.config("LocalHost=127.0.0.2");
  }),
  {
    rows: ["error TCPClient/102"],
    title: "The address 0.0.0.0 makes connect fail with 102",
    run: async (stage) => {
      const host = stage.runtime === "browser" ? "ws://0.0.0.0" : "0.0.0.0";
      await throwsCode(102, () => stage.mqtt().connectTo(host, 1883));
    },
  },
  {
    rows: ["error TCPClient/116"],
    title: "The port 0 makes connect fail with 116",
    run: async (stage) => {
      const { host } = stage.broker;
      await throwsCode(116, () => stage.mqtt().connectTo(host, 0));
    },
  },
  {
    rows: ["error TCPClient/104"],
    title: "Connecting while there is a connection fails with 104, and the server sees no second one",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      await throwsCode(104, () => mqtt.connect());
      await mqtt.publishMessage("kitchen", 0, "on");
      await peer.next("publish");
      equal(await peer.connectionCount(), 1, "How many connections there are");
    },
  },
  {
    rows: ["error TCPClient/1105"],
    title: "Connecting while a connection is being made fails with 1105, and that one is made",
    run: async (stage) => {
      const peer = await stage.lab.openPeer();
      const mqtt = stage.mqtt();
      const connecting = mqtt.connectTo(peer.host, peer.port);
      await throwsCode(1105, () => mqtt.connect());
      await Promise.all([connecting, peer.accept()]);
      equal(await peer.connectionCount(), 1, "How many connections there are");
    },
  },
  {
    rows: ["error TCPClient/1117"],
    title: "Publishing, subscribing and unsubscribing without a connection fail with 1117",
    run: async (stage) => {
      const mqtt = stage.mqtt();
      await throwsCode(1117, () => mqtt.publishMessage("kitchen", 0, "on"));
      await throwsCode(1117, () => mqtt.subscribe("kitchen", 0));
      await throwsCode(1117, () => mqtt.unsubscribe("kitchen"));
    },
  },
  {
    rows: ["error TCPClient/212"],
    title: "SendCustomPacket without a connection fails with 212",
    run: async (stage) => {
      await throwsCode(212, () => stage.mqtt().config("SendCustomPacket=c000"));
    },
  },
  {
    rows: ["error TCPClient/201"],
    title: "A server that does not answer makes connect fail with 201, and sees the end of the connection",
    run: async (stage) => {
      const peer = await stage.lab.openPeer();
      const mqtt = stage.mqtt();
      mqtt.timeout = 3;
      await throwsCode(201, () => mqtt.connectTo(peer.host, peer.port));
      await peer.next("connect");
      await peer.ended();
    },
  },
  {
    rows: ["error TCPClient/302"],
    title: "A SessionStateFile in a directory that is not there makes saveSession fail with 302",
    run: async (stage) => {
      const mqtt = stage.mqtt();
      mqtt.config(`SessionStateFile=${await stage.lab.directory()}/missing/session`);
      await throwsCode(302, "TCPClient", () => mqtt.saveSession());
    },
  },
  {
    rows: ["error TCPClient/1120"],
    title: "A server that hangs up ends the connection with 1120",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      const disconnected = event(mqtt, "disconnected");
      await peer.end();
      equal((await disconnected).statusCode, 1120, "The status");
    },
  },
  {
    rows: ["error TCP/IP/10055"],
    title: "More messages at a time than there is room for, 16 MiB, fail with 10055; those before them are sent",
    run: async (stage) => {
      const { mqtt, peer } = await join(stage);
      const payload = new Uint8Array(500_000);
      const publishing = Array.from({ length: 60 }, () => mqtt.publishData("kitchen", 0, payload));
      const outcomes = Promise.allSettled(publishing);
      await throwsCode(10_055, () => publishing.at(-1));
      equal((await peer.next("publish")).payload.length, payload.length, "The length of what is sent");
      const refused = (await outcomes).filter(({ status }) => status === "rejected").length;
      ok(refused > 20 && refused < 40, `${refused} of 60 messages were refused`);
    },
  },
];
