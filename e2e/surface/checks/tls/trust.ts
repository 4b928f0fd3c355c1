import { equal, ok, throwsCode, type Stage, type SurfaceCheck } from "../../check.ts";
import type { LabCertificates, PeerTls } from "../../lab-calls.ts";
import { certificatesOf, connect, isRefused, reach, refuses, secured, serve, type SettingValues } from "./secured.ts";

/** A setting that names an authority: with it the lab's server is accepted, without it refused. */
function trusts(setting: string, what: string, value: (certificates: LabCertificates) => string): SurfaceCheck {
  return {
    rows: [`config SSL/${setting}`],
    title: `${setting}, ${what}, has a server accepted that is refused without it`,
    run: async (stage) => {
      const certificates = await certificatesOf(stage);
      const mqtt = stage.mqtt();
      mqtt.config(`${setting}=${value(certificates)}`);
      mqtt.sslEnabled = true;
      const peer = await serve(stage);
      await connect(mqtt, peer);
      await peer.next("connect");
      const other = stage.mqtt();
      other.sslEnabled = true;
      await isRefused(other, await serve(stage));
      // Nobody else is trusted for it.
      const third = stage.mqtt();
      third.config(`${setting}=${value(certificates)}`);
      third.sslEnabled = true;
      await isRefused(third, await serve(stage, { certificate: "stranger" }));
    },
  };
}

const authorityChecks: readonly SurfaceCheck[] = [
  trusts("OpenSSLCADir", "a directory with hashed names", ({ authorityDirectory }) => authorityDirectory),
  trusts("OpenSSLCAFile", "a file", ({ authorityFile }) => authorityFile),
  trusts("SSLCACertFilePaths", "a list with a file that is not there", ({ authorityFile }) => {
    return `${authorityFile}.is-not-there.pem;${authorityFile}`;
  }),
  trusts("SSLServerCACerts", "a list of certificates", ({ authority, intermediate }) => {
    return `${authority.trim()}\r\n${intermediate.trim()}\r\n`;
  }),
  {
    rows: ["config SSL/SSLClientCACerts"],
    title:
      "SSLClientCACerts is for servers: as a client connects with it, a server of such an authority stays a stranger",
    run: async (stage) => {
      const { strangersAuthority } = await certificatesOf(stage);
      const settings = { SSLClientCACerts: strangersAuthority };
      const { peer } = await reach(stage, settings);
      await peer.next("connect");
      await refuses(stage, settings, { certificate: "stranger" });
      await throwsCode(10022, () => stage.mqtt().config("SSLClientCACerts=no certificate"));
    },
  },
];

const identityChecks: readonly SurfaceCheck[] = [
  {
    rows: ["config SSL/SSLCACerts"],
    title: "SSLCACerts are sent along with the client's certificate, as a server needs that knows the root alone",
    run: async (stage) => {
      const { intermediate, rsaClient } = await certificatesOf(stage);
      const attempt = async (settings: SettingValues): Promise<Awaited<ReturnType<typeof serve>>> => {
        const mqtt = await secured(stage, settings);
        mqtt.sslCertStoreType = stage.component.CertStoreTypes.cstPEMKeyBlob;
        mqtt.sslCertStore = rsaClient.certificate + rsaClient.key;
        mqtt.sslCertSubject = "*";
        const peer = await serve(stage, { asksForCertificate: "required" });
        await connect(mqtt, peer);
        return peer;
      };
      const peer = await attempt({ SSLCACerts: intermediate });
      const { clientChain } = await peer.agreed();
      equal(clientChain.slice(0, 2), ["a client with RSA", "The authority below"], "The chain that the server saw");
      const outcome = await attempt({}).then(
        () => "connected",
        () => "refused",
      );
      equal(outcome, "refused", "What came of it without SSLCACerts");
    },
  },
];

/** One of the two ways to ask about revocation. */
function asks(setting: "SSLCheckCRL" | "SSLCheckOCSP", path: string): SurfaceCheck {
  return {
    rows: [`config SSL/${setting}`],
    title: `${setting} has ${path} of the certificate's authority asked: what is revoked is refused, and with 2 what nobody tells of`,
    run: async (stage) => {
      const asked = async (): Promise<number> =>
        (await stage.lab.responderRequests()).filter((each) => each === path).length;
      const before = await asked(); // By whoever was here before.
      const { peer } = await reach(stage, { [setting]: 2 }, { certificate: "checked" });
      await peer.next("connect");
      ok((await asked()) > before, `${path} was not asked`);
      for (const mode of [1, 2]) {
        const error = await refuses(stage, { [setting]: mode }, { certificate: "revoked" });
        ok(/revoked/.test(error.message), `It was refused because of something else: ${error.message}`);
      }
      const unchecked = await reach(stage, { [setting]: 0 }, { certificate: "revoked" });
      await unchecked.peer.next("connect");
      // This certificate says nothing of where to ask.
      const silent = await reach(stage, { [setting]: 1 });
      await silent.peer.next("connect");
      await refuses(stage, { [setting]: 2 }, {});
    },
  };
}

/** A flag: with it a server is accepted that is refused without, and another one is refused all the same. */
function relaxes(
  flag: string,
  what: string,
  certificate: PeerTls["certificate"],
  more: SettingValues = {},
): SurfaceCheck {
  return {
    rows: ["config SSL/SSLSecurityFlags"],
    title: `SSLSecurityFlags with ${flag} accepts ${what}, and nothing else`,
    run: async (stage) => {
      const tls: PeerTls = certificate === undefined ? {} : { certificate };
      const { peer } = await reach(stage, { SSLSecurityFlags: flag, ...more }, tls);
      await peer.next("connect");
      await refuses(stage, more, tls);
      await refuses(stage, { SSLSecurityFlags: flag, ...more }, { certificate: otherThan(certificate) });
    },
  };
}

function otherThan(certificate: PeerTls["certificate"]): NonNullable<PeerTls["certificate"]> {
  return certificate === "elsewhere" ? "stranger" : "elsewhere";
}

const flagChecks: readonly SurfaceCheck[] = [
  relaxes("0x00000001", "a certificate whose time is over", "expired"),
  relaxes("1", "a certificate whose time has not come", "future"),
  relaxes("0x00000010", "a certificate of an unknown authority", "stranger"),
  relaxes("0x00000020", "a certificate that is not for servers", "forClients"),
  relaxes("0x80000000", "a certificate for another name", "elsewhere"),
  relaxes("0x00000100", "a certificate whose revocation nobody tells of", undefined, { SSLCheckCRL: 2 }),
  {
    rows: ["config SSL/SSLSecurityFlags"],
    title: "SSLSecurityFlags takes bits of checks that are not made, and neither those of test roots nor unknown ones",
    run: async (stage) => {
      const { peer } = await reach(stage, { SSLSecurityFlags: 0x2 | 0x4 | 0x200 | 0x400 | 0x800 });
      await peer.next("connect");
      await throwsCode(10042, () => stage.mqtt().config("SSLSecurityFlags=0x4000"));
      await throwsCode(10042, () => stage.mqtt().config("SSLSecurityFlags=0x8000"));
      await throwsCode(10022, () => stage.mqtt().config("SSLSecurityFlags=0x40"));
      await conflict(stage);
    },
  },
];

/** What is unknown about authorities alone cannot be ignored where all has to be known. */
async function conflict(stage: Stage): Promise<void> {
  const mqtt = await secured(stage, { SSLSecurityFlags: "0x400", SSLCheckCRL: 2 });
  const peer = await serve(stage);
  await throwsCode(10042, () => connect(mqtt, peer));
  equal(await peer.connectionCount(), 0, "How many connections there were");
}

/** Whom to trust, and who one is. */
export const tlsTrustChecks: readonly SurfaceCheck[] = [
  ...authorityChecks,
  ...identityChecks,
  asks("SSLCheckCRL", "/list.crl"),
  asks("SSLCheckOCSP", "/ocsp"),
  ...flagChecks,
];
