import type { MQTT } from "@rivulet/component";
import { bytesOf, equal, event, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import type { Peer, PeerTls } from "../../lab-calls.ts";

/** A page's WebSocket makes TLS by itself. */
function refuseInPage(stage: Stage): void {
  if (stage.runtime === "browser") stage.absent("a browser does not tell why TLS has failed");
}

/** A server with TLS, and an object that trusts the authority of the lab. */
async function prepare(stage: Stage, tls: PeerTls): Promise<{ readonly peer: Peer; readonly mqtt: MQTT }> {
  refuseInPage(stage);
  const peer = await stage.lab.openPeer({ tls });
  const { authority } = await stage.lab.certificates();
  const mqtt = stage.mqtt();
  mqtt.sslEnabled = true;
  mqtt.config(`SSLServerCACerts=${authority}`);
  return { peer, mqtt };
}

interface Failure {
  readonly code: number;
  /** What begins the title. */
  readonly what: string;
  readonly tls: PeerTls;
  readonly set?: (mqtt: MQTT) => void;
  /** Why Deno fails in another way. */
  readonly absentInDeno?: string;
}

function connecting({ code, what, tls, set, absentInDeno }: Failure): SurfaceCheck {
  return {
    rows: [`error SSL/${code}`],
    title: `${what} makes connect fail with ${code}`,
    run: async (stage) => {
      if (stage.runtime === "deno" && absentInDeno !== undefined) stage.absent(absentInDeno);
      const { peer, mqtt } = await prepare(stage, tls);
      set?.(mqtt);
      await throwsCode(code, () => mqtt.connectTo(peer.host, peer.port));
    },
  };
}

/** A record that was changed on the way, in one direction or the other. */
function damaged(code: number, direction: "toServer" | "toClient"): SurfaceCheck {
  const what = direction === "toServer" ? "the server cannot decrypt" : "cannot be decrypted here";
  return {
    rows: [`error SSL/${code}`],
    title: `Encrypted data that ${what}, damaged on the way, end the connection with ${code}`,
    run: async (stage) => {
      const { peer, mqtt } = await prepare(stage, {});
      const relay = await stage.lab.openRelay(peer.port);
      await Promise.all([peer.accept(), mqtt.connectTo(relay.host, relay.port)]);
      const disconnected = event(mqtt, "disconnected");
      await relay.damageNext(direction);
      if (direction === "toServer") await mqtt.publishMessage("kitchen", 0, "on");
      else await peer.send({ type: "publish", topicName: "kitchen", payload: bytesOf("on") });
      equal((await disconnected).statusCode, code, "The status");
    },
  };
}

export const checks: readonly SurfaceCheck[] = [
  {
    rows: ["error SSL/270"],
    title: "SSL 3 makes connect fail with 270, and the server sees no connection",
    run: async (stage) => {
      const peer = await stage.lab.openPeer({ tls: {} });
      const mqtt = stage.mqtt();
      await throwsCode(270, async () => {
        mqtt.sslEnabled = true;
        mqtt.config("SSLEnabledProtocols=48");
        await mqtt.connectTo(peer.host, peer.port);
      });
      equal(await peer.connectionCount(), 0, "How many connections there were");
    },
  },
  {
    rows: ["error SSL/271"],
    title: "Choosing a certificate from a file that is not there fails with 271",
    run: async (stage) => {
      const mqtt = stage.mqtt();
      mqtt.sslCertStoreType = stage.component.CertStoreTypes.cstPFXFile;
      mqtt.sslCertStore = `${await stage.lab.directory()}/missing.pfx`;
      await throwsCode(271, () => {
        mqtt.sslCertSubject = "*";
      });
    },
  },
  {
    rows: ["error SSL/272"],
    title: "Setting sslCertEncoded to what is no certificate fails with 272",
    run: async (stage) => {
      const mqtt = stage.mqtt();
      await throwsCode(272, () => {
        mqtt.sslCertEncoded = bytesOf("This is no certificate");
      });
    },
  },
  {
    rows: ["error SSL/273"],
    title: "A client certificate without its private key makes connect fail with 273, before a byte is sent",
    run: async (stage) => {
      const { peer, mqtt } = await prepare(stage, { asksForCertificate: true });
      const { client } = await stage.lab.certificates();
      mqtt.sslCertEncoded = bytesOf(client.certificate);
      await throwsCode(273, () => mqtt.connectTo(peer.host, peer.port));
      equal(await peer.connectionCount(), 0, "How many connections there were");
    },
  },
  connecting({
    code: 274,
    what: "A server's certificate whose issuer is nowhere to be found",
    tls: { certificate: "stranger", hidesChain: true },
  }),
  connecting({
    code: 275,
    what: "A server's certificate that was issued by itself, and is not trusted",
    tls: { certificate: "selfSigned" },
  }),
  connecting({
    code: 276,
    what: "A server that speaks TLS 1.3 only, to a client that may speak TLS 1.2 only,",
    tls: { minVersion: "TLSv1.3" },
    set: (mqtt) => {
      mqtt.config("SSLEnabledProtocols=3072");
    },
  }),
  connecting({
    code: 280,
    what: "A server's certificate that is for another host",
    tls: { certificate: "elsewhere" },
  }),
  connecting({
    code: 281,
    what: "A server that requires a certificate of the client, which has none,",
    tls: { asksForCertificate: "required", minVersion: "TLSv1.3" },
    absentInDeno: "that early, it hides what the server says of the end: 276",
  }),
  connecting({
    code: 282,
    what: "A server that shows no certificate, by an anonymous cipher suite,",
    tls: { ciphers: "AECDH-AES256-SHA:@SECLEVEL=0", maxVersion: "TLSv1.2" },
    set: (mqtt) => {
      mqtt.config("OpenSSLCipherList=AECDH-AES256-SHA:@SECLEVEL=0");
    },
  }),
  damaged(283, "toServer"),
  damaged(284, "toClient"),
];
