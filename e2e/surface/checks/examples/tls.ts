import { equal, ok, type SurfaceCheck } from "../../check.ts";
import { accepted } from "../joining.ts";

export const tlsExamples: readonly SurfaceCheck[] = [
  {
    rows: ["config SSL/SSLEnabledCipherSuites", "property ssl_enabled"],
    title: "Example, cipher suites: all for *, else just those named, as the ClientHello and what is agreed on show",
    run: async ({ mqtt: newMqtt, lab }) => {
      const names = new Map([
        ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0xc030],
        ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f],
      ]);
      for (const text of ["*", ...names.keys(), [...names.keys()].join(";")]) {
        const mqtt = newMqtt();
        mqtt.config("SSLEnabledProtocols=3072");
        mqtt.config(`SSLEnabledCipherSuites=${text}`);
        mqtt.sslEnabled = true;
        mqtt.onSslServerAuthentication = (event) => {
          event.accept = true;
        };
        const peer = await lab.openPeer({ tls: { certificate: "rsaServer" } });
        await accepted(mqtt, peer);
        const offered = (await peer.hello()).cipherSuites.filter((each) => each !== 0xff); // No suite, but a signal.
        const { protocol, cipher } = await peer.agreed();
        equal(protocol, "TLSv1.2", "The version");
        if (text === "*") ok(offered.length > 5, `Only ${offered.length} suites are offered`);
        else {
          const wanted = text.split(";");
          equal(
            offered,
            wanted.map((name) => names.get(name)),
            "The suites that are offered",
          );
          ok(wanted.includes(cipher), `${cipher} was agreed on`);
        }
      }
    },
  },
  {
    rows: ["config SSL/TLS12SignatureAlgorithms", "config SSL/SSLEnabledProtocols", "property ssl_provider"],
    title: "Example, signature algorithms of TLS 1.2: the ClientHello has those named, in that order",
    run: async ({ mqtt: newMqtt, lab }) => {
      const mqtt = newMqtt();
      mqtt.sslProvider = 2;
      mqtt.config("SSLEnabledProtocols=3072");
      mqtt.config("TLS12SignatureAlgorithms=sha256-rsa,sha384-rsa");
      mqtt.sslEnabled = true;
      mqtt.onSslServerAuthentication = (event) => {
        event.accept = true;
      };
      const peer = await lab.openPeer({ tls: { certificate: "rsaServer" } });
      await accepted(mqtt, peer);
      equal((await peer.hello()).signatureAlgorithms, [0x0401, 0x0501], "The algorithms");
      equal((await peer.agreed()).protocol, "TLSv1.2", "The version");
    },
  },
];
