import { equal, event, events, matches, ok, textOf, until, type SurfaceCheck } from "../../check.ts";
import { certificatesOf, connect, isRefused, reach, secured, serve } from "./secured.ts";

const noWindow = "TLS is the browser's own affair, and it tells pages nothing of it";

const authenticationChecks: readonly SurfaceCheck[] = [
  {
    rows: ["event on_ssl_server_authentication"],
    title: "onSslServerAuthentication shows the server's certificate as the server has it, with the status OK",
    run: async (stage) => {
      const mqtt = await secured(stage);
      const shown: unknown[] = [];
      mqtt.onSslServerAuthentication = ({ certEncoded, certSubject, certIssuer, status, accept }) => {
        shown.push([textOf(certEncoded).trim(), certSubject, certIssuer, status, accept]);
      };
      await connect(mqtt, await serve(stage));
      if (stage.runtime === "browser") {
        equal(shown, [], "What was shown");
        stage.absent(noWindow);
      }
      const { server } = await certificatesOf(stage);
      const expected = ["CN=localhost", "CN=The authority of the checks", "OK", true];
      equal(shown, [[server.certificate.trim(), ...expected]], "What was shown");
    },
  },
  {
    rows: ["event on_ssl_server_authentication"],
    title:
      "onSslServerAuthentication says why a stranger would be refused; with accept set, MQTT reaches it all the same",
    run: async (stage) => {
      const mqtt = await secured(stage);
      const statuses: string[] = [];
      mqtt.onSslServerAuthentication = (authentication) => {
        statuses.push(`${String(authentication.accept)} ${authentication.status}`);
        authentication.accept = true;
      };
      if (stage.runtime === "browser") stage.absent(noWindow);
      const peer = await serve(stage, { certificate: "stranger" });
      await connect(mqtt, peer);
      await peer.next("connect");
      equal(statuses.length, 1, "How often it fired");
      matches(statuses[0] ?? "", /^false .*authority/, "What it said");
    },
  },
  {
    rows: ["event on_ssl_server_authentication", "error SSL/280"],
    title: "onSslServerAuthentication with accept cleared ends it with 280, and no byte of MQTT reaches the server",
    run: async (stage) => {
      const mqtt = await secured(stage);
      mqtt.onSslServerAuthentication = (authentication) => {
        authentication.accept = false;
      };
      if (stage.runtime === "browser") stage.absent(noWindow);
      const error = await isRefused(mqtt, await serve(stage));
      equal(error.code, 280, "The code");
    },
  },
  {
    rows: ["config SSL/SSLIncludeCertChain"],
    title: "SSLIncludeCertChain puts those of the issuers behind the server's certificate in onSslServerAuthentication",
    run: async (stage) => {
      const certificates = await certificatesOf(stage);
      const { chainedServer, intermediate, authority } = certificates;
      for (const [value, expected] of [
        ["False", [chainedServer.certificate]],
        ["True", [chainedServer.certificate, intermediate, authority]],
      ] as const) {
        // The default has to be left for it to be refused.
        const mqtt = await secured(stage, { SSLIncludeCertChain: value });
        if (stage.runtime === "browser") mqtt.config("SSLIncludeCertChain=True");
        const shown: string[] = [];
        mqtt.onSslServerAuthentication = ({ certEncoded }) => {
          shown.push(textOf(certEncoded));
        };
        await connect(mqtt, await serve(stage, { certificate: "chainedServer" }));
        const joined = shown.map((text) => text.replaceAll(/\s/g, ""));
        equal(joined, [expected.join("").replaceAll(/\s/g, "")], "What was shown");
      }
    },
  },
];

const statusChecks: readonly SurfaceCheck[] = [
  {
    rows: ["event on_ssl_status"],
    title: "onSslStatus tells of the handshake, and of what was agreed on, as the server sees it",
    run: async (stage) => {
      const mqtt = await secured(stage);
      const messages: string[] = [];
      mqtt.onSslStatus = ({ message }) => {
        messages.push(message);
      };
      const peer = await serve(stage);
      await connect(mqtt, peer);
      if (stage.runtime === "browser") {
        equal(messages, [], "The messages");
        stage.absent(noWindow);
      }
      const { protocol, cipher } = await peer.agreed();
      matches(messages[0] ?? "", /^handshake with /, "The first message");
      ok(
        messages.includes(`agreed on ${protocol} with ${cipher}`),
        `Nothing was said of ${protocol} in ${messages.join()}`,
      );
      ok(messages.includes("certificate of CN=localhost accepted"), `Nothing was said of it in ${messages.join()}`);
    },
  },
  {
    rows: ["config SSL/LogSSLPackets", "event on_ssl_status"],
    title:
      "LogSSLPackets has onSslStatus tell of the records of TLS both ways: for a PUBLISH one more, of the length it has to have",
    run: async (stage) => {
      const mqtt = await secured(stage, { LogSSLPackets: "True" });
      const messages = events(mqtt, "sslStatus");
      const records = (): string[] => messages.map(({ message }) => message).filter((text) => /^record /.test(text));
      const peer = await serve(stage);
      await connect(mqtt, peer);
      matches(records()[0] ?? "", /^record sent: handshake, TLS 1\.\d, \d+ bytes$/, "The first record");
      ok(
        records().some((text) => /^record received: handshake, TLS 1\.2, \d+ bytes$/.test(text)),
        "None was received",
      );
      await peer.next("connect");
      const before = records().length;
      await mqtt.publishMessage("surface/records", 0, "x".repeat(100));
      await peer.next("publish");
      const [record = "", ...more] = records().slice(before);
      // A PUBLISH of 119 bytes, its content type, and what authenticates it.
      equal([record, more], ["record sent: application_data, TLS 1.2, 136 bytes", []], "What was sent for a PUBLISH");
    },
  },
  {
    rows: ["property ssl_provider", "config SSL/LogSSLPackets"],
    title: "With sslProvider Internal records are told of as LogSSLPackets says; with Platform they never are",
    run: async (stage) => {
      const { sslpInternal, sslpPlatform } = stage.component.SslProviders;
      for (const [provider, expected] of [
        [sslpInternal, true],
        [sslpPlatform, false],
      ] as const) {
        const mqtt = stage.mqtt();
        mqtt.sslProvider = provider;
        mqtt.sslEnabled = true;
        const messages = events(mqtt, "sslStatus");
        const peer = await serve(stage);
        if (stage.runtime !== "browser") {
          mqtt.config(`SSLServerCACerts=${(await certificatesOf(stage)).authority}`);
          mqtt.config("LogSSLPackets=True");
        }
        await connect(mqtt, peer);
        const isTold = messages.some(({ message }) => message.startsWith("record "));
        equal(isTold, expected, `Whether records are told of with ${provider}`);
      }
    },
  },
];

const enabledChecks: readonly SurfaceCheck[] = [
  {
    rows: ["property ssl_enabled"],
    title: "sslEnabled has the client begin with a ClientHello, and send CONNECT within TLS",
    run: async (stage) => {
      const peer = await serve(stage);
      const mqtt = await secured(stage);
      // What is asked for by the property, not by the URL.
      await mqtt.connectTo(peer.host.replace(/^wss:/, "ws:"), peer.port);
      const { protocol } = await peer.agreed();
      matches(protocol, /^TLSv1\.[23]$/, "The protocol");
      equal((await peer.next()).type, "connect", "What came within TLS");
      const { versions } = await peer.hello();
      ok(versions.includes(0x0304) && versions.includes(0x0303), "TLS 1.2 and 1.3 are not offered");
    },
  },
  {
    rows: ["property ssl_enabled"],
    title:
      "sslEnabled has a WebSocket at ws:// made within TLS, whose certificate has to be one that the settings trust",
    run: async (stage) => {
      const peer = await stage.lab.openPeer({ transport: "ws", tls: {}, answers: true });
      const mqtt = await secured(stage);
      await mqtt.connectTo(peer.host.replace(/^wss:/, "ws:"), peer.port);
      matches((await peer.agreed()).protocol, /^TLSv1\.[23]$/, "The protocol");
      await peer.next("connect");
      if (stage.runtime === "browser") return;
      const other = stage.mqtt();
      other.sslEnabled = true;
      await isRefused(other, await stage.lab.openPeer({ transport: "ws", tls: {}, answers: true }));
    },
  },
  {
    rows: ["property ssl_enabled"],
    title: "Without sslEnabled CONNECT comes in the clear",
    run: async (stage) => {
      const peer = await stage.lab.openPeer({ answers: true });
      const mqtt = stage.mqtt();
      await mqtt.connectTo(peer.host, peer.port);
      matches((await peer.next("connect")).hex, /^10/, "The bytes of the first packet");
    },
  },
  {
    rows: ["config SSL/ReuseSSLSession"],
    title:
      "ReuseSSLSession has the second connection of an object take up the session of the first, as the server sees",
    run: async (stage) => {
      for (const [value, expected] of [
        ["True", [false, true]],
        ["False", [false, false]],
      ] as const) {
        const { mqtt, peer } = await reach(stage, { ReuseSSLSession: value });
        const first = await peer.agreed();
        const ended = event(mqtt, "disconnected");
        await mqtt.disconnect();
        await ended;
        await connect(mqtt, peer);
        const second = await (await peer.nextConnection()).agreed();
        equal([first.isReused, second.isReused], expected, `Whether each was taken up, with ${value}`);
      }
    },
  },
  {
    rows: ["config SSL/SSLKeyLogFile"],
    title: "SSLKeyLogFile gets the secrets of each connection, under the random number of its ClientHello",
    run: async (stage) => {
      const path = `${await stage.lab.directory()}/keys.log`;
      const before = "# What was there before\n";
      await stage.lab.writeFile("keys.log", before);
      const { peer } = await reach(stage, { SSLKeyLogFile: path });
      const { random } = await peer.hello();
      let log = "";
      await until(async () => {
        log = textOf((await stage.lab.readFile(path)) ?? new Uint8Array());
        return log.length > before.length;
      });
      ok(log.startsWith(before), "What was there before is gone");
      matches(log, new RegExp(`^CLIENT_TRAFFIC_SECRET_0 ${random} [0-9a-f]{64,}$`, "m"), "The log");
    },
  },
];

/** Whether there is TLS, and what is told of it. */
export const tlsEventChecks: readonly SurfaceCheck[] = [...enabledChecks, ...authenticationChecks, ...statusChecks];
